from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from cnn import Dropout
from cnn.types import Shape
from tests.cnn.layers.strategies import dtypes, seeds
from tests.refusals import assert_refuses

shapes = array_shapes(min_dims=2, max_dims=4, max_side=5)
rates = st.floats(0.05, 0.9)


@given(shape=shapes, rate=rates, seed=seeds, dtype=dtypes)
def test_in_training_each_number_is_dropped_or_scaled_up(
    shape: Shape, rate: float, seed: int, dtype: Any
) -> None:
    x = np.arange(1, 1 + np.prod(shape), dtype=dtype).reshape(shape)
    y, _ = Dropout(rate).forward_pass(x, training=True, rng=np.random.default_rng(seed))
    np.testing.assert_array_almost_equal_nulp(y, np.where(y == 0, 0, x / dtype(1 - rate)), nulp=2)


@pytest.mark.parametrize("rate", [0.1, 0.8])
def test_the_rate_is_the_share_that_is_dropped_and_the_mean_is_preserved(rate: float) -> None:
    x = np.full((200, 500), 3.0)
    y, _ = Dropout(rate).forward_pass(x, training=True, rng=np.random.default_rng(0))
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.005)
    assert y.mean() == pytest.approx(3.0, abs=0.05)


@given(shape=shapes, rate=rates, seed=seeds, dtype=dtypes)
def test_the_gradient_passes_through_the_mask_of_the_forward_pass(
    shape: Shape, rate: float, seed: int, dtype: Any
) -> None:
    rng = np.random.default_rng(seed)
    y, cache = Dropout(rate).forward_pass(np.ones(shape, dtype), training=True, rng=rng)
    dx, grads = Dropout(rate).backward_pass(np.full(shape, 2, dtype), cache)
    np.testing.assert_array_equal(dx, 2 * y, strict=True)
    assert grads == {}


@pytest.mark.parametrize(("layer", "training"), [(Dropout(0.5), False), (Dropout(0.0), True)])
def test_nothing_is_dropped_nor_drawn_at_inference_or_with_rate_zero(layer: Dropout, training: bool) -> None:
    rng = np.random.default_rng(0)
    x = np.arange(12.0).reshape(3, 4)
    y, cache = layer.forward_pass(x, training, rng)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(layer.backward_pass(2 * x, cache)[0], 2 * x)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_training_without_a_generator_is_refused() -> None:
    assert_refuses(
        lambda: Dropout(0.5).forward_pass(np.ones((1, 2)), training=True), ValueError, "Dropout", "generator"
    )


@pytest.mark.parametrize(
    ("rate", "error", "named"),
    [
        (1, ValueError, ["rate", "[0, 1)", "1"]),
        (float("nan"), ValueError, ["rate", "[0, 1)", "nan"]),
        ("0.5", TypeError, ["rate", "number", "'0.5'"]),
    ],
)
def test_a_wrong_rate_is_refused(rate: Any, error: type[Exception], named: list[str]) -> None:
    assert_refuses(lambda: Dropout(rate), error, "Dropout", *named)
