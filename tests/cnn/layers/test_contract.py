"""What every layer promises, whatever it computes: each test runs for each kind of layer there is."""

import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn import (
    BatchNorm,
    Conv2D,
    Dense,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    Softmax,
    Standardise,
    gradient_check,
)
from cnn.layers import LAYERS
from cnn.types import Array, Gradients, Shape
from tests.cnn.layers.strategies import CASES, dtypes, seeds
from tests.refusals import assert_refuses

DIFFERENT_IN_TRAINING = {"BatchNorm", "Dropout"}

every_kind = pytest.mark.parametrize("kind", LAYERS)
few = settings(max_examples=10)
random_cases = given(data=st.data(), dtype=dtypes, training=st.booleans())


class Passes:
    """A forward and a backward pass with random numbers in, and everything that comes out."""

    def __init__(self, layer: Layer, shape: Shape, seed: int, dtype: Any, training: bool) -> None:
        self.layer, self.rng = layer, np.random.default_rng(seed)
        self.x = self.rng.standard_normal(shape).astype(dtype)
        self.y, self.cache = layer.forward_pass(self.x, training, self.rng)
        self.dy = self.rng.standard_normal(self.y.shape).astype(dtype)

    def back(self) -> tuple[Array, Gradients]:
        return self.layer.backward_pass(self.dy, self.cache)


@every_kind
@few
@given(data=st.data())
def test_the_gradients_are_what_small_changes_show(kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind])
    errors = gradient_check(case.layer, case.input_shape, np.random.default_rng(case.seed))
    assert errors.keys() == {"x", *case.built()[0].params}
    assert max(errors.values()) < 1e-6, errors


@every_kind
@few
@random_cases
def test_shapes_are_those_announced_and_number_types_those_received(
    kind: str, data: st.DataObject, dtype: Any, training: bool
) -> None:
    case = data.draw(CASES[kind])
    layer, _ = case.built()
    passes = Passes(layer, case.input_shape, case.seed, dtype, training)
    dx, grads = passes.back()
    assert passes.y.shape == (case.input_shape[0], *layer.output_shape(case.input_shape[1:]))
    assert layer.build(case.input_shape[1:], passes.rng) == layer.output_shape(case.input_shape[1:])
    assert dx.shape == case.input_shape
    shapes = layer.parameter_shapes(case.input_shape[1:])
    assert {name: value.shape for name, value in layer.params.items()} == shapes
    assert {name: grad.shape for name, grad in grads.items()} == shapes
    assert set(layer.decays) <= shapes.keys()
    np.testing.assert_equal(layer.parameter_gradients(passes.dy, passes.cache), grads)
    assert {passes.y.dtype, dx.dtype, *(grad.dtype for grad in grads.values())} == {np.dtype(dtype)}


@every_kind
@few
@random_cases
def test_no_pass_changes_what_it_is_given_nor_the_layer(
    kind: str, data: st.DataObject, dtype: Any, training: bool
) -> None:
    case = data.draw(CASES[kind])
    layer, rng = case.built()
    x = rng.standard_normal(case.input_shape).astype(dtype)
    given_forward = [vars(layer), x]
    before = copy.deepcopy(given_forward)
    y, cache = layer.forward_pass(x, training, rng)
    np.testing.assert_equal(given_forward, before)
    dy = rng.standard_normal(y.shape).astype(dtype)
    given_back = [vars(layer), x, y, dy, cache]
    before = copy.deepcopy(given_back)
    layer.backward_pass(dy, cache)
    layer.parameter_gradients(dy, cache)
    np.testing.assert_equal(given_back, before)


@every_kind
@few
@random_cases
def test_passes_of_two_inputs_do_not_disturb_each_other(
    kind: str, data: st.DataObject, dtype: Any, training: bool
) -> None:
    case = data.draw(CASES[kind])
    other_seed = data.draw(seeds)
    layer, _ = case.built()

    def passes(seed: int) -> Passes:
        return Passes(layer, case.input_shape, seed, dtype, training)

    def results(one: Passes) -> tuple[Array, tuple[Array, Gradients]]:
        return one.y, one.back()

    expected = [copy.deepcopy(results(passes(seed))) for seed in (case.seed, other_seed)]
    first, second = passes(case.seed), passes(other_seed)
    np.testing.assert_equal([results(first), results(second)], expected)


@every_kind
@few
@given(data=st.data(), training=st.booleans(), view=st.booleans())
def test_how_arrays_lie_in_memory_changes_nothing(
    kind: str, data: st.DataObject, training: bool, view: bool
) -> None:
    def laid_out(array: Array) -> Array:
        return np.repeat(array, 2, axis=-1)[..., ::2] if view else np.asfortranarray(array)

    case = data.draw(CASES[kind])
    layer, _ = case.built()
    passes = Passes(layer, case.input_shape, case.seed, np.float64, training)
    dx, grads = passes.back()
    rng = np.random.default_rng(case.seed)
    x = rng.standard_normal(case.input_shape)  # as in Passes, so that dropout draws the same mask after it
    y, cache = layer.forward_pass(laid_out(x), training, rng)
    other_dx, other_grads = layer.backward_pass(laid_out(passes.dy), cache)
    parameters = [(other_grads[name], grad) for name, grad in grads.items()]
    for other, expected in ((y, passes.y), (other_dx, dx), *parameters):
        np.testing.assert_allclose(other, expected, rtol=1e-9, atol=1e-12)


