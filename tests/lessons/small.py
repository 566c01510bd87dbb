"""A small network for the tests of what lessons tell about a network."""

import numpy as np

import cnn


def small(layers: list[cnn.Layer]) -> cnn.Sequential:
    """Return a network of these layers for images of 6×6."""
    model = cnn.Sequential(layers)
    model.build((6, 6, 1), np.random.default_rng(0))
    return model
