from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import Loss, MeanSquaredError, SoftmaxCrossEntropy
from cnn.types import Array, Shape, Targets
from tests.refusals import assert_refuses

LOSSES = [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(label_smoothing=0.2), MeanSquaredError()]
FLOATS = (np.float32, np.float64)

every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
batches = given(
    n=st.integers(1, 5), classes=st.integers(2, 5), soft=st.booleans(), seed=st.integers(0, 2**32 - 1)
)


def batch(n: int, classes: int, soft: bool, seed: int) -> tuple[Array, Targets]:
    """Outputs, and targets that are labels or rows of probabilities."""
    rng = np.random.default_rng(seed)
    outputs = 3 * rng.standard_normal((n, classes))
    rows = rng.random((n, classes))
    return outputs, rows / rows.sum(axis=1, keepdims=True) if soft else rng.integers(0, classes, n)


def row(target: Any, classes: int) -> list[float]:
    """One target as a list of numbers."""
    return list(target) if np.ndim(target) else [float(target == i) for i in range(classes)]


@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
@batches
def test_cross_entropy_follows_its_definition(
    label_smoothing: float, n: int, classes: int, soft: bool, seed: int
) -> None:
    outputs, targets = batch(n, classes, soft, seed)
    expected = 0.0
    for logits, target in zip(outputs, targets, strict=True):
        total = sum(exp(logit) for logit in logits)
        for logit, t in zip(logits, row(target, classes), strict=True):
            smoothed = (1 - label_smoothing) * t + label_smoothing / classes
            expected -= smoothed * log(exp(logit) / total) / n
    assert SoftmaxCrossEntropy(label_smoothing)(outputs, targets)[0] == pytest.approx(expected, abs=1e-12)


@batches
def test_mean_squared_error_follows_its_definition(n: int, classes: int, soft: bool, seed: int) -> None:
    outputs, targets = batch(n, classes, soft, seed)
    expected = 0.0
    for numbers, target in zip(outputs, targets, strict=True):
        for number, t in zip(numbers, row(target, classes), strict=True):
            expected += (number - t) ** 2 / (n * classes)
    assert MeanSquaredError()(outputs, targets)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3), (2, 3, 1)], ids=str)
@pytest.mark.parametrize("left_out", [False, True], ids=["all axes", "without the last"])
def test_mean_squared_error_compares_outputs_of_any_shape(shape: Shape, left_out: bool) -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.random((4, *shape)), rng.random((4, *shape))
    given = targets[..., 0] if left_out and shape[-1] == 1 else targets
    value, gradient = MeanSquaredError()(outputs, given)
    assert value == pytest.approx(np.mean((outputs - targets) ** 2), abs=1e-12)
    np.testing.assert_allclose(gradient, 2 * (outputs - targets) / outputs.size)


@every_loss
@batches
def test_the_gradient_is_what_small_changes_show(
    loss: Loss, n: int, classes: int, soft: bool, seed: int
) -> None:
    outputs, targets = batch(n, classes, soft, seed)
    _, gradient = loss(outputs, targets)
    assert gradient.shape == outputs.shape
    for index in np.ndindex(outputs.shape):
        step = np.zeros_like(outputs)
        step[index] = 1e-5
        numerical = (loss(outputs + step, targets)[0] - loss(outputs - step, targets)[0]) / 2e-5
        assert gradient[index] == pytest.approx(numerical, abs=1e-8)


@every_loss
@batches
def test_losses_and_gradients_of_parts_add_up_to_the_whole_batchs(
    loss: Loss, n: int, classes: int, soft: bool, seed: int
) -> None:
    outputs, targets = batch(n, classes, soft, seed)
    whole, gradient = loss(outputs, targets)
    parts = [loss(outputs[i : i + 2], targets[i : i + 2], batch_size=n) for i in range(0, n, 2)]
    assert sum(value for value, _ in parts) == pytest.approx(whole, abs=1e-12)
    np.testing.assert_allclose(np.concatenate([part for _, part in parts]), gradient, atol=1e-12)


@every_loss
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_gradient_has_the_outputs_type_and_the_loss_is_a_plain_number(loss: Loss, dtype: Any) -> None:
    for targets in (np.array([1]), np.array([[0.25, 0.75]]), np.array([[0, 1]])):
        value, gradient = loss(np.array([[1, 2]], dtype), targets)
        assert type(value) is float
        assert gradient.dtype == dtype


def test_a_smoothing_that_is_a_numpy_number_does_not_change_the_gradients_type() -> None:
    _, gradient = SoftmaxCrossEntropy(np.float64(0.1))(np.ones((1, 2), np.float32), np.array([0]))
    assert gradient.dtype == np.float32


@every_loss
@pytest.mark.parametrize("targets", [np.array([1, 0]), np.array([[0.5, 0.5], [0.25, 0.75]])])
def test_outputs_and_targets_are_not_changed(loss: Loss, targets: Targets) -> None:
    outputs = np.array([[1.0, 2.0], [3.0, 4.0]])
    before = outputs.copy(), targets.copy()
    loss(outputs, targets)
    np.testing.assert_equal((outputs, targets), before)


@pytest.mark.parametrize("dtype", FLOATS)
def test_extreme_logits_give_finite_numbers(dtype: Any) -> None:
    outputs = np.array([[1e4, -1e4], [1e4, -1e4], [-1e4, -1e4], [1e4, 1e4]], dtype)
    value, gradient = SoftmaxCrossEntropy()(outputs, np.array([0, 1, 0, 1]))
    assert value == pytest.approx((0 + 2e4 + log(2) + log(2)) / 4)
    expected = np.array([[0, 0], [0.25, -0.25], [-0.125, 0.125], [0.125, -0.125]], dtype)
    np.testing.assert_array_equal(gradient, expected, strict=True)


THREE_BY_TWO = np.zeros((3, 2))


@every_loss
@pytest.mark.parametrize(
    ("outputs", "targets", "error", "named"),
    [
        (np.zeros((3, 2), int), np.zeros(3, int), TypeError, ["float32", "int64"]),
        ([[0.0, 0.0]], np.zeros(1, int), TypeError, ["NumPy array", "list"]),
        (THREE_BY_TWO, np.zeros(2, int), ValueError, ["3 samples", "received the shape [2]"]),
        (THREE_BY_TWO, np.zeros((3, 4)), ValueError, ["[3, 2]", "[3, 4]"]),
        (THREE_BY_TWO, np.full(3, 0.5), ValueError, ["whole numbers", "0.5 at [0]"]),
        (THREE_BY_TWO, np.array([0, 1, 2]), ValueError, ["0 to 1", "0 to 2"]),
    ],
)
def test_outputs_and_targets_that_do_not_fit_are_refused(
    loss: Loss, outputs: Any, targets: Any, error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: loss(outputs, targets), error, *named)


@pytest.mark.parametrize("row", [[0.5, 0.4], [1.5, -0.5]])
def test_cross_entropy_refuses_rows_that_are_no_probabilities(row: list[float]) -> None:
    assert_refuses(
        lambda: SoftmaxCrossEntropy()(np.zeros((2, 2)), np.array([[0.5, 0.5], row])),
        ValueError, "SoftmaxCrossEntropy", "probabilities",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("label_smoothing", "error", "named"),
    [
        (1.0, ValueError, ["label_smoothing", "[0, 1)", "1.0"]),
        ("0.1", TypeError, ["label_smoothing", "number", "'0.1'"]),
    ],
)
def test_a_wrong_label_smoothing_is_refused(
    label_smoothing: Any, error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: SoftmaxCrossEntropy(label_smoothing), error, "SoftmaxCrossEntropy", *named)
