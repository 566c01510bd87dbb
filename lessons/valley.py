"""The loss surface on which optimisers are compared: a long, narrow valley."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.types import Array
from lessons.params import Valley


def path(valley: Valley, optimiser: cnn.Optimiser) -> Array:
    """Return where an optimiser stands at the start and after each step, `[steps + 1, 2]`."""
    slopes = np.array([1.0, valley.steepness])
    places = [np.array((valley.along, valley.across))]
    for _ in range(valley.steps):
        places.append(optimiser.update({"w": places[-1]}, {"w": slopes * places[-1]})["w"])
    return np.array(places)


def height(valley: Valley, places: Array) -> Array:
    """Return the loss at places `[…, 2]`."""
    heights: Array = (places[..., 0] ** 2 + valley.steepness * places[..., 1] ** 2) / 2
    return heights
