"""The traces of dropout: the masks of several iterations, and inference, which has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn import Dropout
from cnn.types import Array
from lessons.kit.traces import Grid, Step, cell, product, track

LAYER = "cnn.layers.dropout.Dropout"
ITERATIONS = 4


def cases() -> list[dict[str, Any]]:
    """Return the cases: training, with a track for each iteration, and inference."""
    rng = np.random.default_rng(1)
    training = [_tracks(f"Iteration {iteration}", rng) for iteration in range(1, ITERATIONS + 1)]
    inference = [_tracks("Inference", None)]
    return [
        {"name": name, "title": title, "forward": list(forward), "backward": list(backward)}
        for name, title, (forward, backward) in (
            ("training", "training, rate 0.5: a new mask in each iteration", zip(*training, strict=True)),
            ("inference", "inference: nothing is dropped", zip(*inference, strict=True)),
        )
    ]  # fmt: skip


def _tracks(title: str, rng: np.random.Generator | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one pass forward and backward: in training with a generator, at inference without."""
    inputs = np.array([[1, 2, 3, 4, 5, 6]], np.float32)
    gradient = np.array([[1, 1, 10, -1, 1, 10]], np.float32)
    layer = Dropout(0.5)
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
