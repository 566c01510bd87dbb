"""The types of the library's arguments and results."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""A tensor of float32 or float64."""

Labels = NDArray[np.integer[Any]]
"""Class labels, one whole number for each sample: `[n]`."""

Targets = NDArray[Any]
"""What outputs are compared with: labels `[n]`, or numbers in the outputs' shape, `[n, …]`."""

Shape = tuple[int, ...]
"""The shape of one sample, without n: `(h, w, c)` for an image."""

Pair = tuple[int, int]
"""Two numbers for height and width."""

Gradients = dict[str, Array]
"""Gradients under the names of their parameters."""
