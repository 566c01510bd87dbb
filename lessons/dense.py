"""The page about the dense layer: the evidence for each class, the weights, and each step."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import DENSITY, HEADING, SMALL, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import (
    dense_bias_gradient_steps,
    dense_input_gradient_steps,
    dense_steps,
    dense_weight_gradient_steps,
)
from lessons.kit.subject import CLASSES, Subject, foremost
from lessons.kit.tables import table, times
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, track

LAYER = "cnn.layers.dense.Dense"
STRONGEST = 32  # inputs of the layer that are shown, each in a column of its own


def from_network(subject: Subject) -> Shown:
    """Return the evidence that the last dense layer adds up, and how the layers' weights are spread."""
    return Shown(
        drawings={"dense-evidence": partial(draw_evidence, subject=subject)},
        values={
            "shapes": shapes(subject.model, (cnn.Dense,)),
            "weights": weights(subject.model),
        },
    )


def from_repository() -> Shown:
    """Return the trace and the gradient check."""
    return Shown(
        values={
            "gradient_check": gradient_check(cnn.Dense(3), (4, 5), "divided by n", _divided_by_n),
        },
        files={"traces/dense.json": to_json({"layer": "dense", "cases": cases()})},
    )


def draw_evidence(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw each input of the last dense layer times its weight, for every class."""
    layers = subject.model.layers
    last = max((index for index, layer in enumerate(layers) if isinstance(layer, cnn.Dense)), default=None)
    if last is None:
        return Sheet(width, HEADING, theme, "Evidence", f"{subject.training}: no dense layer")
    evidence = subject.inputs[last][0, :, None] * layers[last].params["weight"]  # [n_in, n_out]
    logits = subject.inputs[last + 1][0]
    shown = strongest(evidence)
    names, classes = subject.image_set.class_names, foremost(logits, CLASSES)
    cell_width, cell_height, left = max(1, 208 // len(shown)), 20, 74
    top = HEADING + 26
    title = f"Test image {subject.digit}: the evidence, added up"
    sheet = Sheet(width, top + len(classes) * cell_height + 62, theme, title, subject.training)
    sheet.text(
        left, HEADING + 10, f"{len(shown)} of {len(evidence)} inputs × weight", size=SMALL, colour=theme.quiet
    )
    sheet.text(width, HEADING + 10, "logit", size=SMALL, colour=theme.quiet, align="right")
    cells = scaled(evidence[np.ix_(shown, classes)].T)
    cells = cells.repeat(cell_height * DENSITY, axis=0).repeat(cell_width * DENSITY, axis=1)
    cells[:: cell_height * DENSITY] = np.nan
    sheet.picture(left, top, cells, theme.output)
    for row, label in enumerate(classes):
        y = top + (row + 0.5) * cell_height
        weight = "bold" if label == int(logits.argmax()) else "normal"
        sheet.text(left - 8, y, names[label], align="right", vertical="center", weight=weight, room=left - 8)
        value = f"{logits[label]:.1f}".replace("-", "−")
        sheet.text(width, y, value, align="right", vertical="center", weight=weight, colour=theme.output)
    y = top + len(classes) * cell_height + 8
    largest = f"{np.abs(evidence[np.ix_(shown, classes)]).max():.1f}"
    sheet.scale(left, y, theme.output, (f"−{largest}", "0", largest))
    note = "against (grey) and for (colour) a class"
    if len(classes) < len(names):
        note += f"; the {len(classes)} likeliest of {len(names)}"
    sheet.text(left, y + 44, note, size=SMALL, colour=theme.quiet)
    return sheet


def strongest(evidence: Array) -> list[int]:
    """Return, in their order, the inputs that weigh most for or against any class.

    Example:
        >>> strongest(np.array([[1.0], [-2.0]]))
        [0, 1]
    """
    return foremost(np.abs(evidence).max(axis=1), STRONGEST)


def weights(model: cnn.Sequential) -> str:
    """Return how widely the weights of each dense layer spread; empty without such a layer."""
    rows = [
        [
            f"{index}. {layer.kind}",
            times(layer.params["weight"].shape),
            f"{layer.params['weight'].std(dtype=np.float64):.3f}",
        ]
        for index, layer in enumerate(model.layers)
        if isinstance(layer, cnn.Dense)
    ]
    return table(["layer", "`weight`", "standard deviation of its numbers"], rows, numbers=1)


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three inputs, two outputs."""
    layer = cnn.Dense(2)
    layer.params = {
        "weight": np.array([[1, 0], [2, -1], [0, 3]], np.float32),
        "bias": np.array([10, 20], np.float32),
    }
    inputs, gradient = np.array([[1, 2, 3], [0, 1, -1]], np.float32), np.array([[1, -1], [0, 2]], np.float32)
    outputs, cache = layer.forward_pass(inputs)
    dinputs, grads = layer.backward_pass(gradient, cache)

    x, y = Grid("x", "input", inputs), Grid("y", "output", outputs, hidden=True)
    weight = Grid("weight", "parameter", layer.params["weight"])
    bias = Grid("bias", "parameter", layer.params["bias"])
    dy, dx = Grid("dy", "gradient", gradient), Grid("dx", "gradient", dinputs, hidden=True)
    dweight = Grid("dweight", "gradient", grads["weight"], hidden=True)
    dbias = Grid("dbias", "gradient", grads["bias"], hidden=True)
    return [
        {
            "name": "plain",
            "title": "two samples, three inputs, two outputs",
            "forward": [
                track(
                    "Forward", f"{LAYER}.forward_pass", [x, weight, bias, y],
                    dense_steps(x, weight, bias, y),
                )
            ],
            "backward": [
                track(
                    "The gradient of the weights", f"{LAYER}.parameter_gradients", [x, dy, dweight],
                    dense_weight_gradient_steps(x, dy, dweight),
                ),
                track(
                    "The gradient of the bias", f"{LAYER}.parameter_gradients", [dy, dbias],
                    dense_bias_gradient_steps(dy, dbias),
                ),
                track(
                    "The gradient of the input", f"{LAYER}.backward_pass", [dy, weight, dx],
                    dense_input_gradient_steps(dy, weight, dx),
                ),
            ],
        }
    ]  # fmt: skip


def _divided_by_n(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, grads = layer.backward_pass(dy, cache)
    return dx, {name: grad / len(dy) for name, grad in grads.items()}
