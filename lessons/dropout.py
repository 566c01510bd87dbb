"""The page about dropout: masks on a feature map, the rate, and dropout that is left on by mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

import cnn
from cnn.types import Array, Gradients, Labels
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import SEED, gradient_check
from lessons.kit.layers import shapes_along
from lessons.kit.sheet import HEADING, NARROW, SMALL, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.subject import Subject, liveliest
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Step, cell, product, track

LAYER = "cnn.layers.dropout.Dropout"
MASKS = 4  # on the figure, and iterations of the trace
PASSES = 40  # with dropout left on


def from_network(subject: Subject) -> Shown:
    """Return what the page shows of the trained network and of the two small trainings."""
    pair = subject.with_and_without_dropout
    rate, maps = masked_maps(subject)
    model, counted = pair.with_it.model, subject.counted
    rngs = [np.random.default_rng((subject.figures.seed, number)) for number in range(PASSES)]
    x = subject.image_set.normalise(counted.images)
    off, *left_on = accuracies(model, x, counted.labels, [None, *rngs])
    return Shown(
        drawings={
            "dropout": partial(draw_masked_maps, subtitle=subject.training, rate=rate, maps=maps),
            "dropout-left-on": partial(
                draw_left_on,
                subtitle=f"{subject.image_set.title}: a small network on {len(x):,} test images",
                off=off,
                left_on=left_on,
            ),
        },
        values={
            "dropped": dropped(subject.model),
            "dropped_in_small": dropped(model),
            "small": pair.described(),
            "passes": str(PASSES),
        },
    )


def from_repository() -> Shown:
    """Return the trace, the curve and the gradient check."""
    return Shown(
        values={
            "gradient_check": gradient_check(cnn.Dropout(0.4), (3, 10), "a fresh mask", _with_a_fresh_mask)
        },
        files={
            "traces/dropout.json": to_json({"layer": "dropout", "cases": cases()}),
            "curves/dropout-rate.json": to_json(rate_curve()),
        },
    )


def masked_maps(subject: Subject) -> tuple[float, list[Array]]:
    """Return a rate, and a feature map as it is at inference and as the masks of four iterations leave it.

    What was dropped is NaN.

    They are those of the network's first dropout on maps; without one, the rate is 0.25 on the maps of the
    first convolution.
    """
    index = subject.first_index(cnn.Dropout)
    layer = cnn.Dropout(0.25) if index is None else subject.model.layers[index]
    before = subject.maps(subject.x) if index is None else subject.inputs[index]
    channel, rng = liveliest(before), np.random.default_rng(subject.figures.seed)
    maps = [before, *(masked(layer, before, rng) for _ in range(MASKS))]
    return layer.to_config()["rate"], [one[0, :, :, channel] for one in maps]


def masked(layer: cnn.Layer, x: Array, rng: np.random.Generator) -> Array:
    """Return what dropout makes of numbers in training, with NaN for those that it drops."""
    y, mask = layer.forward_pass(x, True, rng)
    return y if mask is None else np.where(mask == 0, np.float32(np.nan), y)


def draw_masked_maps(theme: Theme, width: int, subtitle: str, rate: float, maps: list[Array]) -> Sheet:
    """Draw a feature map as it is at inference, and as the masks of four iterations leave it."""
    columns, gap, below = (5, 15, 60) if width > NARROW else (3, 8, 14)
    size = (width - (columns - 1) * gap) // columns
    row = size + 32
    sheet = Sheet(
        width,
        HEADING + row * -(-len(maps) // columns) + below,
        theme,
        f"Dropout with rate {rate:g}",
        subtitle,
    )
    largest = float(np.nanmax(np.abs(maps))) or 1.0
    for number, one in enumerate(maps):
        x, y = (size + gap) * (number % columns), HEADING + row * (number // columns)
        sheet.text(x, y + 10, f"iteration {number}" if number else "inference")
        missing = np.where(np.isnan(one), np.float32(1), np.float32(np.nan))
        sheet.picture(x, y + 18, missing, theme.quiet, size)
        sheet.picture(x, y + 18, one / largest, theme.output if number else theme.activation, size)
    labels = (f"−{largest:.1f}", "0", f"{largest:.1f}") if np.nanmin(maps) < 0 else ("0", f"{largest:.1f}")
    x, y = (0, HEADING + row) if width > NARROW else (2 * (size + gap), HEADING + row + 54)
    aside, down = (size + gap, 0) if width > NARROW else (0, 36)
    sheet.scale(x, y, theme.activation, labels, width=size - 6)
    sheet.scale(x + aside, y + down, theme.output, labels, width=size - 6)
    x, y = (x + 2 * aside, y + 4) if width > NARROW else (x, y - 34)
    sheet.box(x, y - 6, 12, 12, theme.quiet)
    sheet.text(x + 20, y, "dropped: 0", size=SMALL, vertical="center")
    sheet.text(
        x + aside, y + 20 * (not aside), f"kept: × {1 / (1 - rate):.3g}", size=SMALL, vertical="center"
    )
    return sheet


def dropped(model: cnn.Sequential) -> str:
    """Return how many numbers of one image each dropout takes away in an iteration, on average."""
    shapes_before = shapes_along(model)
    rows = [
        [
            f"{index}. {layer.kind}",
            f"{layer.rate:g}",
            f"{math.prod(shapes_before[index]):,}",
            f"{layer.rate * math.prod(shapes_before[index]):,.0f}",
            f"{1 / (1 - layer.rate):.3g}",
        ]
        for index, layer in enumerate(model.layers)
        if isinstance(layer, cnn.Dropout)
    ]
    head = ["layer", "rate", "numbers of one image", "dropped, on average", "the others are multiplied by"]
    return table(head, rows, numbers=4)


def accuracies(
    model: cnn.Sequential, x: Array, labels: Labels, rngs: Sequence[np.random.Generator | None]
) -> list[float]:
    """Return which share of samples a network gets right in one pass with each generator.

    Dropout drops in a pass with a generator, and nothing in one without; all other layers are at inference.
    """
    first = next((i for i, layer in enumerate(model.layers) if isinstance(layer, cnn.Dropout)), 0)
    for layer in model.layers[:first]:
        x, _ = layer.forward_pass(x)
    right = []
    for rng in rngs:
        y = x
        for layer in model.layers[first:]:
            y, _ = layer.forward_pass(y, isinstance(layer, cnn.Dropout) and rng is not None, rng)
        right.append(float((y.argmax(axis=1) == labels).mean()))
    return right


def draw_left_on(theme: Theme, width: int, subtitle: str, off: float, left_on: Sequence[float]) -> Sheet:
    """Draw the accuracy of each pass with dropout left on, and that of the network without dropout."""
    title = "Dropout left on by mistake"
    sheet = Sheet(width, HEADING + 128, theme, title, subtitle)
    left, row = 90, 36
    axes = sheet.axes(left, HEADING, width - left - 20, 2 * row)
    rows = (
        ("off", "one pass", [off], "D", theme.output),
        ("left on", f"{len(left_on)} passes", left_on, "|", theme.ink),
    )
    for number, (name, passes, shares, marker, colour) in enumerate(rows):
        percent = [100 * share for share in shares]
        axes.plot(percent, [number] * len(percent), marker, color=colour, markersize=8 if number == 0 else 14)
        y = HEADING + row * (number + 0.5)
        sheet.text(0, y - 8, name, weight="bold", colour=colour, vertical="center")
        sheet.text(0, y + 9, passes, size=SMALL, colour=theme.quiet, vertical="center")
    axes.margins(x=0.05)
    axes.set(ylim=(1.5, -0.5), yticks=[], xlabel="test images that are right, in %")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.spines["left"].set_visible(False)
    return sheet


def rate_curve() -> Curve:
    """Return a row of numbers behind dropout, with the same random numbers for all rates."""
    rates = [step / 20 for step in range(19)]
    positions = np.arange(1.0, 49.0)
    x = np.ones((1, len(positions)), np.float32)
    rows = [cnn.Dropout(rate).forward_pass(x, True, np.random.default_rng(0))[0][0] for rate in rates]
    lines = [
        line("x, always 1", "input", [x[0]] * len(rates)),
        line("y behind dropout", "output", rows),
        line("mean of y", "none", [np.full(len(positions), row.mean()) for row in rows]),
    ]
    return curve("Dropout in training", "position in the row", positions, "rate", rates, lines)


def cases() -> list[dict[str, Any]]:
    """Return the trace's cases: training, with a track for each iteration, and inference."""
    rng = np.random.default_rng(1)
    training = [_tracks(f"Iteration {iteration}", rng) for iteration in range(1, MASKS + 1)]
    inference = [_tracks("Inference", None)]
    return [
        {"name": name, "title": title, "forward": list(forward), "backward": list(backward)}
        for name, title, (forward, backward) in (
            ("training", "training, rate 0.5: a new mask in each iteration", zip(*training, strict=True)),
            ("inference", "inference: nothing is dropped", zip(*inference, strict=True)),
        )
    ]


