from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnn import AveragePool2D, GlobalAveragePool2D, MaxPool2D
from cnn.types import Array
from tests.cnn.layers import oracles
from tests.cnn.layers.strategies import WindowCase, dtypes, seeds, small_integers, window_cases
from tests.refusals import assert_refuses

POOLS = (MaxPool2D, AveragePool2D)


def image(*rows: list[float]) -> Array:
    """One image with one channel."""
    return np.array(rows, np.float64)[None, :, :, None]


@given(case=window_cases(), dtype=dtypes)
def test_max_pooling_takes_the_maximum_and_sends_dy_to_the_first_that_holds_it(
    case: WindowCase, dtype: Any
) -> None:
    rng = np.random.default_rng(case.seed)
    layer = MaxPool2D(case.size, case.stride, case.padding)
    x = small_integers(rng, case.input_shape, dtype)
    y, cache = layer.forward_pass(x)
    np.testing.assert_array_equal(y, oracles.max_pool(x, case.size, case.stride, case.pads), strict=True)
    dy = small_integers(rng, y.shape, dtype)
    dx, grads = layer.backward_pass(dy, cache)
    expected = oracles.max_pool_back(dy, x, case.size, case.stride, case.pads)
    np.testing.assert_array_equal(dx, expected, strict=True)
    assert grads == {}


@given(case=window_cases(), dtype=dtypes)
def test_average_pooling_takes_the_mean_without_padding_and_spreads_dy_evenly(
    case: WindowCase, dtype: Any
) -> None:
    rng = np.random.default_rng(case.seed)
    layer = AveragePool2D(case.size, case.stride, case.padding)
    x = small_integers(rng, case.input_shape, dtype)
    y, cache = layer.forward_pass(x)
    np.testing.assert_array_equal(y, oracles.average_pool(x, case.size, case.stride, case.pads), strict=True)
    dy = small_integers(rng, y.shape, dtype)
    dx, grads = layer.backward_pass(dy, cache)
    expected = oracles.average_pool_back(dy, x, case.size, case.stride, case.pads)
    np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=1e-5, strict=True)
    assert grads == {}


def test_among_equal_pixels_the_first_gets_the_gradient_in_each_window() -> None:
    layer = MaxPool2D(2, stride=1)
    y, cache = layer.forward_pass(image([5, 5, 1], [5, 0, 5], [5, 5, 5]))
    np.testing.assert_array_equal(y, image([5, 5], [5, 5]))
    dx, _ = layer.backward_pass(image([1, 20], [300, 4000]), cache)
    np.testing.assert_array_equal(dx, image([1, 20, 0], [300, 0, 4000], [0, 0, 0]))


@pytest.mark.parametrize("kind", POOLS)
def test_the_stride_is_the_pool_size_if_none_is_given(kind: type[MaxPool2D] | type[AveragePool2D]) -> None:
    assert kind((2, 3)).stride == (2, 3)
    assert kind((2, 3), stride=1).stride == (1, 1)
    assert kind((2, 3)).receptive_window((12, 12, 1)) == ((2, 3), (2, 3))


@given(seed=seeds, dtype=dtypes)
def test_global_average_pooling_is_average_pooling_with_a_window_of_the_images_size(
    seed: int, dtype: Any
) -> None:
    rng = np.random.default_rng(seed)
    h, w = rng.integers(1, 7, 2).tolist()
    x = small_integers(rng, (2, h, w, 3), dtype)
    y, cache = GlobalAveragePool2D().forward_pass(x)
    expected_y, expected_cache = AveragePool2D((h, w)).forward_pass(x)
    np.testing.assert_allclose(y[:, None, None], expected_y, rtol=1e-6, strict=True)
    dy = small_integers(rng, y.shape, dtype)
    dx, grads = GlobalAveragePool2D().backward_pass(dy, cache)
    expected_dx, _ = AveragePool2D((h, w)).backward_pass(dy[:, None, None], expected_cache)
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-6, strict=True)
    assert grads == {}


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(
    ("hyperparameters", "error", "named"),
    [
        ({"pool_size": 2.5}, TypeError, ["pool_size", "whole number", "2.5"]),
        ({"stride": 0}, ValueError, ["stride", "1 or more", "0"]),
        ({"padding": "full"}, ValueError, ["padding", '"same"', "'full'"]),
        ({"padding": ((0, 2), (0, 0))}, ValueError, ["smaller than the pool size", "((0, 2), (0, 0))"]),
    ],
)
def test_wrong_hyperparameters_are_refused(
    kind: type[MaxPool2D] | type[AveragePool2D],
    hyperparameters: dict[str, Any],
    error: type[Exception],
    named: list[str],
) -> None:
    assert_refuses(lambda: kind(**hyperparameters), error, kind.__name__, *named)
