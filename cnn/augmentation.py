"""Augmentation: every epoch distorts every image anew, so the model never sees the same one twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import radians
from typing import ClassVar

import numpy as np

from cnn.checks import check_float_array, number_between
from cnn.habits import Explains
from cnn.types import Array


class Augmentation(Explains, ABC):
    """A random change of images, with random numbers that come from outside.

    `Sequential.fit` draws them for each sample and epoch. So the result depends neither on the other samples
    nor on the worker that computes it. `fit` gives bytes as float32 of the same values.

    Attributes:
        numbers: how many random numbers a sample needs.
    """

    numbers: ClassVar[int]

    @abstractmethod
    def __call__(self, x: Array, draws: Array) -> Array:
        """Return changed copies of the samples.

        Args:
            x: the samples, `[n, …]`, float32 or float64; the result has the same shape and type.
            draws: random numbers in [0, 1), `[n, numbers]`, one row for each sample.

        Raises:
            TypeError: if `x` is not an array of float32 or float64.
            ValueError: if the shapes of the samples and the draws do not fit.
        """


@dataclass(kw_only=True)
class RandomAffine(Augmentation):
    """Rotate, stretch, shear and shift each image about its centre.

    The pixel i rows below the centre and j columns to its right gets the value of the image at

        row = cos α · u − sin α · v + s,  column = sin α · u + cos α · v + t

    below and to the right of the centre, where u = (1 + a) · i and v = (1 + b) · j + k · u. Between pixels
    the value is interpolated, first along the rows, then between them; outside the image it is the value of
    the nearest pixel. α, a, b, k, s and t are uniform between −range and range: a draw of 0 gives −range, a
    draw of ½ gives 0, which changes nothing.

    Args:
        rotation: the range of α in degrees, in [0, 360).
        scale: the range of a and b, in [0, 1).
        shear: the range of k, in columns per row.
        shift: the range of s and t, in pixels.

    Shapes: x `[n, h, w, c]`, draws `[n, 6]` for α, a, b, k, s and t.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if one is out of range.

    Example:
        >>> image = np.array([[1.0, 2.0, 3.0]])[None, :, :, None]
        >>> half_a_column = np.array([[0.5, 0.5, 0.5, 0.5, 0.5, 0.75]])
        >>> RandomAffine(shift=1)(image, half_a_column).ravel()
        array([1.5, 2.5, 3. ])

    Source:
        Simard, Steinkraus, Platt: Best practices for convolutional neural networks applied to visual
        document analysis, ICDAR 2003.
    """

    numbers: ClassVar[int] = 6

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        for name, limit in (("rotation", 360), ("scale", 1), ("shear", np.inf), ("shift", np.inf)):
            setattr(self, name, number_between("RandomAffine", name, getattr(self, name), 0, limit))

    def __call__(self, x: Array, draws: Array) -> Array:
        """Return the distorted images."""
        check_float_array("RandomAffine", x, "n h w c")
        check_float_array("RandomAffine (draws)", draws, "n numbers")
        if draws.shape != (len(x), self.numbers):
            raise ValueError(
                f"RandomAffine expects draws of the shape {[len(x), self.numbers]} for images of the shape "
                f"{list(x.shape)}, received {list(draws.shape)}."
            )
        return _interpolated(x, *self._positions(draws, *x.shape[1:3]))

    def _positions(self, draws: Array, h: int, w: int) -> tuple[Array, Array]:
        """Return the row and the column from which each pixel gets its value, `[n, h, w]` each.

        They are float32, since sine and cosine of float32 have the same bits on every CPU.
        """
        kinds = radians(self.rotation), self.scale, self.scale, self.shear, self.shift, self.shift
        angle, a, b, k, s, t = (np.array(kinds, np.float32) * (2 * draws - 1).astype(np.float32)).T
        cos, sin = np.cos(angle), np.sin(angle)
        middle_row, middle_column = np.float32((h - 1) / 2), np.float32((w - 1) / 2)
        i, j = np.arange(h, dtype=np.float32) - middle_row, np.arange(w, dtype=np.float32) - middle_column
        u, v = np.outer(1 + a, i), np.outer(1 + b, j)  # v without the shear
        k, s, t, cos, sin = (number[:, None] for number in (k, s, t, cos, sin))
        rows = ((cos - sin * k) * u + (middle_row + s))[:, :, None] - (sin * v)[:, None, :]
        columns = ((sin + cos * k) * u + (middle_column + t))[:, :, None] + (cos * v)[:, None, :]
        return rows, columns


def _interpolated(x: Array, rows: Array, columns: Array) -> Array:
    """Return the values of images `[n, h, w, c]` at positions between their pixels, `[n, h, w]` each."""
    n, h, w, c = x.shape
    rows, columns = rows.clip(0, h - 1), columns.clip(0, w - 1)
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    start = (h * w * np.arange(n))[:, None, None]  # of each image among all pixels
    upper = start + w * top.astype(np.intp)
    lower = start + w * np.minimum(top + 1, h - 1).astype(np.intp)
    first, second = left.astype(np.intp), np.minimum(left + 1, w - 1).astype(np.intp)
    pixels = x.reshape(-1, c)
    above: Array = pixels.take(upper + first, axis=0)
    below = pixels.take(lower + first, axis=0)
    above += right * (pixels.take(upper + second, axis=0) - above)
    below += right * (pixels.take(lower + second, axis=0) - below)
    above += down * (below - above)
    return above