@every_kind
@settings(max_examples=5)
@given(data=st.data(), training=st.booleans())
def test_what_a_pass_returned_survives_later_passes_also_those_of_eight_threads(
    kind: str, data: st.DataObject, training: bool
) -> None:
    case = data.draw(CASES[kind])
    layer, _ = case.built()

    def results(seed: int) -> list[Any]:
        passes = Passes(layer, case.input_shape, seed, np.float32, training)
        return [passes.y, passes.cache, passes.back()]

    some = [case.seed + thread for thread in range(8)]
    expected = [copy.deepcopy(results(seed)) for seed in some]
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(results, some * 3))
    np.testing.assert_equal(kept, expected * 3)


@every_kind
@few
@given(data=st.data())
def test_gradients_of_parts_of_a_batch_add_up_to_the_whole_batchs(kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind])
    layer, _ = case.built()
    training = kind not in DIFFERENT_IN_TRAINING
    whole = Passes(layer, case.input_shape, case.seed, np.float64, training)
    dx, grads = whole.back()
    cut = data.draw(st.integers(0, case.input_shape[0]))
    total = {name: np.zeros_like(grad) for name, grad in grads.items()}
    dx_parts = []
    for part in filter(len, np.split(np.arange(case.input_shape[0]), [cut])):
        y, cache = layer.forward_pass(whole.x[part], training)
        np.testing.assert_allclose(y, whole.y[part], rtol=1e-12, atol=1e-12)
        dx_part, grads_part = layer.backward_pass(whole.dy[part], cache)
        dx_parts.append(dx_part)
        for name, grad in grads_part.items():
            total[name] += grad
    np.testing.assert_allclose(np.concatenate(dx_parts), dx, rtol=1e-12, atol=1e-12)
    for name, grad in grads.items():
        np.testing.assert_allclose(total[name], grad, rtol=1e-12, atol=1e-12)


@every_kind
@settings(max_examples=1)
@given(data=st.data())
def test_what_is_no_array_of_floats_is_refused(kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind])
    layer, _ = case.built()
    ones = np.ones(case.input_shape)
    others = {"int64", "uint8", "bool", "float16"} - ({"uint8"} if layer.takes_bytes else set())
    received: dict[str, Any] = {name: ones.astype(name) for name in others}
    for name, x in (received | {"list": ones.tolist()}).items():
        assert_refuses(partial(layer.forward_pass, x), TypeError, kind, "expects", f"received {name}")


@pytest.mark.parametrize(
    ("layer", "sample", "received", "expected"),
    [
        (Conv2D(3, 1), (5, 5, 2), (5, 5, 2), "4 axes [n, h, w, c], received 3"),
        (
            Conv2D(3, 1),
            (5, 5, 2),
            (5, 5, 2),
            "single sample by x[None], or the axis c to grey images by x[...",
        ),
        (GlobalAveragePool2D(), (5, 5, 2), (5, 5), "4 axes [n, h, w, c], received 2 in the shape (5, 5)."),
        (Dense(3), (2,), (2,), "2 axes [n, n_in]"),
        (Dense(3), (2,), (2,), "add the axis n to a single sample by x[None]."),
        (BatchNorm(), (2,), (2,), "axes"),  # would normalise nothing
        (Softmax(), (2,), (2,), "axes"),  # would make the samples add up to 1
    ],
)
def test_another_number_of_axes_is_refused(
    layer: Layer, sample: Shape, received: Shape, expected: str
) -> None:
    layer.build(sample, np.random.default_rng(0))
    assert_refuses(
        lambda: layer.forward_pass(np.ones(received)), ValueError, layer.kind, expected, str(received)
    )


@pytest.mark.parametrize(
    ("layer", "sample", "received"),
    [
        (Conv2D(3, 1), (5, 5, 2), (1, 5, 5, 3)),
        (Dense(3), (2,), (1, 3)),
        (BatchNorm(), (5, 5, 2), (1, 5, 5, 3)),
    ],
)
def test_another_number_of_channels_is_refused(layer: Layer, sample: Shape, received: Shape) -> None:
    layer.build(sample, np.random.default_rng(0))
    assert_refuses(
        lambda: layer.forward_pass(np.ones(received)),
        ValueError, layer.kind, "built for 2", "received 3", str(received),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "sample"),
    [
        (Conv2D(3, 3), (28, 28, 1)),
        (Conv2D(3, 3, padding="same"), (32, 32, 3)),
        (MaxPool2D(4), (32, 32, 3)),
        (BatchNorm(), (28, 28, 1)),
        (Standardise((0, 0, 0), 1), (32, 32, 3)),
    ],
)
def test_images_whose_channels_come_first_are_refused_with_the_way_to_turn_them(
    layer: Layer, sample: Shape
) -> None:
    layer.build(sample, np.random.default_rng(0))
    x = np.ones((2, *sample))
    first = x.transpose(0, 3, 1, 2)
    assert_refuses(
        lambda: layer.forward_pass(first), ValueError, "turn the images by x.transpose(0, 2, 3, 1)"
    )
    layer.forward_pass(first.transpose(0, 2, 3, 1))


@pytest.mark.parametrize(
    ("layer", "shape", "missing"),
    [(Conv2D(3, 1), (1, 5, 5, 2), "weight"), (Dense(3), (1, 2), "weight"), (BatchNorm(), (1, 2), "scale")],
)
def test_a_layer_that_is_not_built_says_so(layer: Layer, shape: Shape, missing: str) -> None:
    assert_refuses(
        lambda: layer.forward_pass(np.ones(shape)), RuntimeError, layer.kind, f"no {missing}", "call build("
    )
