"""Initialisers: random weights whose spread keeps the signal's size from layer to layer.

Each takes the shape of the weights, `(…, c, n_f)`, and returns float32. fan_in is how many numbers one output
adds up, fan_out in how many sums one input takes part.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import Any, Literal

import numpy as np

from cnn.checks import FLOATS, one_of
from cnn.config import Configured
from cnn.types import Array, Shape

Initialiser = Callable[[Shape, np.random.Generator], Array]
"""A function of the weights' shape and a random generator; it returns float32 or float64."""

InitialiserName = Literal["he_uniform", "he_normal", "glorot_uniform", "glorot_normal"]


def he_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """Draw weights from U(−l, l) with l = √(6 / fan_in), which suits ReLU.

    It is the default of every layer: unlike a normal draw, a uniform draw needs no logarithm, so it gives
    the same bits on every machine.

    Source:
        He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, arXiv:1502.01852.
    """
    return _uniform(shape, sqrt(6 / _fan_in(shape)), rng)


def he_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Draw weights from N(0, 2 / fan_in), which suits ReLU.

    Source:
        He, Zhang, Ren, Sun: Delving deep into rectifiers, ICCV 2015, arXiv:1502.01852.
    """
    return _normal(shape, sqrt(2 / _fan_in(shape)), rng)


def glorot_uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """Draw weights from U(−l, l) with l = √(6 / (fan_in + fan_out)), which suits tanh and sigmoid.

    Source:
        Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
        AISTATS 2010.
    """
    return _uniform(shape, sqrt(6 / (_fan_in(shape) + _fan_out(shape))), rng)


def glorot_normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Draw weights from N(0, 2 / (fan_in + fan_out)), which suits tanh and sigmoid.

    Source:
        Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
        AISTATS 2010.
    """
    return _normal(shape, sqrt(2 / (_fan_in(shape) + _fan_out(shape))), rng)


def _fan_in(shape: Shape) -> int:
    """Return h_f · w_f · c for filters, n_in for a dense layer."""
    return prod(shape[:-1])


def _fan_out(shape: Shape) -> int:
    """Return h_f · w_f · n_f for filters, n_out for a dense layer."""
    return prod(shape[:-2]) * shape[-1]


def _uniform(shape: Shape, limit: float, rng: np.random.Generator) -> Array:
    return (2 * rng.random(shape, dtype=np.float32) - 1) * np.float32(limit)


def _normal(shape: Shape, standard_deviation: float, rng: np.random.Generator) -> Array:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(standard_deviation)


INITIALISERS: dict[str, Initialiser] = {
    function.__name__: function for function in (he_uniform, he_normal, glorot_uniform, glorot_normal)
}


def parse_initialiser(owner: str, initialiser: Any) -> InitialiserName | Initialiser:
    """Return the name of an initialiser of the library, or a function that is not the library's.

    Raises:
        ValueError: if it is neither a function nor one of the names.
    """
    for name, function in INITIALISERS.items():
        if function is initialiser:
            initialiser = name
    if not callable(initialiser) or isinstance(initialiser, Configured):  # a layer is no function
        one_of(owner, "initialiser", initialiser, INITIALISERS)
    named: InitialiserName | Initialiser = initialiser
    return named


def initial_weights(
    owner: str, initialiser: InitialiserName | Initialiser, shape: Shape, rng: np.random.Generator
) -> Array:
    """Return the weights of a new layer, float32.

    Args:
        owner: the kind of layer; an error begins with it.
        initialiser: a name, or a function.
        shape: the weights' shape.
        rng: where they are drawn from.

    Raises:
        TypeError: if a function does not return an array of float32 or float64.
        ValueError: if its array has another shape, or numbers that are not finite.

    Example:
        >>> def small(shape, rng):
        ...     return rng.normal(scale=0.01, size=shape)
        >>> initial_weights("Dense", small, (3, 4), np.random.default_rng(0)).dtype
        dtype('float32')
    """
    if isinstance(initialiser, str):
        return INITIALISERS[initialiser](shape, rng)
    name = getattr(initialiser, "__name__", type(initialiser).__name__)
    weights = initialiser(shape, rng)
    expected = (
        f"{owner}: its initialiser {name} must return finite float32 or float64 numbers of {list(shape)}"
    )
    if not isinstance(weights, np.ndarray) or weights.dtype not in FLOATS:
        found = f"an array of {weights.dtype}" if isinstance(weights, np.ndarray) else type(weights).__name__
        raise TypeError(f"{expected}, received {found}.")
    if weights.shape != shape or not np.isfinite(weights).all():
        found = f"the shape {list(weights.shape)}" if weights.shape != shape else "NaN or infinity"
        raise ValueError(f"{expected}, received {found}.")
    return weights.astype(np.float32)  # a copy: the function may go on using its array
