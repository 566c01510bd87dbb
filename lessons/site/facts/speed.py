"""Facts about speed: the shipped way of a layer beside the obvious one, measured when the site is built."""

from __future__ import annotations

from itertools import product

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.speed import compared, processor, random_images


def pooling() -> str:
    """Return how long max-pooling takes window by window and place by place."""
    x, layer = random_images(1, 28, 28, 8), cnn.MaxPool2D(2)
    np.testing.assert_array_equal(looped_pooling(x), layer.forward_pass(x)[0])
    rows = [
        ("a loop over the 14·14 windows", lambda: looped_pooling(x)),
        ("`MaxPool2D.forward_pass`, a loop over the 4 places", lambda: layer.forward_pass(x)),
    ]
    return _measured(compared("one image of 28×28×8, windows of 2×2", rows))


def dense() -> str:
    """Return how long a dense layer takes for a micro-batch, sample by sample and at once."""
    x, layer = random_images(32, 3136), cnn.Dense(256)
    layer.build((3136,), np.random.default_rng(0))
    rows = [
        ("32 samples, one after the other", lambda: [layer.forward_pass(x[i : i + 1]) for i in range(32)]),
        ("32 samples at once", lambda: layer.forward_pass(x)),
    ]
    return _measured(compared("3,136 inputs, 256 units", rows))


def looped_pooling(x: Array) -> Array:
    """Return the maxima of windows of 2×2, one window after the other."""
    n, h, w, c = x.shape
    y = np.empty((n, h // 2, w // 2, c), x.dtype)
    for p, q in product(range(h // 2), range(w // 2)):
        y[:, p, q] = x[:, 2 * p : 2 * p + 2, 2 * q : 2 * q + 2].max(axis=(1, 2))
    return y


def _measured(*tables: str) -> str:
    note = f"Measured on one thread of {processor()} when this page was built."
    return "\n\n".join([*tables, note])
