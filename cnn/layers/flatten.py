"""Flatten: from an image's grid of numbers to one long row."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from cnn.checks import check_float_array
from cnn.layers.base import Layer
from cnn.types import Array, Gradients, Shape


@dataclass(eq=False)
class Flatten(Layer):
    """Lay out each sample in one row: y[n, (p · w + q) · c + k] = x[n, p, q, k].

    Shapes: x `[n, h, w, c]` (or any other), y `[n, h · w · c]`.

    Example:
        >>> Flatten().forward_pass(np.ones((2, 7, 7, 64), np.float32))[0].shape
        (2, 3136)

    Source:
        LeCun and others: Backpropagation applied to handwritten zip code recognition, 1989, whose last
        feature maps feed a dense layer.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(h · w · c,)` for images of `(h, w, c)`."""
        return (prod(input_shape),)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Give each sample one row."""
        check_float_array(self.name, x)
        y = x.reshape(len(x), prod(x.shape[1:]))
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Give each sample its form back; the cache is the input's shape."""
        dx = dy.reshape(cache)
        return dx, {}
