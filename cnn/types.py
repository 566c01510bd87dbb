"""The types that the whole library speaks in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""A tensor of float32 or float64."""

Labels = NDArray[np.integer[Any]]
"""Class labels, one integer per sample: `[n]`."""

Targets = NDArray[Any]
"""What outputs are compared with: labels `[n]`, or one row per sample `[n, classes]`."""

Shape = tuple[int, ...]
"""The shape of one sample, without n: `(h, w, c)` for an image."""

Pair = tuple[int, int]
"""Two numbers for height and width."""

Gradients = dict[str, Array]
"""Gradients under the names of the parameters they belong to."""
