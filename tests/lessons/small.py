"""What tests of lessons share: the parameters of the figures, and small networks."""

import numpy as np

import cnn
from lessons.params import load_all_parameters

FIGURES = load_all_parameters().figures


def small(layers: list[cnn.Layer]) -> cnn.Sequential:
    """Return a network of these layers for images of 6×6."""
    model = cnn.Sequential(layers)
    model.build((6, 6, 1), np.random.default_rng(0))
    return model
