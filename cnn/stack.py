"""Layers in a row: forward from the first, backward from the last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cnn.checks import check_samples, check_shape
from cnn.layers import Layer
from cnn.parallel import one_blas_thread
from cnn.types import Array, Gradients, Shape


class LayerStack:
    """Layers in a row, each of which takes the output of the one before.

    Args:
        layers: the layers, from input to output.

    Attributes:
        layers: the layers.
        input_shape: one sample's shape, `(h, w, c)`, once the stack is built.

    Raises:
        TypeError: if one of the layers is not a Layer.
        ValueError: if there is none, or one stands in two places.

    Example:
        >>> from cnn import Dense, ReLU
        >>> stack = LayerStack([Dense(4), ReLU(), Dense(2)])
        >>> stack.build((3,), np.random.default_rng(0))
        (2,)
        >>> y, caches = stack.forward_pass(np.ones((5, 3), np.float32))
        >>> dx, grads = stack.backward_pass(np.ones((5, 2), np.float32), caches)
        >>> dx.shape, sorted(grads)
        ((5, 3), ['0.bias', '0.weight', '2.bias', '2.weight'])
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers: Sequence[Layer] = list(layers)
        self.input_shape: Shape | None = None
        if not self.layers:
            raise ValueError(f"{type(self).__name__} needs at least one layer, received none.")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"{type(self).__name__} expects layers such as Dense(10), received {layer!r}."
                )
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError(
                f"{type(self).__name__} needs a layer of its own for every place, received one of them twice."
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{', '.join(map(repr, self.layers))}])"

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Create every layer's parameters for samples of this shape.

        Args:
            input_shape: one sample's shape, without n: `(h, w, c)`.
            rng: where random weights come from.

        Returns:
            The shape of one output.

        Raises:
            ValueError: if a layer cannot take what the one before gives; the message names it.
            MemoryError: if there is no room for a layer's parameters; the message names it.
        """
        output_shape = self.output_shape(input_shape)
        shape = tuple(input_shape)
        for place, layer in enumerate(self.layers):
            try:
                shape = layer.build(shape, rng)
            except MemoryError as error:
                raise MemoryError(f"Layer {place} ({layer.name}) is too large: {error}") from error
        self.input_shape = tuple(input_shape)
        return output_shape

    def built_for(self) -> Shape:
        """Return the input's shape that the model was built for.

        Raises:
            RuntimeError: if it has not been built.
        """
        if self.input_shape is None:
            raise RuntimeError("The model has no parameters yet: call build(input_shape, rng) first.")
        return self.input_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one output, for one sample of this shape.

        Raises:
            ValueError: if a layer cannot take what the one before gives; the message names it.
        """
        shape = check_shape(input_shape)
        for place, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ValueError as error:
                raise ValueError(f"Layer {place} ({layer.name}) does not fit: {error}") from error
        return shape

    @property
    def params(self) -> dict[str, Array]:
        """All parameters under flat names: `0.weight` is the weight of the first layer."""
        return {f"{i}.{name}": p for i, layer in enumerate(self.layers) for name, p in layer.params.items()}

    @property
    def state(self) -> dict[str, Array]:
        """What belongs to the layers but has no gradient, under flat names: `1.mean`."""
        return {f"{i}.{name}": s for i, layer in enumerate(self.layers) for name, s in layer.state.items()}

    def assign(self, arrays: dict[str, Array]) -> None:
        """Put arrays in place of the parameters and the state of these flat names, all of them or none.

        Raises:
            ValueError: if a name or a shape is not the model's.
        """
        owners = self._owners()
        for name, array in arrays.items():
            if name not in owners:
                raise ValueError(f"The model has no array named {name!r}.")
            expected = owners[name][name.partition(".")[2]].shape
            if array.shape != expected:
                raise ValueError(f"{name} has the shape {list(expected)}, received {list(array.shape)}.")
        for name, array in arrays.items():
            owners[name][name.partition(".")[2]] = array

    def _owners(self) -> dict[str, dict[str, Array]]:
        """Return the dict that holds the array of each flat name."""
        return {
            f"{place}.{name}": home
            for place, layer in enumerate(self.layers)
            for home in (layer.params, layer.state)
            for name in home
        }

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Any]]:
        """Send samples through all layers.

        Args:
            x: the samples, `[n, h, w, c]`.
            training: whether to behave as in training.
            rng: where dropout draws from; only needed in training.

        Returns:
            The last layer's output, and every layer's cache.
        """
        caches = []
        for layer in self.layers:
            x, cache = layer.forward_pass(x, training, rng)
            caches.append(cache)
        return x, caches

    def backward_pass(self, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        """Carry a gradient back through all layers, last one first.

        Args:
            dy: the gradient with respect to the last layer's output.
            caches: what the forward pass returned beside that output.

        Returns:
            The gradient with respect to the input, and those of all parameters under flat names.
        """
        return self._back_to(0, dy, caches)

    def parameter_gradients(self, dy: Array, caches: list[Any]) -> Gradients:
        """Return the parameters' gradients as backward_pass does, without that of the input.

        Training needs no more, and the way back ends at the first layer that has parameters.
        """
        first = next((place for place, layer in enumerate(self.layers) if layer.params), None)
        if first is None:
            return {}
        dy, grads = self._back_to(first + 1, dy, caches)
        return grads | self._flat(first, self.layers[first].parameter_gradients(dy, caches[first]))

    def _back_to(self, first: int, dy: Array, caches: list[Any]) -> tuple[Array, Gradients]:
        grads: Gradients = {}
        for place in reversed(range(first, len(self.layers))):
            dy, layer_grads = self.layers[place].backward_pass(dy, caches[place])
            grads |= self._flat(place, layer_grads)
        return dy, grads

    @staticmethod
    def _flat(place: int, arrays: dict[str, Array]) -> dict[str, Array]:
        return {f"{place}.{name}": array for name, array in arrays.items()}

    def activations(self, x: Array) -> list[Array]:
        """Return every layer's output for these samples, first layer first.

        Raises:
            RuntimeError: if the model has not been built.
            TypeError: if `x` is not an array of float32 or float64.
            ValueError: if its samples do not fit the model or hold NaN.
        """
        check_samples("x", x, self.built_for())
        found = []
        with one_blas_thread():  # as in `outputs`, for the same bits
            for layer in self.layers:
                x, _ = layer.forward_pass(x)
                found.append(x)
        return found
