"""The traces of flatten: every number keeps its value and gets a new address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn import Flatten
from lessons.kit.traces import Grid, Step, cell, track

LAYER = "cnn.layers.flatten.Flatten"


def cases() -> list[dict[str, Any]]:
    """Return the only case: an image of 2×2 with two channels, whose numbers say where they stand."""
    inputs = np.array([[[[0, 1], [10, 11]], [[100, 101], [110, 111]]]], np.float32)
    layer = Flatten()
    outputs, cache = layer.forward_pass(inputs)
    dinputs, _ = layer.backward_pass(outputs, cache)
    x, y = Grid("x", "input", inputs[0]), Grid("y", "output", outputs, hidden=True)
    dy, dx = Grid("dy", "gradient", outputs), Grid("dx", "gradient", dinputs[0], hidden=True)
    return [
        {
            "name": "plain",
            "title": "an image of 2×2 with two channels",
            "forward": [track("Forward", f"{LAYER}.forward_pass", [x, y], forward_steps(x, y))],
            "backward": [
                track("The gradient of the input", f"{LAYER}.backward_pass", [dy, dx], backward_steps(dy, dx))
            ],
        }
    ]


def forward_steps(
    x: Grid, y: Grid, statement: str = "y = x.reshape(len(x), prod(x.shape[1:]))"
) -> Iterator[Step]:
    """Fill y, in the order in which the image is read."""
    for p, q, k in np.ndindex(x.values.shape):
        address, place = _address(x, p, q, k)
        why = f"{x.called((p, q, k))} goes to place {address}"
        yield Step(statement, y, (0, place), cell(x, p, q, k), why)


def backward_steps(dy: Grid, dx: Grid, statement: str = "dx = dy.reshape(cache)") -> Iterator[Step]:
    """Fill dx: each gradient returns to the address that its number came from."""
    for p, q, k in np.ndindex(dx.values.shape):
        address, place = _address(dx, p, q, k)
        yield Step(statement, dx, (p, q, k), cell(dy, 0, place), f"dy comes back from place {address}")


def _address(image: Grid, p: int, q: int, k: int) -> tuple[str, int]:
    """Return the sum that gives a pixel's place in the row, and what comes out."""
    _, w, c = image.values.shape
    place = (p * w + q) * c + k
    return f"({p} · {w} + {q}) · {c} + {k} = {place}", place