def _tracks(title: str, rng: np.random.Generator | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one pass forward and backward: in training with a generator, at inference without."""
    inputs = np.array([[1, 2, 3, 4, 5, 6]], np.float32)
    gradient = np.array([[1, 1, 10, -1, 1, 10]], np.float32)
    layer = cnn.Dropout(0.5)
    outputs, mask = layer.forward_pass(inputs, training=rng is not None, rng=rng)
    dinputs, _ = layer.backward_pass(gradient, mask)
    x, y = Grid("x", "input", inputs[0]), Grid("y", "output", outputs[0], hidden=True)
    dy, dx = Grid("dy", "gradient", gradient[0]), Grid("dx", "gradient", dinputs[0], hidden=True)
    forward = "return x, None" if mask is None else "y = x * mask"
    return (
        _track(title, "forward_pass", forward, x, mask, y),
        _track(title, "backward_pass", "dx = dy if mask is None else dy * mask", dy, mask, dx),
    )


def _track(
    title: str, way: str, statement: str, before: Grid, mask: Array | None, after: Grid
) -> dict[str, Any]:
    factors = [] if mask is None else [Grid("mask", "input", mask[0])]

    def steps() -> Iterator[Step]:
        for m in range(after.values.size):
            term = product(cell(before, m), *(cell(factor, m) for factor in factors))
            why = "as it is" if mask is None else "kept, and scaled up" if mask[0, m] else "dropped"
            yield Step(statement, after, (m,), term, why)

    return track(title, f"{LAYER}.{way}", [before, *factors, after], steps())


def _with_a_fresh_mask(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    fresh, _ = layer.forward_pass(np.ones_like(cache), True, np.random.default_rng(SEED + 1))
    return dy * fresh, {}
