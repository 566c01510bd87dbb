from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest

from cnn import Conv2D, Dense, Layer, he_normal
from cnn.initialisers import INITIALISERS
from cnn.types import Array, Shape
from tests.refusals import assert_refuses

# 40 filters of 5 × 4 on 3 channels: an output adds up 5 · 4 · 3 numbers, an input is in 5 · 4 · 40 sums.
FILTERS, FILTER_FANS = (5, 4, 3, 40), (60, 800)
DENSE, DENSE_FANS = (300, 200), (300, 200)


@pytest.mark.parametrize(("shape", "fans"), [(FILTERS, FILTER_FANS), (DENSE, DENSE_FANS)])
@pytest.mark.parametrize(
    ("name", "variance_over_inputs"), [("he", True), ("glorot", False)], ids=["he", "glorot"]
)
def test_weights_have_the_mean_and_the_spread_of_their_distribution(
    name: str, variance_over_inputs: bool, shape: Shape, fans: tuple[int, int]
) -> None:
    fan_in, fan_out = fans
    variance = 2 / fan_in if variance_over_inputs else 2 / (fan_in + fan_out)
    # 2,400 or 60,000 draws: five standard errors of the mean and of the variance.
    size = np.prod(shape)
    for kind in ("uniform", "normal"):
        weight = INITIALISERS[f"{name}_{kind}"](shape, np.random.default_rng(0)).astype(np.float64)
        assert weight.shape == shape
        assert abs(weight.mean()) < 5 * sqrt(variance / size)
        assert weight.var() == pytest.approx(variance, rel=5 * sqrt(2 / size))
        limit = sqrt(3 * variance)
        if kind == "uniform":
            assert 0.99 * limit < abs(weight).max() <= limit * (1 + 1e-6)
        else:
            assert abs(weight).max() > 1.5 * limit


@pytest.mark.parametrize("name", INITIALISERS)
def test_weights_are_float32_and_the_same_for_the_same_generator(name: str) -> None:
    initialise = INITIALISERS[name]
    rng = np.random.default_rng(7)
    first, second = initialise((4, 5), rng), initialise((4, 5), rng)
    assert first.dtype == np.float32
    assert (first != second).any()
    np.testing.assert_array_equal(first, initialise((4, 5), np.random.default_rng(7)))


# Functions --------------------------------------------------------------------------------------------


def halves(shape: Shape, rng: np.random.Generator) -> Array:
    return np.full(shape, 0.5)


@pytest.mark.parametrize(
    ("layer", "sample"),
    [(Dense(4, initialiser=halves), (3,)), (Conv2D(2, 3, initialiser=halves), (5, 5, 1))],
    ids=["Dense", "Conv2D"],
)
def test_layers_take_functions_for_their_weights(layer: Layer, sample: Shape) -> None:
    layer.build(sample, np.random.default_rng(0))
    assert layer.params["weight"].dtype == np.float32
    np.testing.assert_array_equal(layer.params["weight"], 0.5)


@pytest.mark.parametrize(
    ("by_function", "by_name"),
    [
        (Dense(4, initialiser=he_normal), Dense(4, initialiser="he_normal")),
        (Conv2D(2, 3, initialiser=he_normal), Conv2D(2, 3, initialiser="he_normal")),
    ],
    ids=["Dense", "Conv2D"],
)
def test_a_function_of_the_library_is_the_same_as_its_name(by_function: Layer, by_name: Layer) -> None:
    assert repr(by_function) == repr(by_name)


@pytest.mark.parametrize(
    ("returned", "error", "named"),
    [
        (lambda shape: np.zeros(shape[::-1]), ValueError, "received the shape [4, 3]"),
        (lambda shape: np.full(shape, np.nan), ValueError, "received NaN or infinity"),
        (lambda shape: np.zeros(shape, int), TypeError, "received an array of int64"),
        (lambda shape: np.zeros(shape).tolist(), TypeError, "received list"),
        (lambda _: None, TypeError, "received NoneType"),
    ],
)
def test_what_a_function_returns_is_checked(
    returned: Callable[[Shape], Any], error: type[Exception], named: str
) -> None:
    def mine(shape: Shape, rng: np.random.Generator) -> Any:
        return returned(shape)

    rng = np.random.default_rng(0)
    expected = "Dense: its initialiser mine must return finite float32 or float64", "[3, 4]"
    assert_refuses(lambda: Dense(4, mine).build((3,), rng), error, *expected, named)
