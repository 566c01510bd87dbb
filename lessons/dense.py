"""The page about the dense layer: the evidence for each class, where the weights start, and each step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.initialisers import InitialiserName, initial_weights
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import DENSITY, HEADING, LARGE, SMALL, WIDE, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import (
    dense_bias_gradient_steps,
    dense_input_gradient_steps,
    dense_steps,
    dense_weight_gradient_steps,
)
from lessons.kit.subject import CLASSES, Subject, foremost
from lessons.kit.tables import table, times
from lessons.kit.themes import Theme, told_from_zero
from lessons.kit.traces import Grid, track

LAYER = "cnn.layers.dense.Dense"
STRONGEST = 12  # inputs of the layer that are shown, each in a column of its own

# The page's worked example.
INPUTS = np.array([[1, 2, 3], [0, 1, -1]], np.float32)
WEIGHT = np.array([[1, 0], [2, -1], [0, 3]], np.float32)
BIAS = np.array([10, 20], np.float32)

DEPTH, UNITS, SAMPLES = 10, 1024, 64  # of what a signal is sent through: so many that chance averages out
STARTS: Mapping[str, tuple[InitialiserName, float]] = {
    "He × 2": ("he_uniform", 2.0),
    "He": ("he_uniform", 1.0),
    "Glorot": ("glorot_uniform", 1.0),
    "He ÷ 2": ("he_uniform", 0.5),
}


def from_network(subject: Subject) -> Shown:
    """Return the evidence that the last dense layer adds up, and how the layers' weights are spread."""
    shown = subject.with_layer(cnn.Dense)
    return Shown(
        drawings={"dense-evidence": partial(draw_evidence, subject=shown)},
        values={
            "small": shown is not subject,
            "shapes": shapes(shown.model, (cnn.Dense,)),
            "weights": weights(shown.model),
        },
    )


def from_repository() -> Shown:
    """Return the layer as a picture, the signal through many layers, the trace and the gradient check."""
    sizes = {name: signal_sizes(*start) for name, start in STARTS.items()}
    return Shown(
        drawings={"dense-layer": draw_layer, "signal-sizes": partial(draw_signal, sizes=sizes)},
        values={
            "gradient_check": gradient_check(cnn.Dense(3), (4, 5), "divided by n", _divided_by_n),
        },
        files={"traces/dense.json": to_json({"layer": "dense", "cases": cases()})},
    )


