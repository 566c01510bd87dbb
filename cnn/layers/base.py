"""What every layer is: hyperparameters and parameters, a forward pass and a backward pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

import numpy as np

from cnn.config import Configured
from cnn.types import Array, Gradients, Pair, Shape


@dataclass(eq=False)
class Layer(Configured, ABC):
    """The contract of a layer: it holds its parameters, never activations.

    What the backward pass needs travels in the cache that the forward pass returns. So one layer can serve
    several passes and several threads at once, and a reader sees what backpropagation has to remember. No
    pass changes the layer, its input or the cache.

    Attributes:
        params: the arrays that training changes; their gradients have the same names.
        state: the arrays that belong to the layer but have no gradient (only BatchNorm has any).
        built_for: the shape of the samples for which a model has built the layer; None before that.
        decays: the names of the parameters to which weight decay applies.
        takes_bytes: whether the layer's input may be bytes (uint8), such as the pixels of a picture.

    Example:
        >>> from cnn import Dense
        >>> dense = Dense(2)
        >>> dense.build((3,), np.random.default_rng(0))
        (2,)
        >>> y, cache = dense.forward_pass(np.ones((5, 3), np.float32))
        >>> dx, grads = dense.backward_pass(np.ones((5, 2), np.float32), cache)
        >>> dx.shape, sorted(grads)
        ((5, 3), ['bias', 'weight'])

    Source:
        Returned caches: Stanford CS231n's assignments; Karpathy: llm.c, doc/layernorm.
    """

    family: ClassVar[str] = "layer"
    decays: ClassVar[tuple[str, ...]] = ()
    takes_bytes: ClassVar[bool] = False

    params: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    state: dict[str, Array] = field(init=False, repr=False, default_factory=dict)
    built_for: Shape | None = field(init=False, repr=False, default=None)

    def __call__(self, x: object) -> NoReturn:
        """Refuse to be called, as layers of other libraries are.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            f"A layer is not called: write {self.kind.lower()}.forward_pass(x), which returns the output and "
            "the cache, or put the layer into a Sequential, and call that."
        )

    @property
    def kind(self) -> str:
        """The kind of layer, such as `Conv2D`."""
        return type(self).__name__

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Create the parameters for samples of this shape.

        Args:
            input_shape: one sample's shape, without n.
            rng: where random weights come from.

        Returns:
            The shape of one output.

        Raises:
            ValueError: if the layer cannot take such samples.
        """
        return self.output_shape(input_shape)

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one output, for one sample of this shape.

        Raises:
            ValueError: if the layer cannot take such samples.
        """

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the parameters that `build` creates for samples of this shape."""
        return {}

    @abstractmethod
    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        """Compute the output, and the cache that the backward pass needs.

        Args:
            x: the input, `[n, …]`, float32 or float64, and the output has the same type; or bytes where
                `takes_bytes`, and the output is float32.
            training: whether to behave as in training (dropout, batch normalisation).
            rng: where dropout draws from; only needed in training.

        Returns:
            The output and the cache.
        """

    @abstractmethod
    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        """Carry the gradient of the loss from the output back to the input and the parameters.

        Args:
            dy: the gradient with respect to the output, in the output's shape.
            cache: what the forward pass returned with that output.

        Returns:
            The gradient with respect to the input, and those of the parameters.
        """

    def parameter_gradients(self, dy: Array, cache: Any) -> Gradients:
        """Return the parameters' gradients alone: the first layer of a model needs no others."""
        return self.backward_pass(dy, cache)[1]

    def batch_statistics(self, cache: Any) -> dict[str, Array]:
        """Return the statistics that a forward pass in training found and `update_state` needs."""
        return {}

    def update_state(self, statistics: dict[str, Array]) -> None:
        """Update the state with one micro-batch's statistics; called after the batch's step, in order."""

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return the number of multiply-adds in the forward pass of one sample."""
        return 0

    def receptive_window(self, input_shape: Shape) -> tuple[Pair, Pair] | None:
        """Return size and stride of the part of the input that one output sees; None: it sees the whole."""
        return (1, 1), (1, 1)

    def param(self, name: str, like: Array) -> Array:
        """Return a parameter in the number type of the input.

        Raises:
            RuntimeError: if the layer has not been built.
        """
        if name not in self.params:
            raise RuntimeError(
                f"{self.kind} has no {name} yet: call build(input_shape, rng) on the layer or model first."
            )
        return self.params[name].astype(like.dtype, copy=False)


def check_started(layer: Layer) -> None:
    """Refuse a layer whose own constructor did not call that of Layer.

    Raises:
        TypeError: if it has no `params` or no `state`.
    """
    if not (hasattr(layer, "params") and hasattr(layer, "state")):
        raise TypeError(
            f"{layer.kind} has no params and state: call super().__init__() first in its __init__, or make "
            "it a dataclass, which needs no __init__."
        )
