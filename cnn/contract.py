"""What a layer of a user's own must keep and return: a message says what it does instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from cnn.habits import Explains, in_brief
from cnn.layers import Layer
from cnn.types import Array, Gradients, Shape


def output_and_cache(layer: Layer, found: Any) -> tuple[Array, Any]:
    """Return what a forward pass returned.

    Raises:
        TypeError: if it is not an output and a cache.
    """
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], np.ndarray):
        return found
    raise _broken(layer, "forward_pass", "the output and a cache, (y, cache)", found)


def dx_and_gradients(layer: Layer, found: Any) -> tuple[Array, Gradients]:
    """Return what a backward pass returned.

    Raises:
        TypeError: if it is not the input's gradient and those of the parameters.
    """
    if isinstance(found, tuple) and len(found) == 2:
        return found
    expected = "the gradient of the input and a dict of those of the parameters, (dx, grads)"
    raise _broken(layer, "backward_pass", expected, found)


def check_gradients(layer: Layer, grads: Any) -> None:
    """Refuse gradients that are not those of the layer's parameters.

    Raises:
        TypeError: if a name or a shape is another.
    """
    params = layer.params
    if not isinstance(grads, dict) or grads.keys() != params.keys():
        names = ", ".join(params) or "none"
        raise _broken(layer, "backward_pass", f"a gradient for each of its parameters ({names})", grads)
    for name, grad in grads.items():
        if np.shape(grad) != params[name].shape:
            expected = f"a gradient of {name} in the shape of {name}, {list(params[name].shape)}"
            raise _broken(layer, "backward_pass", expected, grad)


@cache
def check_passes(kind: type[Layer]) -> None:
    """Refuse a class of layers whose passes cannot be called with what the contract gives them.

    Raises:
        TypeError: if one takes other arguments.
    """
    for method, taken in (("forward_pass", "x, training=False, rng=None"), ("backward_pass", "dy, cache")):
        expected = f"{method}(self, {taken})"
        given = signature(getattr(kind, method))
        try:
            given.bind(None, *taken.split(", "))
        except TypeError:
            raise TypeError(
                f"{kind.__name__}.{method} must be written as {expected}, received {method}{given}."
            ) from None


def check_shape(layer: Layer, method: str, found: Any, expected: Shape) -> None:
    """Refuse an output, or a gradient of the input, that has another shape than the contract says.

    Raises:
        TypeError: if it has.
    """
    if np.shape(found) != expected:
        what = "an output" if method == "forward_pass" else "a gradient of the input"
        told = ", as output_shape tells" if method == "forward_pass" else ""
        raise _broken(layer, method, f"{what} of the shape {list(expected)}{told}", found)


@cache
def has_shorter_way(kind: type[Layer]) -> bool:
    """Tell whether a class has a `parameter_gradients` that belongs to its `backward_pass`.

    A class that writes its own backward pass inherits that of another one otherwise.
    """

    def written(method: str) -> int:
        return next(index for index, each in enumerate(kind.__mro__) if method in vars(each))

    return kind.parameter_gradients is not Layer.parameter_gradients and (
        written("parameter_gradients") <= written("backward_pass")
    )


# What a layer keeps: training and files know only the arrays in `params` and `state` --------------------


def attributes(layer: Layer) -> dict[str, Any]:
    """Return what a layer keeps beside its parameters and its state."""
    return {name: value for name, value in vars(layer).items() if name not in ("params", "state")}


def check_built(layer: Layer, before: Mapping[str, Any]) -> None:
    """Refuse a layer whose `build` has put arrays elsewhere than into `params` and `state`.

    Args:
        layer: the layer.
        before: its `attributes` before it was built; arrays that its constructor got may be there.

    Raises:
        TypeError: if there are such arrays.
    """
    for name, value in attributes(layer).items():
        if value is not before.get(name) and any(map(_is_float_array, _parts(value))):
            raise TypeError(
                f"{layer.kind}: build keeps an array in self.{name}, which is neither trained nor saved: put "
                f'it into self.params["{name}"], or into self.state["{name}"] if it has no gradient, and '
                "read it from there in each pass."
            )
    ours = [*layer.params.values(), *layer.state.values()]
    for name, array in _arrays_inside(layer):
        if not any(np.array_equal(array, mine) for mine in ours):
            raise _untrained(layer, name)


def _arrays_inside(layer: Layer) -> list[tuple[str, Array]]:
    """Return the arrays of layers and models that a layer holds, with the names of its attributes."""
    return [
        (name, array)
        for name, value in attributes(layer).items()
        for part in _parts(value)
        if isinstance(part, Explains)  # a layer or a model
        for arrays in (getattr(part, "params", None), getattr(part, "state", None))
        if isinstance(arrays, Mapping) and arrays is not layer.params and arrays is not layer.state
        for array in arrays.values()
    ]


def _untrained(layer: Layer, name: str) -> TypeError:
    return TypeError(
        f"{layer.kind} keeps a layer with arrays of its own in self.{name}, which are neither trained nor "
        "saved: put such layers into the Sequential itself, or keep their arrays in self.params, and make "
        "the layers from these in each pass."
    )


def _parts(value: Any) -> Iterator[Any]:
    """Go through a value, or through the values that a list or dict of them holds."""
    if isinstance(value, list | tuple | Mapping):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _parts(part)
    else:
        yield value


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def watched(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers with those of a user's own put into others that look at what goes in and out."""
    return [layer if type(layer).__module__.startswith("cnn.") else _Watched(layer) for layer in layers]


class _Watched(Layer):
    """A layer of a user's own in the first passes of a training: what would go wrong silently is refused."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer, self.params, self.state = layer, layer.params, layer.state

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layer, name)

    @property
    def kind(self) -> str:
        return self.layer.kind

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.output_shape(input_shape)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, tuple[Any, Shape]]:
        inside = _arrays_inside(self.layer)
        for name, array in list(self.params.items()) if inside else ():
            self.params[name] = array.copy()  # as a step of the training does
        y, cache = output_and_cache(self.layer, self.layer.forward_pass(x, training, rng))
        now = {id(array) for _, array in _arrays_inside(self.layer)}
        for name, array in inside:
            if id(array) in now:  # the pass has not put the layer's own parameter in its place
                raise _untrained(self.layer, name)
        check_shape(self.layer, "forward_pass", y, (len(x), *self.output_shape(x.shape[1:])))
        return y, (cache, x.shape)

    def backward_pass(self, dy: Array, cache: tuple[Any, Shape]) -> tuple[Array, Gradients]:
        dx, grads = dx_and_gradients(self.layer, self.layer.backward_pass(dy, cache[0]))
        check_shape(self.layer, "backward_pass", dx, cache[1])
        return dx, grads

    def parameter_gradients(self, dy: Array, cache: tuple[Any, Shape]) -> Gradients:
        if has_shorter_way(type(self.layer)):
            return self.layer.parameter_gradients(dy, cache[0])
        return dx_and_gradients(self.layer, self.layer.backward_pass(dy, cache[0]))[1]

    def batch_statistics(self, cache: tuple[Any, Shape]) -> dict[str, Array]:
        return self.layer.batch_statistics(cache[0])


def _broken(layer: Layer, method: str, expected: str, found: object) -> TypeError:
    return TypeError(f"{layer.kind}: {method} must return {expected}, received {in_brief(found)}.")
