import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn import Dense, Layer, Rescale, Sequential, Standardise
from cnn.layers import scaling
from cnn.types import Array, Shape
from tests.cnn.layers.strategies import CASES, FLOATS
from tests.refusals import assert_refuses


def oracle(layer: Layer, x: Array) -> Array:
    """One number after the other, in Python's own arithmetic."""
    y = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        if isinstance(layer, Rescale):
            y[index] = layer.factor * float(x[index]) + layer.offset
        elif isinstance(layer, Standardise):
            mean, deviation = (
                values[index[-1]] if isinstance(values, tuple) else values
                for values in (layer.mean, layer.standard_deviation)
            )
            y[index] = (float(x[index]) - mean) / deviation
    return y


@pytest.mark.parametrize("kind", ["Rescale", "Standardise"])
@settings(max_examples=20)
@given(data=st.data())
def test_each_number_is_scaled_as_the_formula_says_also_a_byte(kind: str, data: st.DataObject) -> None:
    layer, shape, seed = data.draw(CASES[kind])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    for dtype, tolerance in ((np.uint8, 1e-5), (np.float32, 1e-5), (np.float64, 1e-13)):
        x: Any = pixels.astype(dtype)
        y, cache = layer.forward_pass(x)
        assert y.dtype == (np.float64 if dtype is np.float64 else np.float32)
        assert cache is None
        np.testing.assert_allclose(y, oracle(layer, x), rtol=tolerance, atol=tolerance * 100)


def test_numbers_worked_by_hand() -> None:
    row: Any = np.array([10, 100])
    x: Any = np.array([[[[10, 200]], [[20, 100]]]], np.uint8)  # two rows of one pixel of two channels
    cases: list[tuple[Layer, list[list[float]], list[list[float]]]] = [
        (Rescale(0.5), [[5, 100], [10, 50]], [[0.5, 0.5], [0.5, 0.5]]),
        (Rescale(-2, offset=1), [[-19, -399], [-39, -199]], [[-2, -2], [-2, -2]]),
        (Standardise(20, 10), [[-1, 18], [0, 8]], [[0.1, 0.1], [0.1, 0.1]]),
        (Standardise((10, 100), (5, 50)), [[0, 2], [2, 0]], [[0.2, 0.02], [0.2, 0.02]]),
        (Standardise(100, row), [[-9, 1], [-8, 0]], [[0.1, 0.01], [0.1, 0.01]]),
    ]
    for layer, expected_y, expected_dx in cases:
        y, cache = layer.forward_pass(x)
        np.testing.assert_allclose(y[0, :, 0], expected_y, rtol=1e-6, err_msg=repr(layer))
        dx, grads = layer.backward_pass(np.ones_like(y), cache)
        np.testing.assert_allclose(dx[0, :, 0], expected_dx, rtol=1e-6, err_msg=repr(layer))
        assert grads == {}
        assert dx.dtype == np.float32


def test_standardise_without_numbers_says_how_they_are_measured() -> None:
    kind: Any = Standardise
    assert_refuses(kind, TypeError, "received nothing: write Standardise.of(x), which measures them")


def test_the_numbers_travel_with_the_model_as_plain_data() -> None:
    row: Any = np.array([1, 2])
    cases: list[tuple[Layer, dict[str, Any]]] = [
        (Rescale(1 / 256), {"layer": "Rescale", "factor": 1 / 256, "offset": 0.0}),
        (Standardise(1, 2), {"layer": "Standardise", "mean": 1.0, "standard_deviation": 2.0}),
        (
            Standardise(row, (3, 4)),
            {"layer": "Standardise", "mean": [1.0, 2.0], "standard_deviation": [3.0, 4.0]},
        ),
    ]
    for layer, config in cases:
        assert layer.to_config() == config
        [again] = Sequential.from_config({"layers": [config]}).layers
        assert repr(again) == repr(layer)
        assert again.takes_bytes
    assert not Dense.takes_bytes


