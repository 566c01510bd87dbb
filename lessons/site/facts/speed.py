"""Facts about speed: the shipped way of a layer beside the obvious one, measured when the site is built."""

from __future__ import annotations

import numpy as np

from cnn.layers.channels import sum_channels
from lessons.kit.speed import compared, processor, random_images


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
