"""The page about flatten: what it hands to the dense layer, and each step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes_along
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import flatten_gradient_steps, flatten_steps
from lessons.kit.subject import Subject
from lessons.kit.tables import table, times
from lessons.kit.traces import Grid, track

LAYER = "cnn.layers.flatten.Flatten"


def from_network(subject: Subject) -> Shown:
    """Return what flattening makes of the trained network's feature maps."""
    return Shown(values={"row": row_and_parameters(subject.model)})


def from_repository() -> Shown:
    """Return the trace and the gradient check."""
    return Shown(
        values={
            "gradient_check": gradient_check(
                cnn.Flatten(), (2, 3, 4, 2), "columns before rows", _columns_first
            )
        },
        files={"traces/flatten.json": to_json({"layer": "flatten", "cases": cases()})},
    )


def row_and_parameters(model: cnn.Sequential) -> str:
    """Return how long the row of numbers is, and how many parameters the next dense layer has for it."""
    along, total = shapes_along(model), sum(array.size for array in model.params.values())
    rows = []
    for index, layer in enumerate(model.layers):
        if isinstance(layer, cnn.Flatten):
            dense = next((one for one in model.layers[index:] if isinstance(one, cnn.Dense)), None)
            held = sum(array.size for array in dense.params.values()) if dense else 0
            rows.append(
                [
                    times(along[index]),
                    f"{math.prod(along[index]):,}",
                    f"{held:,}",
                    f"{held / total:.0%}",
                ]
            )
    head = ["feature maps", "numbers in the row", "parameters of the next dense layer", "share of all"]
    return table(head, rows, numbers=3)


def cases() -> list[dict[str, Any]]:
    """Return the only case: an image of 2×2 with two channels, whose numbers say where they stand."""
    inputs = np.array([[[[0, 1], [10, 11]], [[100, 101], [110, 111]]]], np.float32)
    layer = cnn.Flatten()
    outputs, cache = layer.forward_pass(inputs)
    dinputs, _ = layer.backward_pass(outputs, cache)
    x, y = Grid("x", "input", inputs[0]), Grid("y", "output", outputs, hidden=True)
    dy, dx = Grid("dy", "gradient", outputs), Grid("dx", "gradient", dinputs[0], hidden=True)
    return [
        {
            "name": "plain",
            "title": "an image of 2×2 with two channels",
            "forward": [track("Forward", f"{LAYER}.forward_pass", [x, y], flatten_steps(x, y))],
            "backward": [
                track(
                    "The gradient of the input",
                    f"{LAYER}.backward_pass",
                    [dy, dx],
                    flatten_gradient_steps(dy, dx),
                )
            ],
        }
    ]


def _columns_first(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, _ = layer.backward_pass(dy, cache)
    return np.ascontiguousarray(dy).reshape(dx.swapaxes(1, 2).shape).swapaxes(1, 2), {}
