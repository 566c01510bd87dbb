"""Flatten: from an image to one long row of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from cnn.checks import check_float_array
from cnn.layers.base import Layer
from cnn.types import Array, Gradients, Shape


@dataclass(eq=False)
class Flatten(Layer):
    """Write each sample as one row: y[n, (p · w + q) · c + k] = x[n, p, q, k].

    Shapes: x `[n, h, w, c]` (or any other), y `[n, h · w · c]`.

    Source:
        LeCun and others: Backpropagation applied to handwritten zip code recognition, 1989, where a dense
        layer follows the last feature maps.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(h · w · c,)` for images of `(h, w, c)`."""
        return (prod(input_shape),)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Reshape each sample to a row; the input's shape is the cache."""
        check_float_array(self.kind, x)
        y = x.reshape(len(x), prod(x.shape[1:]))
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Reshape each row to the input's shape."""
        dx = dy.reshape(cache)
        return dx, {}
