from math import sqrt

import numpy as np
import pytest

from cnn.initialisers import INITIALISERS
from cnn.types import Shape

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
