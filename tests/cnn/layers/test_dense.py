from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import Dense
from cnn.initialisers import INITIALISERS, InitialiserName
from tests.cnn.layers.strategies import dtypes, seeds, small_integers
from tests.refusals import assert_refuses

sizes = st.integers(1, 6)


@given(n=sizes, n_in=sizes, n_out=sizes, seed=seeds, dtype=dtypes)
def test_every_output_is_a_weighted_sum_of_every_input(
    n: int, n_in: int, n_out: int, seed: int, dtype: Any
) -> None:
    rng = np.random.default_rng(seed)
    layer = Dense(n_out)
    layer.build((n_in,), rng)
    layer.params = {name: small_integers(rng, value.shape, dtype) for name, value in layer.params.items()}
    weight, bias = layer.params["weight"], layer.params["bias"]
    x, dy = small_integers(rng, (n, n_in), dtype), small_integers(rng, (n, n_out), dtype)

    expected_y = np.zeros((n, n_out), dtype) + bias
    expected_dx, expected_dweight, expected_dbias = np.zeros_like(x), np.zeros_like(weight), dy.sum(axis=0)
    for sample, i, o in np.ndindex(n, n_in, n_out):
        expected_y[sample, o] += x[sample, i] * weight[i, o]
        expected_dx[sample, i] += dy[sample, o] * weight[i, o]
        expected_dweight[i, o] += dy[sample, o] * x[sample, i]

    y, cache = layer.forward_pass(x)
    dx, grads = layer.backward_pass(dy, cache)
    np.testing.assert_array_equal(y, expected_y, strict=True)
    np.testing.assert_array_equal(dx, expected_dx, strict=True)
    np.testing.assert_array_equal(grads["weight"], expected_dweight, strict=True)
    np.testing.assert_array_equal(grads["bias"], expected_dbias, strict=True)


@pytest.mark.parametrize("initialiser", INITIALISERS)
def test_building_draws_the_weights_and_starts_the_biases_at_zero(initialiser: InitialiserName) -> None:
    layer = Dense(3, initialiser)
    assert layer.build((5,), np.random.default_rng(1)) == (3,)
    expected = INITIALISERS[initialiser]((5, 3), np.random.default_rng(1))
    np.testing.assert_array_equal(layer.params["weight"], expected, strict=True)
    np.testing.assert_array_equal(layer.params["bias"], np.zeros(3, np.float32), strict=True)


@pytest.mark.parametrize(
    ("hyperparameters", "error", "named"),
    [
        ({"units": 0}, ValueError, ["units", "1 or more", "0"]),
        ({"units": 1.0}, TypeError, ["units", "whole number", "1.0"]),
        ({"units": 1, "initialiser": "zeros"}, ValueError, ["initialiser", "glorot_normal", "'zeros'"]),
    ],
)
def test_wrong_hyperparameters_are_refused(
    hyperparameters: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: Dense(**hyperparameters), error, "Dense", *named)


def test_images_are_refused_with_the_layers_that_help() -> None:
    assert_refuses(
        lambda: Dense(10).build((28, 28, 1), np.random.default_rng(0)),
        ValueError, "Dense", "(n_in,)", "(28, 28, 1)", "Flatten",
    )  # fmt: skip
