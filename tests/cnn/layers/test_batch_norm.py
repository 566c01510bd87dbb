from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnn import BatchNorm
from cnn.types import Array, Shape
from tests.cnn.layers.strategies import FLOATS, Case, dtypes, seeds, several
from tests.refusals import assert_refuses


def built(shape: Shape, seed: int, dtype: Any = np.float64) -> tuple[BatchNorm, Array]:
    """A layer whose parameters and running statistics have moved from where they start, and an input."""
    layer, rng = Case(BatchNorm(), shape, seed).built()
    assert isinstance(layer, BatchNorm)
    layer.state["mean"] = rng.standard_normal(shape[-1], dtype=np.float32)
    layer.state["variance"] = rng.random(shape[-1], dtype=np.float32) + np.float32(0.5)
    return layer, (5 + 3 * rng.standard_normal(shape)).astype(dtype)


@given(shape=several, seed=seeds)
def test_in_training_each_channel_gets_mean_0_and_variance_1_then_its_scale_and_shift(
    shape: Shape, seed: int
) -> None:
    layer, x = built(shape, seed)
    y, _ = layer.forward_pass(x, training=True)
    for k in range(shape[-1]):
        channel, scale, shift = x[..., k], layer.params["scale"][k], layer.params["shift"][k]
        spread = np.sqrt(np.mean((channel - channel.mean()) ** 2) + 1e-5)
        np.testing.assert_allclose(y[..., k], scale * (channel - channel.mean()) / spread + shift, atol=1e-9)


@given(shape=several, seed=seeds, dtype=dtypes)
def test_inference_takes_the_running_statistics(shape: Shape, seed: int, dtype: Any) -> None:
    layer, x = built(shape, seed, dtype)
    y, _ = layer.forward_pass(x)
    mean, variance = layer.state["mean"], layer.state["variance"]
    expected = layer.params["scale"] * (x - mean) / np.sqrt(variance + 1e-5) + layer.params["shift"]
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


@given(shape=several, seed=seeds)
def test_at_inference_the_statistics_are_constants_to_the_backward_pass(shape: Shape, seed: int) -> None:
    layer, x = built(shape, seed)
    _, cache = layer.forward_pass(x)
    dy = np.random.default_rng(seed).standard_normal(shape)
    dx, grads = layer.backward_pass(dy, cache)
    mean, deviation = layer.state["mean"], np.sqrt(layer.state["variance"] + 1e-5)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(dx, dy * layer.params["scale"] / deviation, rtol=1e-6)
    np.testing.assert_allclose(
        grads["scale"], (dy * (x - mean) / deviation).sum(axis=axes), rtol=1e-6, atol=1e-6
    )
    np.testing.assert_allclose(grads["shift"], dy.sum(axis=axes), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_running_statistics_change_through_update_state_only_and_in_order(dtype: Any) -> None:
    layer = BatchNorm(momentum=0.75)
    layer.build((1,), np.random.default_rng(0))
    first, second = np.array([[1], [3]], dtype), np.array([[10], [20]], dtype)
    seen = []
    for x in (first, second):
        y, cache = layer.forward_pass(x, training=True)
        layer.backward_pass(y, cache)
        seen.append(layer.batch_statistics(cache))
    assert layer.state == {"mean": 0, "variance": 1}
    assert seen == [{"mean": 2, "variance": 1}, {"mean": 15, "variance": 25}]
    layer.update_state(seen[0])
    assert layer.state == {"mean": 0.25 * 2, "variance": 1}
    layer.update_state(seen[1])
    assert layer.state == {"mean": 0.75 * 0.5 + 0.25 * 15, "variance": 0.75 * 1 + 0.25 * 25}
    assert [value.dtype for value in layer.state.values()] == [np.float32, np.float32]


def test_inference_gives_no_batch_statistics() -> None:
    layer, x = built((4, 2), seed=0)
    assert layer.batch_statistics(layer.forward_pass(x)[1]) == {}


@pytest.mark.parametrize("shape", [(1, 3), (1, 1, 1, 3), (0, 3)])
def test_training_with_fewer_than_two_values_a_channel_is_refused(shape: Shape) -> None:
    layer, x = built(shape, seed=0)
    assert_refuses(
        lambda: layer.forward_pass(x, training=True),
        ValueError, "expects two or more values", f"received {shape[0]}", "batch_size",
    )  # fmt: skip
    y, _ = layer.forward_pass(x)  # the running statistics do not depend on it
    assert y.shape == shape


@pytest.mark.parametrize(
    ("hyperparameters", "error", "named"),
    [
        ({"momentum": 1}, ValueError, ["momentum", "[0, 1)", "1"]),
        ({"momentum": "0.9"}, TypeError, ["momentum", "number", "'0.9'"]),
    ],
)
def test_wrong_hyperparameters_are_refused(
    hyperparameters: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: BatchNorm(**hyperparameters), error, "BatchNorm", *named)


def test_samples_without_channels_are_refused() -> None:
    assert_refuses(
        lambda: BatchNorm().build((), np.random.default_rng(0)), ValueError, "BatchNorm", "channels"
    )
