"""The traces of the dense layer: every output listens to every input."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn import Dense
from lessons.kit.steps import (
    dense_bias_gradient_steps,
    dense_input_gradient_steps,
    dense_steps,
    dense_weight_gradient_steps,
)
from lessons.kit.traces import Grid, track

LAYER = "cnn.layers.dense.Dense"


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three inputs, two outputs."""
    layer = Dense(2)
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
