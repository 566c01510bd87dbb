"""The trained network and a few digits, as files for the page on which one draws a digit."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.subject import Subject, TrainedNetwork

HARD_DIGITS = 6
STEPS = 127  # of a recorded number, from 0 to the layer's largest one, of either sign


def export_network(trained: TrainedNetwork) -> dict[str, bytes]:
    """Return the network as files: `network.json`, and `weights.bin` (float32, little-endian)."""
    layers, weights = _layers(trained.model)
    network = {
        "dataset": trained.dataset.title,
        "recipe": trained.recipe,
        "class_names": trained.dataset.class_names,
        "normalisation": {
            "mean": trained.normalisation.mean,
            "standard_deviation": trained.normalisation.standard_deviation,
        },
        "input_shape": trained.model.built_for(),
        "layers": layers,
    }
    return {"network.json": _json(network), "weights.bin": weights}


def export_digits(subject: Subject, hardest: Sequence[int]) -> dict[str, bytes]:
    """Return ready digits, and what every layer gives for the first of them, as files.

    Args:
        subject: the network and the test images; the page shows the one that is followed first.
        hardest: the numbers of hard test images, hardest first.

    Returns:
        `digits.json`, and `recorded.bin` (a signed byte for each number).
    """
    recorded, numbers = _recorded(subject)
    digits = {"digits": _digits(subject, hardest), "recorded": recorded}
    return {"digits.json": _json(digits), "recorded.bin": numbers}


def layers_to_probabilities(model: cnn.Sequential) -> list[cnn.Layer]:
    """Return the model's layers; a softmax follows where the loss has it in training."""
    ends_with_probabilities = isinstance(model.layers[-1], cnn.Softmax)
    return [*model.layers] if ends_with_probabilities else [*model.layers, cnn.Softmax()]


def activations_to_probabilities(model: cnn.Sequential, x: Array) -> list[Array]:
    """Return what each of `layers_to_probabilities` gives for these samples."""
    found = model.activations(x)
    return found if isinstance(model.layers[-1], cnn.Softmax) else [*found, model.probabilities(found[-1])]


def _layers(model: cnn.Sequential) -> tuple[list[dict[str, Any]], bytes]:
    """Return the layers' hyperparameters, shapes and places of their arrays, and the arrays' bytes."""
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


def _recorded(subject: Subject) -> tuple[list[dict[str, Any]], bytes]:
    """Return what the layers give for one image, in bytes: the page shows it before the weights are loaded.

    Layers that change no number are left out.
    """
    model = subject.model
    recorded = []
    numbers = bytearray()
    activations = activations_to_probabilities(model, subject.x)
    for place, (layer, [values]) in enumerate(zip(layers_to_probabilities(model), activations, strict=True)):
        if isinstance(layer, cnn.Dropout | cnn.Flatten):
            continue
        largest = float(np.abs(values).max()) or 1.0
        recorded.append({"layer": place, "offset": len(numbers), "largest": largest})
        numbers += np.rint(values * (STEPS / largest)).astype(np.int8).tobytes()
    return recorded, bytes(numbers)


def _digits(subject: Subject, hardest: Sequence[int]) -> list[dict[str, Any]]:
    """Return the image that is shown first, one recognised of every other class, and hard ones of several."""
    images, labels, shown = subject.images, subject.labels, subject.digit
    easy = {int(labels[shown]): shown}
    classes = len(subject.dataset.class_names)
    for start in range(0, len(labels), 100):
        if len(easy) == classes:
            break
        part = slice(start, start + 100)
        answers = subject.model.predict(subject.normalisation.apply(images[part]), workers=1)
        for place in np.flatnonzero(answers == labels[part]):
            easy.setdefault(int(labels[start + place]), start + int(place))
    others = [easy[label] for label in sorted(easy) if easy[label] != shown]
    hard_by_class = {
        int(labels[number]): number for number in reversed(hardest) if number not in easy.values()
    }
    hard = sorted(hard_by_class.values(), key=[*hardest].index)[:HARD_DIGITS]
    chosen = [shown, *others, *hard]
    probabilities = subject.model.predict_proba(subject.normalisation.apply(images[chosen]), workers=1)
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


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
