"""What an exported model computes is what `cnn` computes, as another implementation of ONNX sees it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from cnn import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Rescale,
    Sequential,
    Sigmoid,
    Softmax,
    Standardise,
    Tanh,
)
from cnn.layers import LAYERS
from cnn.types import Shape
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.params import load_parameters
from pipeline.common.recipes import make_model
from pipeline.to_onnx import CONVERTERS, OPSET, to_onnx
from tests.cnn.layers.strategies import CASES
from tests.cnn.own import Derived, Doubled
from tests.pipeline.pictures import real_digits
from tests.refusals import assert_refuses

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime has no package for this system")

TOLERANCE = 1e-5  # of the largest value

IMAGES: list[tuple[list[Layer], Shape]] = [
    ([Conv2D(4, 3)], (7, 9, 1)),
    ([Conv2D(4, 3)], (7, 9, 3)),
    ([Conv2D(4, (2, 5), stride=(3, 2))], (11, 12, 3)),
    ([Conv2D(4, 3, padding="same")], (6, 7, 3)),
    ([Conv2D(4, (4, 2), stride=2, padding="same")], (7, 7, 3)),
    ([Conv2D(4, 3, stride=5, padding="same")], (7, 6, 1)),
    ([Conv2D(4, 2, padding=3)], (5, 5, 3)),
    ([Conv2D(4, 3, stride=2, padding=((0, 2), (3, 1)))], (6, 8, 3)),
    ([MaxPool2D(2)], (7, 9, 3)),
    ([MaxPool2D((3, 2), stride=(1, 3))], (7, 9, 1)),
    ([MaxPool2D(3, stride=2, padding="same")], (7, 8, 3)),
    ([MaxPool2D(3, padding=((2, 0), (1, 2)))], (7, 8, 3)),
    ([AveragePool2D(2)], (7, 9, 3)),
    ([AveragePool2D((3, 2), stride=(2, 1), padding=1)], (7, 9, 1)),
    ([AveragePool2D(3, stride=2, padding="same")], (7, 8, 3)),
    ([AveragePool2D(3, padding=((2, 0), (1, 2)))], (7, 8, 3)),
    ([GlobalAveragePool2D()], (5, 7, 3)),
    ([BatchNorm(epsilon=0.1)], (5, 7, 3)),
    ([Dropout(0.5)], (5, 7, 3)),
    ([Flatten()], (3, 2, 4)),
    ([Conv2D(4, 3), Flatten()], (5, 6, 3)),
    ([Softmax()], (2, 3, 4)),
    ([Conv2D(4, 3), Softmax()], (5, 6, 3)),
    ([Conv2D(4, 3), Standardise((1.0, 2.0, 3.0, 4.0), 2.0), MaxPool2D(2)], (6, 6, 3)),
]
OTHERS: list[tuple[list[Layer], Shape]] = [
    ([Dense(3)], (5,)),
    ([BatchNorm()], (5,)),
    ([BatchNorm()], (4, 5)),
    ([Softmax()], (5,)),
    ([Flatten()], (5,)),
    ([ReLU()], (5,)),
    ([LeakyReLU(0.3)], (5,)),
    ([Sigmoid()], (5,)),
    ([Tanh()], (5,)),
    ([GELU()], (5,)),
]
BYTES: list[tuple[list[Layer], Shape]] = [
    ([Rescale(1 / 255)], (4, 5, 3)),
    ([Rescale(-2, offset=0.5), Conv2D(2, 3)], (4, 5, 1)),
    ([Standardise(33.3, 78.6), Conv2D(2, 3)], (4, 5, 1)),
    ([Standardise((10.0, 20.0, 30.0), (4.0, 5.0, 6.0)), Conv2D(2, 3)], (4, 5, 3)),
]


def with_random_numbers(layers: list[Layer], input_shape: Shape) -> Sequential:
    """Return a built model in which no parameter and no state is left as it starts."""
    rng = np.random.default_rng(0)
    model = Sequential(layers)
    model.build(input_shape, rng)
    for layer in model.layers:
        for arrays in (layer.params, layer.state):
            for name, array in arrays.items():
                started = np.where(array == 0, 1, array)
                arrays[name] = (rng.uniform(0.5, 1.5, array.shape) * started).astype(np.float32)
    return model


def samples(model: Sequential, n: int) -> NDArray[Any]:
    rng, shape = np.random.default_rng(n), (n, *model.built_for())
    if model.layers[0].takes_bytes:
        return rng.integers(0, 256, shape, np.uint8)
    return 2 * rng.standard_normal(shape, dtype=np.float32)


def check_agreement(model: Sequential, batches: Iterable[NDArray[Any]]) -> None:
    """The exported model is valid, and gives what the model gives."""
    exported = to_onnx(model)
    onnx.checker.check_model(exported, full_check=True)
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    for x in batches:
        expected, _ = model.forward_pass(x)
        [found] = session.run(["outputs"], {"inputs": x})
        check_equal(found, expected)


def check_equal(found: NDArray[Any], expected: NDArray[Any]) -> None:
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()


@pytest.mark.parametrize(("layers", "input_shape"), [*IMAGES, *OTHERS, *BYTES], ids=str)
def test_a_layer_computes_the_same_elsewhere(layers: list[Layer], input_shape: Shape) -> None:
    model = with_random_numbers(layers, input_shape)
    check_agreement(model, [samples(model, 1), samples(model, 5)])


@pytest.mark.parametrize("input_shape", [(5,), (5, 7, 3)])
def test_the_evaluator_of_onnx_too_takes_batch_normalisation_as_that_of_inference(input_shape: Shape) -> None:
    model = with_random_numbers([BatchNorm()], input_shape)
    x = samples(model, 5)
    expected, _ = model.forward_pass(x)
    [found] = ReferenceEvaluator(to_onnx(model)).run(None, {"inputs": x})
    check_equal(np.asarray(found), expected)


@pytest.mark.parametrize("kind", LAYERS)
@settings(max_examples=10)
@given(data=st.data())
def test_random_layers_of_each_kind_compute_the_same_elsewhere(kind: str, data: st.DataObject) -> None:
    case = data.draw(CASES[kind])
    model = with_random_numbers([case.layer], case.input_shape[1:])
    check_agreement(model, [samples(model, 1), samples(model, 5)])


@pytest.mark.parametrize("recipe", load_parameters().recipes)
def test_the_network_of_each_recipe_computes_the_same_elsewhere(recipe: str) -> None:
    layers = make_model(load_parameters().recipes[recipe].model).layers
    digits, _ = real_digits()
    model = with_random_numbers([Rescale(1 / 255), *layers, Softmax()], INPUT_SHAPE)
    check_agreement(model, [digits[::250, ..., None]])


def test_every_layer_has_a_converter() -> None:
    assert set(CONVERTERS) == set(LAYERS.values())


def test_axes_are_turned_once_before_the_first_convolution_and_once_before_flatten() -> None:
    layers = make_model(load_parameters().recipes["seed"].model).layers
    operators = [node.op_type for node in to_onnx(with_random_numbers([*layers], INPUT_SHAPE)).graph.node]
    assert [operators[0], operators[operators.index("Flatten") - 1]] == ["Transpose"] * 2
    assert operators.count("Transpose") == 2


def test_the_opset_is_the_one_that_is_named_and_the_batch_is_free() -> None:
    model = with_random_numbers([Flatten(), Dense(3)], (2, 2, 1))
    exported = to_onnx(model, inputs="x", outputs="y", of="cnn")
    assert [(one.domain, one.version) for one in exported.opset_import] == [("", OPSET)]
    assert exported.ir_version == 7  # that of ONNX 1.9, which brought opset 14
    assert [(entry.key, entry.value) for entry in exported.metadata_props] == [("of", "cnn")]
    [x], [y] = exported.graph.input, exported.graph.output
    shapes = [[axis.dim_param or axis.dim_value for axis in one.type.tensor_type.shape.dim] for one in (x, y)]
    assert (x.name, y.name, shapes) == ("x", "y", [["n", 2, 2, 1], ["n", 3]])


def test_the_same_model_gives_the_same_bytes() -> None:
    models = (
        with_random_numbers([Conv2D(2, 3), BatchNorm(), GELU(), Flatten(), Dense(3)], (6, 6, 1))
        for _ in range(2)
    )
    one, other = (to_onnx(model, first="1", second="2").SerializeToString() for model in models)
    assert one == other


def test_a_layer_of_ones_own_is_refused_also_if_it_derives_from_one_of_cnn() -> None:
    model = with_random_numbers([Dense(2), Derived()], (3,))
    assert_refuses(
        lambda: to_onnx(model), PipelineError,
        "Layer 1 cannot be exported", "received tests.cnn.own.Derived", "a layer of cnn", "CONVERTERS",
    )  # fmt: skip


def test_a_model_with_a_forward_pass_of_its_own_is_refused() -> None:
    model = Doubled([Dense(2)])
    model.build((3,))
    assert_refuses(lambda: to_onnx(model), PipelineError, "Doubled has a forward_pass of its own")


@pytest.mark.parametrize(("takes_bytes", "numbers"), [(None, "uint8"), (True, "uint8"), (False, "float32")])
def test_a_model_that_takes_bytes_may_take_floats_elsewhere(takes_bytes: bool | None, numbers: str) -> None:
    model = Sequential([Standardise(2.0, 3.0), Dense(2)])
    model.build((4,))
    x: NDArray[Any] = np.arange(12).reshape(3, 4).astype(numbers)
    session = onnxruntime.InferenceSession(to_onnx(model, takes_bytes=takes_bytes).SerializeToString())
    np.testing.assert_allclose(session.run(None, {"inputs": x})[0], model(x), rtol=1e-5)


def test_a_model_that_is_not_built_is_refused() -> None:
    assert_refuses(lambda: to_onnx(Sequential([Dense(2)])), RuntimeError, "build(input_shape), first")
