"""The page about activations: their curves, what a network without them can do, and what they let through."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from functools import partial

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import errors, power
from lessons.kit.sheet import HEADING, LARGE, LINE, SMALL, WIDE, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_trainings import Layers, Trained, TwoTrainings
from lessons.kit.subject import Subject
from lessons.kit.tables import table
from lessons.kit.themes import Theme, shade

PIXELS = 100 * 28 * 28  # of the images whose activations are in memory at once
INPUT = [[1, 2], [1, -3]]  # the page's two samples, and the matrices that they are multiplied by
MATRICES = [[1, 2], [0, 1]], [[1, 0], [3, 1]]
ACTIVATIONS: Mapping[str, cnn.Layer] = {
    "ReLU": cnn.ReLU(),
    "leaky ReLU": cnn.LeakyReLU(0.1),
    "sigmoid": cnn.Sigmoid(),
    "tanh": cnn.Tanh(),
    "GELU": cnn.GELU(),
}
CUT_OFF = cnn.ReLU, cnn.LeakyReLU, cnn.GELU  # those that let little or nothing of a negative number through


def from_network(subject: Subject) -> Shown:
    """Return what activations let through, and two small trainings, with activations and without."""
    training = subject.figures.linear
    pair = subject.train_twice(training, without_activations(training.model))
    shown = subject.with_layer(*CUT_OFF)
    before, after = bent_map(shown)
    return Shown(
        drawings={"relu": partial(draw_relu, subtitle=shown.training, before=before, after=after)},
        values={
            "let_through": shown.note + let_through(shown),
            "counted": f"{len(subject.counted.labels):,}",
            "reached": reached(pair),
            "small": pair.described(),
        },
    )


def from_repository() -> Shown:
    """Return the curves and the gradient check."""
    x = np.linspace(-4, 4, 161, dtype=np.float32)
    curves = {name: curve_and_slope(layer, x) for name, layer in ACTIVATIONS.items()}
    return Shown(
        drawings={
            "activation-curves": partial(draw_curves, x=x, curves=curves),
            "one-matrix": draw_one_matrix,
            "exclusive-or": draw_exclusive_or,
        },
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
    columns, plot, step = (3, (224, 150), (272, 200)) if width == WIDE else (2, (132, 96), (172, 148))
    left, top = width - plot[0] - (columns - 1) * step[0] - 8, HEADING + 24
    rows = -(-(len(curves) + 1) // columns)  # the last place is the legend's
    subtitle = "Solid: the curve. Dashed: its slope, by which a gradient is multiplied"
    sheet = Sheet(width, top + rows * step[1] - 22, theme, "Five curves, and their slopes", subtitle)
    for index, (name, (y, slope)) in enumerate(curves.items()):
        place = left + step[0] * (index % columns), top + step[1] * (index // columns)
        axes = sheet.axes(*place, *plot)
        axes.set_title(name, weight="bold")
        axes.plot(x, y, color=theme.output, linewidth=2, label="y = f(x)")
        axes.plot(x, slope, color=theme.gradient, linewidth=2, linestyle="--", label="its slope, f′(x)")
        axes.set(xlim=(-4, 4), ylim=(-1.3, 2.3), xticks=[-4, -2, 0, 2, 4], yticks=[-1, 0, 1, 2])
        if index == len(curves) - 1:
            axes.legend(loc="center left", bbox_to_anchor=(step[0] / plot[0] - 0.1, 0.5))
    return sheet


def draw_one_matrix(theme: Theme, width: int) -> Sheet:
    """Draw two matrices one after the other, the one that does the same, and what a ReLU between changes."""
    x, first, second = (np.array(rows, np.float32) for rows in (INPUT, *MATRICES))
    gated, _ = cnn.ReLU().forward_pass(x @ first)
    linear = x @ first @ second
    ways = (
        ("Two layers", "x · W₁ · W₂", (first, second), ("·", "·", "="), linear),
        ("One layer", "x · (W₁ · W₂)", (first @ second,), ("·", "="), linear),
        ("Two, and a ReLU", "ReLU(x · W₁) · W₂", (first, second), ("·", "ReLU", "="), gated @ second),
    )
    wide = width == WIDE
    cell, beside, step = (42, 220, 108) if wide else (30, 0, 104)
    top, grid = HEADING + (4 if wide else 22), 2 * cell
    sheet = Sheet(
        width, top + len(ways) * step - 20, theme, "Two layers, one matrix",
        "Each row of x is a sample. The frames: what the ReLU has changed",
    )  # fmt: skip
    places = [beside + column * (width - beside - grid) / 3 for column in range(4)]
    for number, (name, formula, matrices, signs, y) in enumerate(ways):
        above = top + number * step
        middle = above + cell
        if wide:
            sheet.text(0, middle - 5, name, weight="bold")
            sheet.text(0, middle + LINE, formula, colour=theme.quiet)
        else:
            sheet.text(0, above - 8, f"{name}: {formula}")
        between = places[1:3] if len(matrices) == 2 else [sum(places[1:3]) / 2]
        lefts = [places[0], *between, places[3]]
        roles = [theme.activation, *[theme.parameter] * len(matrices), theme.output]
        for left, values, colour in zip(lefts, (x, *matrices, y), roles, strict=True):
            largest = float(np.abs(linear if values is y else values).max())
            sheet.numbers(left, above, values, colour, cell, largest=largest)
        for sign, (left, right) in zip(signs, itertools.pairwise(lefts), strict=True):
            size = SMALL if sign.isalpha() else LARGE
            sheet.text((left + grid + right) / 2, middle, sign, size=size, align="center", vertical="center")
        for i, j in np.argwhere(y != linear):
            sheet.mark(places[3] + j * cell, above + i * cell, cell, cell)
    return sheet


def draw_exclusive_or(theme: Theme, width: int) -> Sheet:
    """Draw where the page's two layers answer yes, without an activation between and with one."""
    size, lefts = (300, (60, 460)) if width == WIDE else (140, (34, 200))
    top, half = HEADING + 22, 0.5
    between = np.linspace(-0.3, 1.3, 17, dtype=np.float32)
    plane = np.stack(np.meshgrid(between, between), axis=-1)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    subtitle = "Shaded: the answer is more than ½. In the circles: what it should be"
    sheet = Sheet(width, top + size + 42, theme, "One border is not enough", subtitle)
    for name, gate, left in zip(("no activation", "a ReLU between"), (None, cnn.ReLU()), lefts, strict=True):
        sheet.text(left, top - 9, name)
        axes = sheet.axes(left, top, size, size)
        axes.set(facecolor=theme.zero, xticks=[0, 1], yticks=[0, 1], xlabel="a")
        axes.grid(visible=False)
        answers = exclusive_or(plane, gate)
        shaded = shade(np.array([0.35]), theme.output, theme)[0] / 255
        axes.contourf(between, between, answers, levels=[half, answers.max() + 1], colors=[shaded])
        for (a, b), answer in zip(corners, exclusive_or(corners, gate), strict=True):
            wanted = int(a != b)
            axes.plot(a, b, "o", markersize=17, color=theme.page, markeredgecolor=theme.ink)
            axes.text(a, b, f"{wanted}", ha="center", va="center")
            if (answer > half) != wanted:
                axes.annotate(
                    "wrong", (a, b), (15, 0), textcoords="offset points", va="center", weight="bold"
                )
        if not gate:
            axes.set_ylabel("b", rotation=0)
    return sheet


