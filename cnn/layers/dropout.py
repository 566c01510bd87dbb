"""Dropout: training without a random part of the numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn.checks import check_float_array, number_between, random_generator
from cnn.layers.base import Layer
from cnn.types import Array, Gradients, Shape


@dataclass(eq=False)
class Dropout(Layer):
    """Set each number to zero with probability `rate` in training, and scale the others up.

    y = x · mask, where mask is 0 with probability rate and 1 / (1 − rate) otherwise: the expected value of
    y is x. At inference y = x.

    Args:
        rate: the probability that a number is dropped, in [0, 1).

    Shapes: x and y `[n, …]`.

    Raises:
        TypeError: if `rate` is not a number.
        ValueError: if it lies outside [0, 1).

    Example:
        >>> y, _ = Dropout(0.5).forward_pass(np.ones((1, 8)), training=True, rng=np.random.default_rng(0))
        >>> y
        array([[2., 2., 2., 0., 0., 0., 0., 0.]])

    Source:
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout, JMLR 15, 2014. The paper scales at
        inference; this is the "inverted" form, which scales in training.
    """

    rate: float

    def __post_init__(self) -> None:
        self.rate = number_between(self.kind, "rate", self.rate, 0, 1)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return input_shape

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array | None]:
        """Multiply by a new random mask in training; return the input unchanged at inference."""
        check_float_array(self.kind, x)
        if not training or self.rate == 0:
            return x, None
        if rng is None:
            raise ValueError("Dropout needs a random generator in training: call forward_pass(x, True, rng).")
        kept = random_generator("Dropout", rng).random(x.shape, dtype=np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))
        y = x * mask
        return y, mask

    def backward_pass(self, dy: Array, cache: Array | None) -> tuple[Array, Gradients]:
        """Multiply by the forward pass's mask, which is the cache."""
        mask = cache
        dx = dy if mask is None else dy * mask
        return dx, {}
