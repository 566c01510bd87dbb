"""Activations: curves between the layers; without them, any number of layers would be one matrix."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from cnn.checks import check_float_array, number_between
from cnn.layers.base import Layer
from cnn.types import Array, Gradients, Shape


class _Activation(Layer):
    """What activations share: the output has the input's shape."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return input_shape


@dataclass(eq=False)
class ReLU(_Activation):
    """Keep what is positive: y = max(x, 0), and dx = dy where x > 0, else 0.

    Source:
        Nair, Hinton: Rectified linear units improve restricted Boltzmann machines, ICML 2010.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Replace negative numbers by 0; the output is the cache."""
        check_float_array(self.kind, x)
        y = np.maximum(x, np.zeros(x.shape[1:], x.dtype))  # three times as fast as against the number 0
        return y, y

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Let dy through where the output is positive."""
        y = cache
        dx = dy * (y > 0)
        return dx, {}


@dataclass(eq=False)
class LeakyReLU(_Activation):
    """Keep what is positive and a little of the rest: y = x where x > 0, else slope · x.

    Args:
        slope: the share of a negative number that is kept, in [0, 1).

    Raises:
        TypeError: if `slope` is not a number.
        ValueError: if it lies outside [0, 1).

    Source:
        Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models, ICML 2013.
    """

    slope: float = 0.01

    def __post_init__(self) -> None:
        self.slope = number_between(self.kind, "slope", self.slope, 0, 1)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Return the larger of x and slope · x; the input is the cache."""
        check_float_array(self.kind, x)
        y = np.maximum(x, self.slope * x)
        return y, x

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Let dy through where the input is positive, and slope · dy elsewhere."""
        x = cache
        dx = np.where(x > 0, dy, self.slope * dy)
        return dx, {}


@dataclass(eq=False)
class Sigmoid(_Activation):
    """Squash into (0, 1): y = 1 / (1 + e^(−x)), and dx = dy · y · (1 − y).

    Source:
        Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, Nature 323, 1986.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Compute the curve as (1 + tanh(x / 2)) / 2, which never overflows; the output is the cache."""
        check_float_array(self.kind, x)
        y = 0.5 * (1 + np.tanh(0.5 * x))
        return y, y

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Multiply dy by the curve's slope, which follows from the output."""
        y = cache
        dx = dy * y * (1 - y)
        return dx, {}


@dataclass(eq=False)
class Tanh(_Activation):
    """Squash into (−1, 1): y = tanh(x), and dx = dy · (1 − y²).

    Source:
        LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.4.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Compute the curve; the output is the cache."""
        check_float_array(self.kind, x)
        y = np.tanh(x)
        return y, y

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Multiply dy by the curve's slope, which follows from the output."""
        y = cache
        dx = dy * (1 - y * y)
        return dx, {}


@dataclass(eq=False)
class GELU(_Activation):
    """Multiply x by the probability that a standard normal number is smaller, approximated with tanh.

    y = x/2 · (1 + t) with t = tanh(√(2/π) · (x + 0.044715 · x³))

    Source:
        Hendrycks, Gimpel: Gaussian error linear units, arXiv:1606.08415.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Compute the curve; the input is the cache."""
        check_float_array(self.kind, x)
        y = 0.5 * x * (1 + self._tanh(x))
        return y, x

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Multiply dy by the slope at x: (1 + t)/2 + x/2 · (1 − t²) · √(2/π) · (1 + 0.134145 · x²)."""
        x = cache
        t = self._tanh(x)
        slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x))
        return dy * slope, {}

    def _tanh(self, x: Array) -> Array:
        with np.errstate(over="ignore"):  # x³ may become infinite, where t is 1
            return np.tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x))


@dataclass(eq=False)
class Softmax(_Activation):
    """Turn each row of numbers into probabilities: y_i = e^(x_i) / Σ_j e^(x_j), over the last axis.

    Shapes: x and y `[n, …, n_out]`.

    Example:
        >>> Softmax().forward_pass(np.array([[1.0, 1.0], [1000.0, 0.0]]))[0]
        array([[0.5, 0.5],
               [1. , 0. ]])

    Source:
        Bridle: Probabilistic interpretation of feedforward classification network outputs, 1990.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Compute the probabilities, which are the cache too.

        Subtracting each row's maximum first changes no probability and prevents overflow.
        """
        check_float_array(self.kind, x, "n … n_out")
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        y = e / e.sum(axis=-1, keepdims=True)
        return y, y

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Apply the transposed Jacobian, ∂y_i / ∂x_j = y_i · (δ_ij − y_j): dx = y · (dy − Σ_j dy_j · y_j)."""
        y = cache
        dx = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
        return dx, {}

    def receptive_window(self, input_shape: Shape) -> None:
        """Return None: a probability depends on the whole input."""
