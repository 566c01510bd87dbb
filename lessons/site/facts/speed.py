"""Facts about speed: the shipped way of a layer beside the obvious one, measured when the site is built."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.layers.channels import sum_channels
from lessons.kit.speed import compared, processor, random_images


def dense() -> str:
    """Return how long a dense layer takes for a micro-batch, sample by sample and at once."""
    x, layer = random_images(32, 3136), cnn.Dense(256)
    layer.build((3136,), np.random.default_rng(0))
    rows = [
        ("32 samples, one after the other", lambda: [layer.forward_pass(x[i : i + 1]) for i in range(32)]),
        ("32 samples at once", lambda: layer.forward_pass(x)),
    ]
    return _measured(compared("3,136 inputs, 256 units", rows))


def batch_normalisation() -> str:
    """Return how long the sum of each channel takes."""
    x = random_images(32, 14, 14, 32)
    np.testing.assert_allclose(x.sum(axis=(0, 1, 2)), sum_channels(x), rtol=1e-3)
    rows = [
        ("`x.sum(axis=(0, 1, 2))`", lambda: x.sum(axis=(0, 1, 2))),
        ("`sum_channels(x)`", lambda: sum_channels(x)),
    ]
    return _measured(compared("32 maps of 14×14×32", rows))


def _measured(*tables: str) -> str:
    note = f"Measured on one thread of {processor()} when this page was built."
    return "\n\n".join([*tables, note])
