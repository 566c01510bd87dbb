"""The home page: what was reached, and the trained network with ready images to give it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit import results
from lessons.kit.shown import Shown, to_json
from lessons.kit.subject import (
    Subject,
    TrainedNetwork,
    activations_to_probabilities,
    layers_to_probabilities,
)
from lessons.kit.tables import plain
from pipeline.common import paths
from pipeline.common.datasets import MNIST, title_of
from pipeline.common.images import Labelled
from pipeline.common.model import untrained_model
from pipeline.common.params import load_parameters
from pipeline.study.results import mean_and_deviation

EASY_IMAGES = 10  # at most: the first one, and one of each other class
HARD_IMAGES = 6
STEPS = 127  # of a recorded number, from 0 to the layer's largest one, of either sign


def from_network(subject: Subject) -> Shown:
    """Return the network and the images that the page gives it."""
    hardest = [int(row["image"]) for row in results.rows(paths.HARDEST)]
    exported = export_network(subject) | export_digits(subject, subject.test, subject.digit, hardest)
    return Shown(files={f"network/{name}": content for name, content in exported.items()})


def from_repository() -> Shown:
    """Return what was reached."""
    found, parameters = results.evaluation(), load_parameters()
    model = untrained_model(parameters)
    return Shown(
        values={
            "accuracy": f"{found['accuracy']:.2%}",
            "images": f"{found['images']:,}",
            "dataset": plain(title_of(found["dataset"])),
            "handwritten": parameters.data.dataset == MNIST.name,
            "parameters": f"{sum(array.size for array in model.params.values()):,}",
            "recipe": found["recipe"],
            "studies": [
                {
                    "accuracy": mean_and_deviation(study, "test_accuracy"),
                    "recipe": study["recipe"],
                    "trainings": len(study["seeds"]),
                }
                for study in results.studies()
                if study["dataset"] == found["dataset"]
            ],
        }
    )


def export_network(trained: TrainedNetwork) -> dict[str, bytes]:
    """Return the network as files: `network.json`, and `weights.bin` (float32, little-endian)."""
    layers, weights = _layers(trained.model)
    network = {
        "dataset": trained.image_set.title,
        "recipe": trained.recipe,
        "class_names": trained.image_set.class_names,
        "normalisation": {
            "mean": trained.image_set.mean,
            "standard_deviation": trained.image_set.standard_deviation,
        },
        "input_shape": trained.model.built_for(),
        "layers": layers,
    }
    return {"network.json": to_json(network), "weights.bin": weights}


def export_digits(
    trained: TrainedNetwork, test: Labelled, first: int, hardest: Sequence[int]
) -> dict[str, bytes]:
    """Return ready images, and what every layer gives for the first of them, as files.

    Args:
        trained: the network.
        test: the test images.
        first: the test image that the page shows first.
        hardest: the numbers of hard test images, hardest first.

    Returns:
        `digits.json`, and `recorded.bin` (a signed byte for each number).
    """
    recorded, numbers = _recorded(trained.model, trained.image_set.normalise(test.images[first, None]))
    digits = {"digits": _digits(trained, test, first, hardest), "recorded": recorded}
    return {"digits.json": to_json(digits), "recorded.bin": numbers}


def _layers(model: cnn.Sequential) -> tuple[list[dict[str, Any]], bytes]:
    """Return the layers' hyperparameters, shapes and the offsets of their arrays, and the arrays' bytes."""
    layers: list[dict[str, Any]] = []
    weights = bytearray()
    shape = model.built_for()
    for layer in layers_to_probabilities(model):
        shape = layer.output_shape(shape)
        arrays = {}
        for name, array in (layer.params | layer.state).items():
            arrays[name] = {"offset": len(weights), "shape": array.shape}
            weights += array.astype("<f4").tobytes()
        layers.append(layer.to_config() | {"output_shape": shape, "arrays": arrays})
    return layers, bytes(weights)


def _recorded(model: cnn.Sequential, x: Array) -> tuple[list[dict[str, Any]], bytes]:
    """Return what the layers give for one image, in bytes: the page shows it before the weights are loaded.

    Layers that change no number are left out.
    """
    recorded = []
    numbers = bytearray()
    activations = activations_to_probabilities(model, x)
    for index, (layer, [values]) in enumerate(zip(layers_to_probabilities(model), activations, strict=True)):
        if isinstance(layer, cnn.Dropout | cnn.Flatten):
            continue
        largest = float(np.abs(values).max()) or 1.0
        recorded.append({"layer": index, "offset": len(numbers), "largest": largest})
        numbers += np.rint(values * (STEPS / largest)).astype(np.int8).tobytes()
    return recorded, bytes(numbers)


def _digits(
    trained: TrainedNetwork, test: Labelled, first: int, hardest: Sequence[int]
) -> list[dict[str, Any]]:
    """Return the image that is shown first, one recognised of every other class, and hard ones of several."""
    images, labels = test
    easy = {int(labels[first]): first}
    classes = len(trained.image_set.class_names)
    for start in range(0, len(labels), 100):
        if len(easy) == classes:
            break
        part = slice(start, start + 100)
        answers = trained.model.predict(trained.image_set.normalise(images[part]), workers=1)
        for offset in np.flatnonzero(answers == labels[part]):
            easy.setdefault(int(labels[start + offset]), start + int(offset))
    others = [easy[label] for label in sorted(easy) if easy[label] != first][: EASY_IMAGES - 1]
    hard_by_class = {
        int(labels[number]): number for number in reversed(hardest) if number not in easy.values()
    }
    hard = sorted(hard_by_class.values(), key=[*hardest].index)[:HARD_IMAGES]
    chosen = [first, *others, *hard]
    probabilities = trained.model.predict_proba(trained.image_set.normalise(images[chosen]), workers=1)
    return [
        {
            "image": number,
            "label": int(labels[number]),
            "hard": number in hard,
            "pixels": base64.b64encode(images[number].tobytes()).decode("ascii"),
            "probabilities": [round(float(probability), 6) for probability in row],
        }
        for number, row in zip(chosen, probabilities, strict=True)
    ]