def exclusive_or(corners: Array, gate: cnn.Layer | None) -> Array:
    """Return what the page's network answers to each a and b `[..., 2]`, or without its activation."""
    hidden = corners @ np.ones((2, 2), np.float32) + np.array([0, -1], np.float32)
    if gate:
        hidden, _ = gate.forward_pass(hidden)
    answers: Array = hidden @ np.array([1, -2], np.float32)
    return answers


def draw_relu(theme: Theme, width: int, subtitle: str, before: Array, after: Array) -> Sheet:
    """Draw a feature map before and after a ReLU, and the curve between them."""
    wide = width == WIDE
    size, top = (308 if wide else 154), HEADING + 20
    sheet = Sheet(width, top + size + 46, theme, "ReLU: red becomes 0", subtitle)
    for left, name, values, colour in (
        (0, "before", before, theme.activation),
        (width - size, "after", after, theme.output),
    ):
        sheet.text(left, top - 9, name)
        sheet.picture(left, top, scaled(values), colour, size)
        largest = f"{np.abs(values).max():.1f}"
        labels = ("0", largest) if values is after else (f"−{largest}", "0", largest)
        sheet.scale(left, top + size + 8, colour, labels)
    if wide:
        sheet.line([(size + 14, top + size / 2), (width - size - 14, top + size / 2)], arrow=True)
        axes = sheet.axes(width / 2 - 60, top + size / 2 - 116, 120, 90)
        x = np.array([-2.0, 0.0, 2.0])
        axes.plot(x, cnn.ReLU().forward_pass(x[None])[0][0], color=theme.output, linewidth=2)
        axes.set(xlim=(-2, 2), ylim=(-0.5, 2), xticks=[-2, 0, 2], yticks=[0, 2])
        sheet.text(width / 2, top + size / 2 + 24, "y = max(x, 0)", align="center")
    return sheet


def bent_map(subject: Subject) -> tuple[Array, Array]:
    """Return a feature map `[h, w]` before and after the first ReLU; without one, after one of its own."""
    index = subject.first_index(cnn.ReLU)
    before = subject.maps(subject.x) if index is None else subject.inputs[index]
    after, _ = cnn.ReLU().forward_pass(before)
    # The map with the most on either side of 0: its smaller side is the largest.
    channel = np.minimum(before.max(axis=(0, 1, 2)), -before.min(axis=(0, 1, 2))).argmax()
    return before[0, :, :, channel], after[0, :, :, channel]


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
    """Return how many numbers are positive behind each activation that can cut off."""
    gates = [index for index, layer in enumerate(subject.model.layers) if isinstance(layer, CUT_OFF)]
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
