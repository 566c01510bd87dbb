import tracemalloc
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given

from cnn import Conv2D
from cnn.initialisers import INITIALISERS, InitialiserName
from cnn.layers.padding import Padding
from cnn.layers.windows import BLOCK_BYTES
from cnn.types import Array
from tests.cnn.layers import oracles
from tests.cnn.layers.strategies import (
    FLOATS,
    WindowCase,
    block_sizes,
    dtypes,
    small_integers,
    window_cases,
)
from tests.refusals import assert_refuses

# The only window sees nothing but padding.
PADDING_ONLY = WindowCase((1, 3, 3, 1), (3, 3), (5, 5), ((4, 0), (0, 0)), seed=0)
# Convolved some images at a time, the last of them fewer.
SEVERAL_BLOCKS = WindowCase((9, 14, 14, 16), (3, 3), (1, 1), "same", seed=0)


def image(*rows: list[float]) -> Array:
    """One image with one channel."""
    return np.array(rows, np.float64)[None, :, :, None]


@given(case=window_cases(largest_padding=5), dtype=dtypes, block_bytes=block_sizes)
@example(case=PADDING_ONLY, dtype=np.float64, block_bytes=BLOCK_BYTES)
@example(case=SEVERAL_BLOCKS, dtype=np.float64, block_bytes=BLOCK_BYTES)
def test_both_passes_do_what_the_definition_says(case: WindowCase, dtype: Any, block_bytes: int) -> None:
    with patch("cnn.layers.windows.BLOCK_BYTES", block_bytes):
        check_both_passes(case, dtype)


def check_both_passes(case: WindowCase, dtype: Any) -> None:
    rng = np.random.default_rng(case.seed)
    layer = Conv2D(2, case.size, stride=case.stride, padding=case.padding)
    layer.build(case.input_shape[1:], rng)
    layer.params = {name: small_integers(rng, value.shape, dtype) for name, value in layer.params.items()}
    weight, bias = layer.params["weight"], layer.params["bias"]
    x = small_integers(rng, case.input_shape, dtype)

    y, cache = layer.forward_pass(x)
    np.testing.assert_array_equal(y, oracles.convolve(x, weight, bias, case.stride, case.pads), strict=True)

    dy = small_integers(rng, y.shape, dtype)
    dx, grads = layer.backward_pass(dy, cache)
    expected_dx, expected_grads = oracles.convolve_back(dy, x, weight, case.stride, case.pads)
    np.testing.assert_array_equal(dx, expected_dx, strict=True)
    assert grads.keys() == expected_grads.keys()
    for name, expected in expected_grads.items():
        np.testing.assert_array_equal(grads[name], expected, strict=True)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_large_image_takes_little_more_memory_than_the_arrays_that_stay(padding: Padding) -> None:
    layer, x = Conv2D(2, 7, padding=padding), np.ones((1, 400, 400, 3), np.float32)
    layer.build(x.shape[1:], np.random.default_rng(0))
    tracemalloc.start()
    try:
        y, cache = layer.forward_pass(x)
        layer.backward_pass(y, cache)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # All patches at once would take 94 MB forward and 63 MB backward.
    assert peak < BLOCK_BYTES + 5 * x.nbytes


def test_a_convolution_worked_by_hand() -> None:
    layer = Conv2D(1, kernel_size=2)
    layer.build((3, 3, 1), np.random.default_rng(0))
    layer.params = {"weight": np.array([1.0, 2, 3, 4]).reshape(2, 2, 1, 1), "bias": np.array([100.0])}
    y, cache = layer.forward_pass(image([1, 2, 3], [4, 5, 6], [7, 8, 9]))
    # 1 · 1 + 2 · 2 + 3 · 4 + 4 · 5 = 37: the filter is not turned.
    np.testing.assert_array_equal(y, image([137, 147], [167, 177]))
    dx, grads = layer.backward_pass(image([1, 0], [0, 2]), cache)
    np.testing.assert_array_equal(dx, image([1, 2, 0], [3, 6, 4], [0, 6, 8]))
    np.testing.assert_array_equal(grads["weight"][:, :, 0, 0], [[11, 14], [20, 23]])
    np.testing.assert_array_equal(grads["bias"], [3])


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_result_has_the_images_type_whatever_type_the_parameters_have(dtype: Any) -> None:
    layer = Conv2D(2, 3)
    layer.build((5, 5, 1), np.random.default_rng(0))
    layer.params = {name: value.astype(np.float64) for name, value in layer.params.items()}
    y, cache = layer.forward_pass(np.ones((1, 5, 5, 1), dtype))
    dx, grads = layer.backward_pass(y, cache)
    assert {y.dtype, dx.dtype, grads["weight"].dtype, grads["bias"].dtype} == {np.dtype(dtype)}


@pytest.mark.parametrize("initialiser", INITIALISERS)
def test_building_draws_the_filters_and_starts_the_biases_at_zero(initialiser: InitialiserName) -> None:
    layer = Conv2D(4, kernel_size=(3, 2), initialiser=initialiser)
    assert layer.build((8, 8, 5), np.random.default_rng(1)) == (6, 7, 4)
    expected = INITIALISERS[initialiser]((3, 2, 5, 4), np.random.default_rng(1))
    np.testing.assert_array_equal(layer.params["weight"], expected, strict=True)
    np.testing.assert_array_equal(layer.params["bias"], np.zeros(4, np.float32), strict=True)


@pytest.mark.parametrize(
    ("hyperparameters", "error", "named"),
    [
        ({"filters": 0, "kernel_size": 3}, ValueError, ["filters", "1 or more", "0"]),
        ({"filters": 1, "kernel_size": (3, 3, 3)}, ValueError, ["kernel_size", "pair", "(3, 3, 3)"]),
        ({"filters": 1, "kernel_size": 3, "stride": 0}, ValueError, ["stride", "1 or more", "0"]),
        ({"filters": 1, "kernel_size": 3, "padding": "full"}, ValueError, ["padding", '"same"', "'full'"]),
        ({"filters": 1, "kernel_size": 3, "initialiser": "ones"}, ValueError, ["he_uniform", "'ones'"]),
    ],
)
def test_wrong_hyperparameters_are_refused(
    hyperparameters: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: Conv2D(**hyperparameters), error, "Conv2D", *named)


@pytest.mark.parametrize(
    ("input_shape", "named"),
    [((28, 28), ["(h, w, c)", "(28, 28)"]), ((2, 28, 1), ["3×3", "2×28"])],
)
def test_samples_that_cannot_be_convolved_are_refused(input_shape: tuple[int, ...], named: list[str]) -> None:
    layer = Conv2D(1, 3)
    assert_refuses(lambda: layer.build(input_shape, np.random.default_rng(0)), ValueError, "Conv2D", *named)
    assert_refuses(lambda: layer.output_shape(input_shape), ValueError, "Conv2D", *named)
