"""The home page: what was reached, and the trained network with ready images to give it."""

from __future__ import annotations

import base64
import copy
import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnn
from cnn.types import Array
from lessons.kit import results
from lessons.kit.shown import Shown, to_json
from lessons.kit.subject import (
    Subject,
    TrainedNetwork,
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
COLUMNS = 32  # of a row of numbers that is laid out as a picture, as in docs/javascripts/pictures.js
UNCHANGED = {"Dropout", "Flatten"}  # layers whose numbers are not shown again
UNSURE = {"least_probability", "widest", "fullest", "narrow"}  # what the page needs of `predict`
LEGEND = (
    '<div class="legend"><p>Point at a map to see what it looks at, and click it to enlarge it. '
    "Negative numbers are red. Each map has its own range, from −m to m.</p><ul>"
    + "".join(
        f'<li class="{role}">{text}: −m <span class="scale"></span> m</li>'
        for role, text in {"input": "input and maps", "parameter": "weights", "output": "output"}.items()
    )
    + "</ul></div>"
)


def from_network(subject: Subject) -> Shown:
    """Return the network with weights of eight bits, what they change, and images to give it."""
    hardest = [int(row["image"]) for row in results.rows(paths.HARDEST)]
    network, weights = export_network(subject)
    eight_bit = in_eight_bits(subject)
    digits = export_digits(eight_bit, subject.test, subject.digit, hardest)
    x, labels = subject.image_set.normalise(subject.counted.images), subject.counted.labels
    exact, rounded = (trained.model.predict_proba(x) for trained in (subject, eight_bit))
    return Shown(
        values={
            "counted": f"{len(labels):,}",
            "accuracy_exact": f"{(exact.argmax(axis=1) == labels).mean():.2%}",
            "accuracy_in_eight_bits": f"{(rounded.argmax(axis=1) == labels).mean():.2%}",
            "largest_deviation": f"{np.abs(rounded - exact).max():.3f}",
            "megabytes": f"{len(weights) / 1e6:.1f}",
            "room": room(network, digits),
        },
        files={
            "network/network.json": to_json(network),
            "network/weights.bin": weights,
            "network/digits.json": to_json(digits),
        },
    )


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
            "unsure": parameters.predict.model_dump(include=UNSURE),
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


def export_network(trained: TrainedNetwork) -> tuple[dict[str, Any], bytes]:
    """Return a network as the browser needs it.

    Args:
        trained: the network.

    Returns:
        What it is and where each array lies in the bytes, and the bytes: signed ones where an array has a
        `scale`, which they are multiplied by, else float32, little-endian.
    """
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
        "bytes": len(weights),
    }
    return network, weights


def in_eight_bits(trained: TrainedNetwork) -> TrainedNetwork:
    """Return the network with the weights that the browser computes with."""
    model = copy.deepcopy(trained.model)
    for name, array in model.params.items():
        if array.ndim > 1:
            whole, scale = _whole_numbers(array)
            model.assign({name: whole * scale})
    return TrainedNetwork(model, trained.image_set, trained.recipe)


def _whole_numbers(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Return weights `[…, n]` as whole numbers from −127 to 127, and the step of each output, `[n]`."""
    largest = np.abs(weight).max(axis=tuple(range(weight.ndim - 1)))
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1))
    return np.rint(weight / scale).astype(np.int8), scale


def _layers(model: cnn.Sequential) -> tuple[list[dict[str, Any]], bytes]:
    """Return the layers' hyperparameters, shapes and the places of their arrays, and the arrays' bytes."""
    layers: list[dict[str, Any]] = []
    weights = bytearray()
    shape = model.built_for()
    for layer in layers_to_probabilities(model):
        shape = layer.output_shape(shape)
        arrays = {}
        for name, array in (layer.params | layer.state).items():
            arrays[name] = {"offset": len(weights), "shape": array.shape}
            if array.ndim > 1:  # the others are few, and batch normalisation's need the precision
                whole, scale = _whole_numbers(array)
                arrays[name]["scale"] = scale.tolist()
                weights += whole.tobytes()
            else:
                weights += array.astype("<f4").tobytes()
        layers.append(layer.to_config() | {"output_shape": shape, "arrays": arrays})
    return layers, bytes(weights)


def export_digits(
    trained: TrainedNetwork, test: Labelled, first: int, hardest: Sequence[int]
) -> list[dict[str, Any]]:
    """Return ready images, with what the network answers: one recognised of every class, and hard ones.

    Args:
        trained: the network.
        test: the test images.
        first: the test image that the page shows first.
        hardest: the numbers of hard test images, hardest first.
    """
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


def room(network: dict[str, Any], digits: Sequence[dict[str, Any]]) -> str:
    """Return the widget as it is before anything is loaded: empty, and as large as it will be."""
    bars = "".join(
        f'<li><span>{escape(name)}</span><span class="bar"></span><span class="share">&nbsp;</span></li>'
        for name in network["class_names"]
    )
    image = "<button disabled><canvas></canvas></button>"
    ready = "".join(
        f'<div class="ready"><span>&nbsp;</span>{image * count}</div>'
        for hard in (False, True)
        if (count := sum(digit["hard"] is hard for digit in digits))
    )
    shapes = [network["input_shape"], *(layer["output_shape"] for layer in network["layers"])]
    kinds = ["", *(layer["layer"] for layer in network["layers"])]
    rows = "".join(_row(shape, kind) for shape, kind in zip(shapes, kinds, strict=True))
    return (
        '<div class="room" inert><div class="top">'
        '<div class="draw"><canvas></canvas><p><button class="clear">&nbsp;</button></p></div>'
        f'<div class="result"><p class="answer"></p><progress></progress><ol class="bars">{bars}</ol></div>'
        f'</div><div>{ready}</div>{LEGEND}<div class="inside"><div class="layers">{rows}</div></div></div>'
    )


def _row(shape: Sequence[int], kind: str) -> str:
    """Return the room for the maps of a layer, or for its row of numbers."""
    if kind in UNCHANGED:
        return '<div class="layer"><p>&nbsp;</p><p>&nbsp;</p></div>'
    if len(shape) == 3:
        (height, width, count), numbers = shape, ""
    else:
        width = min(COLUMNS, shape[0])
        height, count, numbers = math.ceil(shape[0] / width), 1, " numbers"
    canvas = f'<canvas width="{width}" height="{height}"></canvas>'
    maps = f'<div class="maps{numbers}" style="--columns: {width}">{canvas * count}</div>'
    return f'<div class="layer"><p>&nbsp;</p>{maps}</div>'
