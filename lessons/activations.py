"""The page about activations: their curves, what a network without them can do, and what they let through."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import errors, power
from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_trainings import Layers, Trained, TwoTrainings
from lessons.kit.subject import Subject
from lessons.kit.tables import table
from lessons.kit.themes import Theme

PIXELS = 100 * 28 * 28  # of the images whose activations are in memory at once
ACTIVATIONS: Mapping[str, cnn.Layer] = {
    "ReLU": cnn.ReLU(),
    "leaky ReLU, slope 0.1": cnn.LeakyReLU(0.1),
    "sigmoid": cnn.Sigmoid(),
    "tanh": cnn.Tanh(),
    "GELU": cnn.GELU(),
}


def from_network(subject: Subject) -> Shown:
    """Return what activations let through, and two small trainings, with activations and without."""
    training = subject.figures.linear
    pair = subject.train_twice(training, without_activations(training.model))
    return Shown(
        values={
            "let_through": let_through(subject),
            "counted": f"{len(subject.counted.labels):,}",
            "reached": reached(pair),
            "small": pair.described(),
        }
    )


def from_repository() -> Shown:
    """Return the curves and the gradient check."""
    x = np.linspace(-4, 4, 161, dtype=np.float32)
    curves = {name: curve_and_slope(layer, x) for name, layer in ACTIVATIONS.items()}
    return Shown(
        drawings={"activation-curves": partial(draw_curves, x=x, curves=curves)},
        values={"gradient_check": gradient_check()},
        files={
            "curves/leaky-relu.json": to_json(leaky_relu()),
            "curves/sigmoid.json": to_json(sigmoid()),
        },
    )


def curve_and_slope(layer: cnn.Layer, x: Array) -> tuple[Array, Array]:
    """Return what an activation makes of numbers `[n]`, and its derivative there."""
    y, cache = layer.forward_pass(x[None])
    slope, _ = layer.backward_pass(np.ones_like(y), cache)
    return y[0], slope[0]


def draw_curves(theme: Theme, width: int, x: Array, curves: Mapping[str, tuple[Array, Array]]) -> Sheet:
    """Draw each activation's curve and its derivative."""
    sheet = Sheet(width, HEADING + 3 * 142, theme, "Activations and their derivatives", "y = f(x)")
    for index, (name, (y, slope)) in enumerate(curves.items()):
        axes = sheet.axes(24 + 172 * (index % 2), HEADING + 16 + 142 * (index // 2), 140, 94)
        axes.set_title(name)
        axes.plot(x, y, color=theme.output, label="the curve, f(x)")
        axes.plot(x, slope, color=theme.gradient, linestyle="--", label="its derivative")
        axes.set(xlim=(-4, 4), ylim=(-1.2, 2.2), xticks=[-4, -2, 0, 2, 4])
        if index == len(curves) - 1:
            axes.legend(loc="center left", bbox_to_anchor=(1.15, 0.5))
    return sheet


def leaky_relu() -> Curve:
    """Return leaky ReLU and its derivative for slopes from 0."""
    slopes = [step / 20 for step in range(13)]
    x = np.linspace(-4, 4, 81, dtype=np.float32)
    pairs = [curve_and_slope(cnn.LeakyReLU(slope), x) for slope in slopes]
    lines = [
        line("y, the curve", "output", (y for y, _ in pairs)),
        line("its derivative", "gradient", (slope for _, slope in pairs)),
    ]
    return curve("Leaky ReLU", "x", x, "slope", slopes, lines)


def sigmoid() -> Curve:
    """Return the sigmoid with its tangent at a point that moves."""
    points = list(range(-6, 7))
    x = np.linspace(-6, 6, 73, dtype=np.float32)
    y, slopes = curve_and_slope(cnn.Sigmoid(), x)
    tangents = []
    for point in points:
        (at,), (slope,) = curve_and_slope(cnn.Sigmoid(), np.array([point], np.float32))
        near = np.abs(x - point) <= 2.0  # the tangent is drawn as far as this
        tangents.append(np.where(near, at + slope * (x - point), np.nan))
    lines = [
        line("y, the curve", "output", [y] * len(points)),
        line("its derivative", "gradient", [slopes] * len(points)),
        line("tangent at the point", "parameter", tangents),
    ]
    return curve("The sigmoid and its slope", "x", x, "point", points, lines)


def gradient_check() -> str:
    """Return the checks of all activations, and that of a ReLU with a mistake."""
    rows = [[layer.kind, power(errors(layer, (4, 10))["x"])] for layer in ACTIVATIONS.values()]
    wrong = errors(cnn.ReLU(), (4, 10), lambda layer, dy, _: layer.backward_pass(dy, dy))
    rows.append(["with a mistake: ReLU, gated by the sign of dy", power(wrong["x"])])
    return table(["activation", "largest relative error of dx"], rows, numbers=1)


def let_through(subject: Subject) -> str:
    """Return how many numbers are positive behind each activation that can cut off; empty without one."""
    gates = [
        index
        for index, layer in enumerate(subject.model.layers)
        if isinstance(layer, cnn.ReLU | cnn.LeakyReLU | cnn.GELU)
    ]
    images, *size = subject.counted.images.shape[:3]
    chunk = max(1, PIXELS // math.prod(size))
    positive: dict[int, Array] = {}  # in how many images each unit gives a number above 0
    for first in range(0, images, chunk):
        x = subject.image_set.normalise(subject.counted.images[first : first + chunk])
        activations = subject.model.activations(x)
        for index in gates:
            positive[index] = positive.get(index, 0) + (activations[index] > 0).sum(axis=0)
    rows = [
        [
            f"{index}. {subject.model.layers[index].kind}",
            f"{units.size:,}",
            f"{units.sum() / (images * units.size):.1%}",
            f"{(units == 0).sum():,}",
            f"{(units == images).sum():,}",
        ]
        for index, units in positive.items()
    ]
    head = ["layer", "units", "numbers above 0", "units never above 0", "units always above 0"]
    return table(head, rows, numbers=4)


def without_activations(layers: Layers) -> Layers:
    """Return the layers that are not activations.

    Example:
        >>> without_activations([{"layer": "ReLU"}, {"layer": "Flatten"}])
        [{'layer': 'Flatten'}]
    """
    kinds = {layer.kind for layer in ACTIVATIONS.values()}
    return [layer for layer in layers if layer["layer"] not in kinds]


def reached(pair: TwoTrainings) -> str:
    """Return what networks with activations and without reach."""
    rows = [
        [
            name,
            _layers(one),
            f"{one.history[-1]['accuracy']:.1%}",
            f"{one.history[-1]['validation_accuracy']:.1%}",
        ]
        for name, one in (("with activations", pair.with_it), ("without", pair.without))
    ]
    head = ["network", "layers", "right of the training images", "of the validation images"]
    return table(head, rows, numbers=2)


def _layers(trained: Trained) -> str:
    return " → ".join(
        f"{layer.kind} {layer.units}" if isinstance(layer, cnn.Dense) else layer.kind
        for layer in trained.model.layers
    )