# Measured on samples ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*FLOATS, np.uint8])
@pytest.mark.parametrize("shape", [(50, 3), (7, 5, 4, 3), (1, 6, 6, 1)])
@pytest.mark.parametrize("numbers_at_once", [2, scaling.NUMBERS_AT_ONCE])
def test_what_was_measured_gives_each_channel_mean_0_and_deviation_1(
    shape: Shape, dtype: Any, numbers_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaling, "NUMBERS_AT_ONCE", numbers_at_once)
    x = (np.random.default_rng(0).random(shape) * [200, 20, 50][: shape[-1]] + 30).astype(dtype)
    layer = Standardise.of(x)
    channels = [x[..., k].astype(np.float64) for k in range(shape[-1])]
    np.testing.assert_allclose(layer.mean, [channel.mean() for channel in channels], rtol=1e-12)
    np.testing.assert_allclose(layer.standard_deviation, [channel.std() for channel in channels], rtol=1e-12)
    y, _ = layer.forward_pass(x)
    axes = tuple(range(x.ndim - 1))
    np.testing.assert_allclose(
        [y.mean(axis=axes), y.std(axis=axes)], [[0] * shape[-1], [1] * shape[-1]], atol=1e-5
    )


@pytest.mark.parametrize("value", [0.1, 255, 1e6 / 3])
def test_a_channel_that_never_varies_becomes_0(value: float) -> None:
    x = np.full((1000, 2), value, np.float32)
    x[:, 0] = np.arange(1000)
    layer = Standardise.of(x)
    np.testing.assert_allclose(layer.standard_deviation, [np.arange(1000).std(), 1])
    np.testing.assert_array_equal(layer.forward_pass(x)[0][:, 1], 0)


def test_a_large_offset_costs_no_digits() -> None:
    x = np.array([[1e8 + 1], [1e8 + 2], [1e8 + 3]])
    np.testing.assert_allclose(Standardise.of(x).standard_deviation, [np.sqrt(2 / 3)], rtol=1e-9)


@pytest.mark.parametrize(
    "x", [[[1.0, 5.0], [3.0, 9.0]], np.array([[1, 5], [3, 9]], ">f8"), np.array([[1, 5], [3, 9]], np.uint8)]
)
def test_samples_are_measured_as_fit_takes_them(x: Any) -> None:
    assert repr(Standardise.of(x)) == repr(Standardise((2, 7), (1, 2)))


def test_no_more_numbers_are_float64_at_a_time_than_the_constant_says() -> None:
    x = np.zeros((1, 4096, 2048, 1), np.uint8)  # 8 MB; 64 MB as float64
    tracemalloc.start()
    try:
        Standardise.of(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 8 * scaling.NUMBERS_AT_ONCE


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "hyperparameters", "error", "named"),
    [
        (Rescale, (1 // 255,), ValueError, ("factor must not be 0", "1 / 255")),
        (Rescale, ("1/255",), TypeError, ("factor must be a number", "'1/255'")),
        (Rescale, (np.inf,), ValueError, ("factor", "inf")),
        (Rescale, (1, np.nan), ValueError, ("offset", "nan")),
        (Standardise, (0, 0), ValueError, ("standard_deviation must lie in (0, inf)", "0")),
        (Standardise, (0, [1, -1]), ValueError, ("standard_deviation", "-1")),
        (Standardise, ([[0]], 1), TypeError, ("mean must be a number", "[0]")),
        (Standardise, ([0, 0, 0], [1, 1]), ValueError, ("same channels", "(0.0, 0.0, 0.0)", "(1.0, 1.0)")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(
    kind: Any, hyperparameters: tuple[Any, ...], error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: kind(*hyperparameters), error, kind.__name__, *named)


@pytest.mark.parametrize(
    ("x", "error", "named"),
    [
        ({"x": 1.0}, TypeError, ("an array or a list", "{'x': 1.0}")),
        (np.ones((2, 2), int), TypeError, ("float32, float64 or uint8", "int64")),
        (np.ones(3), ValueError, ("[n, …]", "[3]")),
        (np.ones((0, 3)), ValueError, ("at least one sample",)),
        (np.array([[1, np.nan]]), ValueError, ("nan at [0, 1]",)),
    ],
)
def test_samples_that_cannot_be_measured_are_refused(
    x: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: Standardise.of(x), error, "Standardise.of", *named)


def test_samples_of_other_channels_are_refused() -> None:
    layer = Standardise((1, 2, 3), 1)
    named = "numbers for 3 channels", "(28, 28, 1)"
    assert_refuses(lambda: layer.output_shape((28, 28, 1)), ValueError, *named)
    assert_refuses(lambda: layer.forward_pass(np.ones((5, 28, 28, 1))), ValueError, *named)
    assert_refuses(lambda: layer.forward_pass(np.ones(5)), ValueError, "numbers for 3 channels", "()")