def draw_evidence(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw each input of the last dense layer times its weight, for every class, and the sums."""
    wide, layers = width == WIDE, subject.model.layers
    last = max(index for index, layer in enumerate(layers) if isinstance(layer, cnn.Dense))
    inputs, outputs = subject.inputs[last][0], subject.inputs[last + 1][0]
    evidence = inputs[:, None] * layers[last].params["weight"]  # [n_in, n_out]
    answer = int(outputs.argmax())
    names, classes, shown = (
        subject.image_set.class_names, foremost(outputs, CLASSES), strongest(evidence, answer)
    )  # fmt: skip
    cells = evidence[np.ix_(shown, classes)].T

    side, left = (36, 84) if wide else (18, 60)
    top, right = HEADING + 24, left + side * len(shown)
    below = top + side + 32
    height = below + side * len(classes) + (50 if len(classes) == len(names) else 74)
    sheet = Sheet(
        width, height, theme, "The evidence, added up", f"{subject.training}: test image {subject.digit}"
    )
    used, others = np.abs(evidence).max(axis=1) > 0, len(evidence) - len(shown)
    note = f"{len(shown)} of the {len(evidence)} inputs"
    if others and used.sum() <= len(shown):
        note += ", the others are 0"
    sheet.image(0, HEADING, subject.image, left - 24)
    sheet.text(left, top - 9, note, colour=theme.activation)
    sheet.text(left, below - 9, "input × weight" if wide else "× weight")
    sheet.text(width, below - 9, "sum + bias", align="right", weight="bold")
    for y, values, colour in ((top, inputs[None, shown], theme.activation), (below, cells, theme.output)):
        if wide:
            sheet.numbers(left, y, values, colour, side, decimals=1)
        else:
            shares = told_from_zero(scaled(values)).repeat(side * DENSITY, axis=0)
            sheet.picture(left, y, shares.repeat(side * DENSITY, axis=1), colour)
    low, high = min(0.0, float(outputs.min())), max(0.0, float(outputs.max()))
    unit = (width - 66 - right - 20) / ((high - low) or 1)  # beside the sum itself
    for row, label in enumerate(classes):
        middle, value = below + side * (row + 0.5), float(outputs[label])
        weight = "bold" if label == answer else "normal"
        sheet.text(
            left - 8, middle, names[label], align="right", vertical="center", weight=weight, room=left - 8
        )
        if wide:
            start = right + 20 + (min(value, 0.0) - low) * unit
            sheet.box(start, middle - 9, abs(value) * unit, 18, theme.negative if value < 0 else theme.output)
        written = f"{value:.1f}".replace("-", "−")
        sheet.text(width, middle, written, align="right", vertical="center", weight=weight)
    bottom, apart = below + side * len(classes) + 10, 200 if wide else 152
    for x, values, colour in ((left, cells, theme.output), (left + apart, inputs[shown], theme.activation)):
        largest = f"{np.abs(values).max():.1f}"
        labels = ("0", largest) if values.min() >= 0 else (f"−{largest}", "0", largest)
        sheet.scale(x, bottom, colour, labels, width=apart - 40)
    if len(classes) < len(names):
        text = f"{len(classes)} of {len(names)} classes"
        sheet.text(left, bottom + 54, text, size=SMALL, colour=theme.quiet)
    return sheet


def draw_layer(theme: Theme, width: int) -> Sheet:
    """Draw the page's example: three inputs, each joined to both outputs, beside the weight."""
    wide, side, step, top = width == WIDE, 44, 72, HEADING + 30
    weight, bias, x = WEIGHT.astype(np.float64), BIAS.astype(np.float64), INPUTS[:1].astype(np.float64)
    y = x @ weight + bias
    far, bottom = (380 if wide else width - side), top + 2 * step + side
    left, above = (600, top) if wide else (100, bottom + 92)
    title, subtitle = (
        "Every input, every output",
        "Each output has its own column of weights",
    )
    sheet = Sheet(width, (bottom if wide else above + 2 * step + side) + 84, theme, title, subtitle)

    def centre(row: float) -> float:
        return top + step * row + side / 2

    for output, row in ((1, 1.5), (0, 0.5)):  # the marked one on top
        for k in range(3):
            value = float(weight[k, output])
            start, end = (side, centre(k)), (far, centre(row))
            colour = theme.parameter if output == 0 else theme.quiet
            sheet.line([start, end], colour if value >= 0 else theme.negative)
            if output == 0:
                at_x, at_y = (one + 0.3 * (other - one) for one, other in zip(start, end, strict=True))
                sheet.box(at_x - 9, at_y - 9, 18, 18, theme.page)
                sheet.text(
                    at_x, at_y, f"{value:g}",
                    colour=colour, weight="bold", align="center", vertical="center",
                )  # fmt: skip
        sheet.numbers(
            far, centre(row) - side / 2, y[:, output : output + 1], theme.output, side, largest=y.max()
        )
    for k in range(3):
        sheet.numbers(0, centre(k) - side / 2, x[:, k : k + 1], theme.activation, side, largest=x.max())
    sheet.text(0, top - 10, "x", weight="bold", colour=theme.activation)
    sheet.text(far, top - 10, "y", weight="bold", colour=theme.output)
    terms = " + ".join(f"{x[0, k]:g}·{weight[k, 0]:g}" for k in range(3))
    sheet.text(0, bottom + 34, f"{terms} + {bias[0]:g} = {y[0, 0]:g}", size=LARGE)

    sheet.text(left, above - 10, "weight", weight="bold", colour=theme.parameter)
    for k in range(3):
        sheet.text(
            left - 12, above + step * k + side / 2, f"from {x[0, k]:g}", align="right", vertical="center"
        )
        sheet.numbers(
            left, above + step * k, weight[k : k + 1], theme.parameter, side, largest=np.abs(weight).max()
        )
    sheet.numbers(left, above + 3 * step - 6, bias[None], theme.parameter, side)
    sheet.text(
        left - 12,
        above + 3 * step - 6 + side / 2,
        "bias",
        align="right",
        vertical="center",
        weight="bold",
        colour=theme.parameter,
    )
    sheet.box(left - 4, above - 4, side + 8, 3 * step + side + 2, theme.ink, filled=False)
    return sheet


def signal_sizes(initialiser: InitialiserName, factor: float) -> Array:
    """Return the mean square of random numbers, and of what each of some dense layers with ReLU gives.

    Args:
        initialiser: where the weights start.
        factor: what they are multiplied by.
    """
    rng = np.random.default_rng(0)
    x = np.sqrt(3) * (2 * rng.random((SAMPLES, UNITS)) - 1)  # with a mean square of 1
    sizes = [np.square(x).mean()]
    for _ in range(DEPTH):
        dense = cnn.Dense(UNITS, initialiser)
        dense.build((UNITS,), rng)
        dense.params["weight"] *= np.float32(factor)
        y, _ = dense.forward_pass(x)
        x, _ = cnn.ReLU().forward_pass(y)
        sizes.append(np.square(x).mean())
    return np.array(sizes)


def draw_signal(theme: Theme, width: int, sizes: Mapping[str, Array]) -> Sheet:
    """Draw how large the numbers are behind each layer, for several ways to draw the weights."""
    title, subtitle = (
        f"The signal through {DEPTH} layers",
        "Mean square of the numbers, each layer",
    )
    left, top, right, height = 52, HEADING + 16, width - 66, 240
    sheet = Sheet(width, top + height + 46, theme, title, subtitle)
    axes, most = sheet.axes(left, top, right - left, height), 7
    for name, of_layers in sizes.items():
        powers = np.log10(of_layers)
        kept = name == "He"
        axes.plot(powers, color=theme.activation, linewidth=3 if kept else 1.5, marker="o")
        y = top + height * (most - powers[-1]) / (2 * most)
        sheet.text(right + 10, y, name, vertical="center", weight="bold" if kept else "normal")
    axes.set(
        xlim=(0, DEPTH + 0.2), ylim=(-most, most), yticks=[-6, -3, 0, 3, 6], xticks=range(0, DEPTH + 1, 2)
    )
    axes.set_yticklabels(["10⁻⁶", "10⁻³", "1", "10³", "10⁶"])
    axes.set_xlabel("layer")
    return sheet


def strongest(evidence: Array, answer: int) -> list[int]:
    """Return the inputs that weigh most for or against any class, from the best for the answer to the worst.

    Args:
        evidence: the inputs times their weights, `[n_in, n_out]`.
        answer: the answer's index.

    Example:
        >>> strongest(np.array([[-2.0], [0.0], [1.0]]), 0)
        [2, 0]
    """
    weighs = np.abs(evidence).max(axis=1)
    shown = [index for index in foremost(weighs, STRONGEST) if weighs[index]] or [0]
    return sorted(shown, key=lambda index: -evidence[index, answer])


def weights(model: cnn.Sequential) -> str:
    """Return how widely the weights of each dense layer spread, now and when they are drawn anew."""
    rows = []
    for index, layer in enumerate(model.layers):
        if isinstance(layer, cnn.Dense):
            weight = layer.params["weight"]
            start = initial_weights(layer.kind, layer.initialiser, weight.shape, np.random.default_rng(0))
            spreads = [f"{one.std(dtype=np.float64):.3f}" for one in (start, weight)]
            rows.append([f"{index}. {layer.kind}", times(weight.shape), *spreads])
    return table(["layer", "`weight`", "standard deviation at the start", "after training"], rows, numbers=2)


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three inputs, two outputs."""
    layer = cnn.Dense(2)
    layer.params = {
        "weight": WEIGHT,
        "bias": BIAS,
    }
    inputs, gradient = INPUTS, np.array([[1, -1], [0, 2]], np.float32)
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
