"""The gradient check: the backward pass against numerical derivatives of the forward pass."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from cnn.checks import random_generator
from cnn.contract import attributes, check_built
from cnn.habits import check_object
from cnn.layers import Layer
from cnn.layers.base import check_started
from cnn.types import Array, Shape

STEP = 1e-6


def gradient_check(layer: Layer, input_shape: Shape, rng: np.random.Generator | int) -> dict[str, float]:
    """Compare a layer's gradients with the effect of small changes of its input and parameters.

    For each number θ of the input and of every parameter, the derivative of L = Σ dy · y is estimated as
    (L(θ + h) − L(θ − h)) / 2h with h = 10⁻⁶, in float64, with random inputs, parameters and dy.

    Args:
        layer: the layer; it is copied, not changed.
        input_shape: the shape of the input, with n: `(n, h, w, c)`.
        rng: where the random numbers come from: a generator, or the seed of a new one.

    Returns:
        For `"x"` and each parameter the largest relative error |numerical − analytical| /
        max(|numerical|, |analytical|, 1) of all its numbers. Below 10⁻⁶ the two agree; a wrong formula
        gives far more.

    Raises:
        TypeError: if it is not a layer, or keeps arrays that training would not see, or `rng` is neither a
            generator nor a whole number.
        ValueError: if the layer cannot take such an input, or a gradient has not the shape of its array.

    Example:
        >>> from cnn import Dense
        >>> errors = gradient_check(Dense(3), (2, 4), np.random.default_rng(0))
        >>> sorted(errors), max(errors.values()) < 1e-6
        (['bias', 'weight', 'x'], True)

    Source:
        Bengio: Practical recommendations for gradient-based training, 2012, section 4.3.
    """
    check_object("gradient_check expects one layer such as Dense(3)", layer, Layer)
    check_started(layer)
    if not isinstance(input_shape, tuple | list):
        raise TypeError(
            f"gradient_check: input_shape must be a tuple with n, such as (2, 4), received {input_shape!r}."
        )
    rng = random_generator("gradient_check", rng)
    layer = copy.deepcopy(layer)
    before = attributes(layer)
    layer.build(tuple(input_shape[1:]), rng)
    check_built(layer, before)
    # Zeros would hide errors: adding a bias of 0 and forgetting it give the same output.
    layer.params = {name: rng.standard_normal(value.shape) for name, value in layer.params.items()}
    x = rng.standard_normal(input_shape)
    seed = int(rng.integers(2**32))  # the same dropout mask at every evaluation
    y, cache = layer.forward_pass(x, training=True, rng=np.random.default_rng(seed))
    dy = rng.standard_normal(y.shape)
    dx, grads = layer.backward_pass(dy, cache)
    _check_shapes(layer, {"x": x, **layer.params}, {"x": dx, **grads})

    def objective() -> float:
        y, _ = layer.forward_pass(x, training=True, rng=np.random.default_rng(seed))
        return float((dy * y).sum())

    # A gradient that the backward pass leaves out counts as zero.
    pairs: dict[str, tuple[Array, Array]] = {"x": (x, dx)}
    pairs |= {name: (value, grads.get(name, np.zeros_like(value))) for name, value in layer.params.items()}
    return {name: _largest_error(objective, values, grad) for name, (values, grad) in pairs.items()}


def _check_shapes(layer: Layer, arrays: dict[str, Array], grads: dict[str, Array]) -> None:
    for name, grad in grads.items():
        if name not in arrays:
            raise ValueError(f"{layer.kind} gives a gradient of {name}, expected {', '.join(arrays)}.")
        if np.shape(grad) != arrays[name].shape:
            raise ValueError(
                f"{layer.kind} gives a gradient of {name} of the shape {list(np.shape(grad))}, expected the "
                f"shape of {name}, {list(arrays[name].shape)}."
            )


def _largest_error(objective: Callable[[], float], values: Array, analytical: Array) -> float:
    """Change each number a little, in place, and compare the effect with its gradient."""
    largest = 0.0
    for index in np.ndindex(values.shape):
        before = values[index]
        values[index] = before + STEP
        above = objective()
        values[index] = before - STEP
        below = objective()
        values[index] = before
        numerical, claimed = (above - below) / (2 * STEP), float(analytical[index])
        largest = max(largest, abs(numerical - claimed) / max(abs(numerical), abs(claimed), 1.0))
    return largest
