"""The page about dropout: masks on a feature map, the rate, and two trainings, with dropout and without."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import SEED, gradient_check
from lessons.kit.layers import shapes_along
from lessons.kit.sheet import HEADING, LINE, SMALL, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_trainings import TwoTrainings
from lessons.kit.subject import Subject, liveliest
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Step, cell, product, track

LAYER = "cnn.layers.dropout.Dropout"
MASKS = 4  # on the figure, and iterations of the trace


def from_network(subject: Subject) -> Shown:
    """Return what the page shows of the trained network and of the two small trainings."""
    pair = subject.with_and_without_dropout
    rate, maps = masked_maps(subject)
    return Shown(
        drawings={"dropout": partial(draw_masked_maps, subtitle=subject.training, rate=rate, maps=maps)},
        values={
            "dropped": dropped(subject.model),
            "small": pair.described(),
            "small_weights": spread_of_weights(pair),
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

    They are those of the network's first dropout on maps; without one, the rate is 0.25 on the maps of the
    first convolution.
    """
    index = subject.first_index(cnn.Dropout)
    layer = cnn.Dropout(0.25) if index is None else subject.model.layers[index]
    before = subject.maps(subject.x) if index is None else subject.inputs[index]
    channel, rng = liveliest(before), np.random.default_rng(subject.figures.seed)
    masked = [layer.forward_pass(before, True, rng)[0] for _ in range(MASKS)]
    return layer.to_config()["rate"], [one[0, :, :, channel] for one in (before, *masked)]


def draw_masked_maps(theme: Theme, width: int, subtitle: str, rate: float, maps: list[Array]) -> Sheet:
    """Draw a feature map as it is at inference, and as the masks of four iterations leave it."""
    size = 105
    largest = max(float(np.abs(one).max()) for one in maps) or 1.0
    sheet = Sheet(width, HEADING + 2 * (size + 32) + 20, theme, f"Dropout with rate {rate:g}", subtitle)
    for number, one in enumerate(maps):
        x, y = 116 * (number % 3), HEADING + (size + 32) * (number // 3)
        name = f"iteration {number}" if number else "inference"
        sheet.text(x, y + 10, name)
        colour = theme.output if number else theme.activation
        sheet.picture(x, y + 18, one / largest, colour, size)
    x, y = 2 * 116, HEADING + size + 32
    for number, text in enumerate(("dropped: as 0", f"kept: times {1 / (1 - rate):.3g}")):
        sheet.text(x, y + 34 + LINE * number, text, size=SMALL, colour=theme.quiet)
    sheet.scale(x, y + 74, theme.output, ("0", f"{largest:.1f}"), width=size - 6)
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


def spread_of_weights(pair: TwoTrainings) -> str:
    """Return how widely the weights of each layer spread, with dropout and without."""
    rows = [
        [f"{name.partition('.')[0]}. {pair.without.model.layers[int(name.partition('.')[0])].kind}"]
        + [f"{one.model.params[name].astype(np.float64).std():.4f}" for one in (pair.without, pair.with_it)]
        for name in pair.without.model.params
        if name.endswith(".weight")
    ]
    return table(["standard deviation of the weights", "without dropout", "with dropout"], rows, numbers=2)


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
