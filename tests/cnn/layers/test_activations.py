from collections.abc import Callable
from math import exp, pi, sqrt, tanh
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes

from cnn import GELU, Layer, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from cnn.types import Shape
from tests.cnn.layers.strategies import FLOATS, dtypes, seeds
from tests.refusals import assert_refuses

Curve = Callable[[float], float]

CURVES: list[tuple[Layer, Curve]] = [
    (ReLU(), lambda x: x if x > 0 else 0),
    (LeakyReLU(0.3), lambda x: x if x > 0 else 0.3 * x),
    (Sigmoid(), lambda x: 1 / (1 + exp(-x))),
    (Tanh(), lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
    (GELU(), lambda x: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))),
]
shapes = array_shapes(min_dims=2, max_dims=4, max_side=4)


@pytest.mark.parametrize(("layer", "curve"), CURVES)
@given(shape=shapes, seed=seeds, dtype=dtypes)
def test_each_number_follows_the_curve(
    layer: Layer, curve: Curve, shape: Shape, seed: int, dtype: Any
) -> None:
    x = (3 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)
    y, _ = layer.forward_pass(x)
    assert y.shape == shape
    expected = [curve(float(number)) for number in x.flat]
    np.testing.assert_allclose(y.ravel(), expected, rtol=0, atol=8 * np.finfo(dtype).eps * abs(x).max())


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("layer", "y", "dx"),
    [
        (ReLU(), [0, 0, 1e4], [0, 0, 1]),
        (LeakyReLU(0.5), [-5e3, 0, 1e4], [0.5, 0.5, 1]),
        (Sigmoid(), [0, 0.5, 1], [0, 0.25, 0]),
        (Tanh(), [-1, 0, 1], [0, 1, 0]),
        (GELU(), [0, 0, 1e4], [0, 0.5, 1]),
        (Softmax(), [0, 0, 1], [0, 0, 0]),
    ],
)
def test_extreme_numbers_stay_finite(layer: Layer, y: list[float], dx: list[float], dtype: Any) -> None:
    found, cache = layer.forward_pass(np.array([[-1e4, 0, 1e4]], dtype))
    np.testing.assert_array_equal(found, np.array([y], dtype), strict=True)
    np.testing.assert_array_equal(
        layer.backward_pass(np.ones((1, 3), dtype), cache)[0], np.array([dx], dtype), strict=True
    )


@given(shape=shapes, seed=seeds)
def test_softmax_gives_probabilities_that_follow_its_definition(shape: Shape, seed: int) -> None:
    x = 3 * np.random.default_rng(seed).standard_normal(shape)
    y, _ = Softmax().forward_pass(x)
    for index in np.ndindex(*shape[:-1]):
        total = sum(exp(number) for number in x[index])
        np.testing.assert_allclose(y[index], [exp(number) / total for number in x[index]], rtol=1e-12)


def test_a_row_of_small_numbers_does_not_vanish_beside_one_of_large_numbers() -> None:
    y, _ = Softmax().forward_pass(np.array([[1e4, 1e4], [-1e4, -1e4]]))
    np.testing.assert_array_equal(y, [[0.5, 0.5], [0.5, 0.5]])


@given(shape=shapes, seed=seeds)
def test_softmax_sends_dy_back_through_the_jacobian_of_each_row(shape: Shape, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dy = rng.standard_normal(shape)
    y, cache = Softmax().forward_pass(rng.standard_normal(shape))
    dx, grads = Softmax().backward_pass(dy, cache)
    for index in np.ndindex(*shape[:-1]):
        row = y[index]
        jacobian = np.empty((len(row), len(row)))
        for i, j in np.ndindex(jacobian.shape):
            jacobian[i, j] = row[i] * ((i == j) - row[j])
        np.testing.assert_allclose(dx[index], dy[index] @ jacobian, atol=1e-12)
    assert grads == {}


@pytest.mark.parametrize(
    ("slope", "error", "named"),
    [
        (1.0, ValueError, ["slope", "[0, 1)", "1.0"]),
        ("small", TypeError, ["slope", "number", "'small'"]),
    ],
)
def test_a_wrong_slope_is_refused(slope: Any, error: type[Exception], named: list[str]) -> None:
    assert_refuses(lambda: LeakyReLU(slope), error, "LeakyReLU", *named)
