"""The traces of flatten: every number keeps its value and gets a new address."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn import Flatten
from lessons.kit.steps import flatten_gradient_steps, flatten_steps
from lessons.kit.traces import Grid, track

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
