"""Initialisers: random weights whose spread keeps the signal's size from layer to layer.

Each takes the shape of the weights, `(…, c, n_f)`, and returns float32. fan_in is how many numbers one output
adds up, fan_out in how many sums one input takes part.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import Literal

import numpy as np

from cnn.types import Array, Shape

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


INITIALISERS: dict[str, Callable[[Shape, np.random.Generator], Array]] = {
    function.__name__: function for function in (he_uniform, he_normal, glorot_uniform, glorot_normal)
}
