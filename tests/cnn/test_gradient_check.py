import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnn import BatchNorm, Dense, Layer, Sequential, SoftmaxCrossEntropy, gradient_check
from cnn.types import Array, Gradients
from tests.refusals import assert_refuses


class Wrong(Dense):
    """A dense layer whose backward pass has a mistake in it."""

    def __init__(self, mistake: Callable[[Array, Gradients], tuple[Array, Gradients]]) -> None:
        super().__init__(3)
        self.mistake = mistake

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        return self.mistake(*super().backward_pass(dy, cache))


class SquaredSum(Dense):
    """y = (x · weight + bias)², whose backward pass is right as long as the bias is 0."""

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        y, cache = super().forward_pass(x, training, rng)
        return y**2, cache

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        return super().backward_pass(dy * 2 * (cache @ self.param("weight", like=dy)), cache)


def errors_of(layer: Layer) -> dict[str, float]:
    return gradient_check(layer, (2, 4), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (lambda dx, grads: (dx, grads), set()),
        (lambda dx, grads: (2 * dx, grads), {"x"}),
        (lambda dx, grads: (dx + 0.001, grads), {"x"}),
        (lambda dx, grads: (dx, grads | {"weight": grads["weight"] / 2}), {"weight"}),
        (lambda dx, grads: (dx, grads | {"bias": 0 * grads["bias"]}), {"bias"}),
    ],
)
def test_it_finds_which_gradient_is_wrong(
    mistake: Callable[[Array, Gradients], tuple[Array, Gradients]], wrong: set[str]
) -> None:
    errors = errors_of(Wrong(mistake))
    assert errors.keys() == {"x", "weight", "bias"}
    assert {name for name, error in errors.items() if error > 1e-6} == wrong


def test_it_finds_a_gradient_that_the_backward_pass_forgets() -> None:
    errors = errors_of(Wrong(lambda dx, grads: (dx, {"weight": grads["weight"]})))
    assert errors["bias"] > 0.1


def test_it_finds_mistakes_that_a_bias_of_zero_would_hide() -> None:
    assert min(errors_of(SquaredSum(3)).values()) > 0.01


@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (Dense(2), (3, 4)),
        (BatchNorm(), (4, 2)),
    ],
)
def test_right_gradients_pass_and_the_layer_stays_as_it_is(
    layer: Layer, input_shape: tuple[int, ...]
) -> None:
    before = copy.deepcopy(vars(layer))
    errors = gradient_check(layer, input_shape, np.random.default_rng(0))
    assert max(errors.values()) < 1e-6
    np.testing.assert_equal(vars(layer), before)


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        (lambda dx, grads: (dx[:, :2], grads), ("gradient of x of the shape [2, 2]", "x, [2, 4]")),
        (
            lambda dx, grads: (dx, grads | {"bias": np.ones((2, 3))}),
            ("bias of the shape [2, 3]", "bias, [3]"),
        ),
        (lambda dx, grads: (dx, {"weights": grads["weight"]}), ("of weights, expected x, weight, bias",)),
    ],
    ids=["input", "not added up", "misspelt"],
)
def test_a_gradient_that_fits_no_array_is_refused(
    mistake: Callable[[Array, Gradients], tuple[Array, Gradients]], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: errors_of(Wrong(mistake)), ValueError, "Wrong gives a gradient of", *named)


def test_an_input_that_the_layer_cannot_take_is_refused() -> None:
    assert_refuses(
        lambda: gradient_check(Dense(2), (2, 3, 3, 1), np.random.default_rng(0)), ValueError, "(3, 3, 1)"
    )


def test_random_numbers_come_from_a_generator_or_a_seed() -> None:
    assert gradient_check(Dense(2), (3, 4), 0) == gradient_check(Dense(2), (3, 4), np.random.default_rng(0))


@pytest.mark.parametrize("one", [Sequential([Dense(2)]), SoftmaxCrossEntropy(), Dense], ids=repr)
def test_what_is_not_a_layer_is_refused(one: Any) -> None:
    named = "gradient_check expects one layer such as Dense(3), received"
    assert_refuses(lambda: gradient_check(one, (3, 4), 0), TypeError, named)
