"""The dense layer: every output is a weighted sum of all inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cnn.checks import check_float_array, whole_number
from cnn.initialisers import Initialiser, InitialiserName, initial_weights, parse_initialiser
from cnn.layers.base import Layer
from cnn.types import Array, Gradients, Shape


@dataclass(eq=False)
class Dense(Layer):
    """Compute weighted sums of all inputs: y = x · weight + bias.

    Args:
        units: n_out, the number of outputs.
        initialiser: where the weights start, a name or a function `(shape, rng) → array`; the biases start
            at 0.

    Shapes: x `[n, n_in]`, weight `[n_in, n_out]`, bias `[n_out]`, y `[n, n_out]`.

    Raises:
        TypeError: if `units` is not a whole number.
        ValueError: if `units` is less than 1 or the initialiser unknown.

    Example:
        >>> dense = Dense(1)
        >>> dense.build((2,), np.random.default_rng(0))
        (1,)
        >>> dense.params["weight"], dense.params["bias"] = np.array([[2.0], [3.0]]), np.array([1.0])
        >>> dense.forward_pass(np.array([[10.0, 100.0]]))[0]
        array([[321.]])

    Source:
        Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, Nature 323, 1986.
    """

    decays: ClassVar[tuple[str, ...]] = ("weight",)

    units: int
    initialiser: InitialiserName | Initialiser = "he_uniform"

    def __post_init__(self) -> None:
        self.units = whole_number(self.kind, "units", self.units, minimum=1)
        self.initialiser = parse_initialiser(self.kind, self.initialiser)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Create the weights for samples of `(n_in,)`."""
        output_shape = self.output_shape(input_shape)
        shapes = self.parameter_shapes(input_shape)
        self.params["weight"] = initial_weights(self.kind, self.initialiser, shapes["weight"], rng)
        self.params["bias"] = np.zeros(shapes["bias"], np.float32)
        return output_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return `(n_in, n_out)` for the weight and `(n_out,)` for the bias."""
        return {"weight": (input_shape[0], self.units), "bias": (self.units,)}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(n_out,)` for samples of `(n_in,)`."""
        if len(input_shape) != 1:
            raise ValueError(
                f"Dense expects samples of (n_in,), received {input_shape}: put Flatten before it."
            )
        return (self.units,)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Multiply by the weights and add the biases; the input is the cache."""
        check_float_array(self.kind, x, "n n_in")
        weight, bias = self.param("weight", like=x), self.param("bias", like=x)
        if x.shape[1] != len(weight):
            raise ValueError(
                f"Dense was built for {len(weight)} inputs, received {x.shape[1]} in the shape {x.shape}."
            )
        y = x @ weight + bias
        return y, x

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Carry dy back to the input, dx = dy · weightᵀ, and to the parameters."""
        dx = dy @ self.param("weight", like=dy).T
        return dx, self.parameter_gradients(dy, cache)

    def parameter_gradients(self, dy: Array, cache: Array) -> Gradients:
        """Return dweight = xᵀ · dy and dbias, the sum of dy over the samples."""
        x = cache
        return {"weight": x.T @ dy, "bias": dy.sum(axis=0)}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return n_in · n_out."""
        return input_shape[0] * self.units

    def receptive_window(self, input_shape: Shape) -> None:
        """Return None: an output sees the whole input."""
