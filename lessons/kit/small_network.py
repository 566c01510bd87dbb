"""A network small enough to see: it tells a one from something else, with 20 parameters."""

from __future__ import annotations

import numpy as np

import cnn
from cnn import Conv2D, Dense, Flatten, MaxPool2D, ReLU, Sequential

PICTURE = np.array(
    [
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ],
    np.float32,
).reshape(1, 6, 6, 1)
LABEL = np.array([0])
START = {
    "0.weight": np.array([[-1, 0, 1]] * 3, np.float32).reshape(3, 3, 1, 1),
    "0.bias": np.array([1], np.float32),
    "4.weight": np.array([[0.5, 0], [0, 0.5], [0, 0.5], [1, 0]], np.float32),
    "4.bias": np.array([0, 1], np.float32),
}


def small_layers() -> list[cnn.Layer]:
    """Return its layers."""
    return [Conv2D(1, kernel_size=3), ReLU(), MaxPool2D(2), Flatten(), Dense(2)]


def small_network() -> Sequential:
    """Return it with the parameters that it starts from."""
    model = Sequential(small_layers())
    model.build(PICTURE.shape[1:], np.random.default_rng(0))
    model.assign(START)
    return model
