"""Mistakes in the use of a model, each of which must be answered with one clear sentence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import (
    SGD,
    BestWeights,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool2D,
    MeanSquaredError,
    RandomAffine,
    ReLU,
    Sequential,
    Softmax,
    SoftmaxCrossEntropy,
)
from cnn.checks import check_finite
from cnn.types import Array, Shape
from tests.cnn.tiny import built, digests, images, linear
from tests.refusals import assert_refuses


def fit(model: Sequential, x: Any, targets: Any, **options: Any) -> None:
    model.fit(x, targets, **{"epochs": 1, "optimiser": SGD(learning_rate=0.1), **options})


# The model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "error", "named"),
    [
        ([], ValueError, "at least one layer, received none"),
        ([Dense], TypeError, "expects layers such as Dense(10)"),
        ([Dense(3), "ReLU"], TypeError, "'ReLU'"),
        ([ReLU()] * 2, ValueError, "one of them twice"),
    ],
    ids=str,
)
def test_what_is_no_row_of_layers_is_refused(layers: list[Any], error: type[Exception], named: str) -> None:
    assert_refuses(lambda: Sequential(layers), error, "Sequential", named)


@pytest.mark.parametrize(
    ("layers", "input_shape", "named"),
    [
        ([Conv2D(2, 3), MaxPool2D(2), Conv2D(2, 3)], (6, 6, 1), ("Layer 2 (Conv2D)", "3×3", "2×2")),
        ([Conv2D(2, 7)], (6, 6, 1), ("Layer 0 (Conv2D)", "7×7", "6×6")),
        ([ReLU(), Dense(3)], (6, 6, 1), ("Layer 1 (Dense)", "(6, 6, 1)", "Flatten")),
        ([Flatten(), MaxPool2D()], (6, 6, 1), ("Layer 1 (MaxPool2D)", "(36,)")),
        ([Conv2D(2, 3)], (6, 6), ("Layer 0 (Conv2D)", "(6, 6)")),
        ([Flatten(), Dense(2)], (6, 0, 1), ("(6, 0, 1)",)),
        ([Flatten(), Dense(2)], (6, -6, 1), ("(6, -6, 1)",)),
    ],
    ids=str,
)
def test_a_layer_that_does_not_fit_is_named_with_its_place(
    layers: list[Layer], input_shape: Shape, named: tuple[str, ...]
) -> None:
    model = Sequential(layers)
    assert_refuses(lambda: model.build(input_shape, np.random.default_rng(0)), ValueError, *named)
    assert model.params == {}


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"1.weigth": np.zeros((36, 3))}, "1.weigth"),
        ({"0.weight": np.zeros((36, 3))}, "0.weight"),
        ({"2.weight": np.zeros((36, 3))}, "2.weight"),
        ({"-1.weight": np.zeros((36, 3))}, "-1.weight"),
        ({"weight": np.zeros((36, 3))}, "weight"),
        ({"1.weight": np.zeros((3, 36))}, "1.weight has the shape [36, 3], received [3, 36]"),
        ({"1.bias": np.ones(3), "1.weight": np.zeros(3)}, "1.weight has the shape [36, 3], received [3]"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_arrays_that_are_not_the_models_are_refused_and_none_assigned(
    arrays: dict[str, Array], named: str
) -> None:
    model = linear()
    before = digests(model.params)
    assert_refuses(lambda: model.assign(arrays), ValueError, named)
    assert digests(model.params) == before


@pytest.mark.parametrize(
    "config",
    [None, 3, "Dense", [], {}, {"layer": "Dense"}, {"layers": 3}, {"layers": {"layer": "Dense"}}],
    ids=str,
)
def test_plain_data_that_are_no_model_are_refused(config: Any) -> None:
    assert_refuses(lambda: Sequential.from_config(config), ValueError, "layers", repr(config))


@pytest.mark.parametrize(
    ("layers", "given"), [([Flatten(), Dense(1)], "(1,)"), ([ReLU()], "(6, 6, 1)")], ids=["one", "image"]
)
def test_a_network_that_cannot_choose_between_classes_is_refused(layers: list[Layer], given: str) -> None:
    named = "one number for each of two or more classes", f"this model gives {given}"
    assert_refuses(lambda: fit(built(layers), images(4)[0], np.zeros(4, int)), ValueError, *named)


@pytest.mark.parametrize("use", [fit, Sequential.evaluate], ids=["fit", "evaluate"])
def test_the_softmax_of_a_softmax_is_refused(use: Callable[..., object]) -> None:
    model = built([Flatten(), Dense(3), Softmax()])
    x, labels = images(4)
    named = "SoftmaxCrossEntropy", "ends with Softmax", "leave out its last layer"
    assert_refuses(lambda: use(model, x, labels, loss=SoftmaxCrossEntropy()), ValueError, *named)


# Samples ----------------------------------------------------------------------------------------------

WRONG_SAMPLES: dict[str, tuple[Any, type[Exception], tuple[str, ...]]] = {
    "list": (images(4)[0].tolist(), TypeError, ("list",)),
    "uint8": (images(4)[0].astype(np.uint8), TypeError, ("uint8", "float32", "astype")),
    "float16": (images(4)[0].astype(np.float16), TypeError, ("float16", "float32", "astype")),
    "one image": (images(4)[0][0], ValueError, ("[n, 6, 6, 1]", "[6, 6, 1]")),
    "no channels": (images(4)[0][..., 0], ValueError, ("[n, 6, 6, 1]", "[4, 6, 6]")),
    "colours": (images(4)[0].repeat(3, axis=3), ValueError, ("[n, 6, 6, 1]", "[4, 6, 6, 3]")),
    "too small": (images(4)[0][:, :5], ValueError, ("[n, 6, 6, 1]", "[4, 5, 6, 1]")),
    "none": (images(4)[0][:0], ValueError, ("at least one sample",)),
}

USES_OF_SAMPLES: dict[str, Callable[[Sequential, Any], object]] = {
    "fit": lambda model, x: fit(model, x, np.zeros(len(x), int)),
    "validation": lambda model, x: fit(model, *images(4), validation_data=(x, np.zeros(len(x), int))),
    "outputs": lambda model, x: model.outputs(x),
    "predict": lambda model, x: model.predict(x),
    "predict_proba": lambda model, x: model.predict_proba(x),
    "evaluate": lambda model, x: model.evaluate(x, np.zeros(len(x), int)),
    "activations": lambda model, x: model.activations(x),
}


@pytest.mark.parametrize("use", USES_OF_SAMPLES)
@pytest.mark.parametrize("wrong", WRONG_SAMPLES)
def test_samples_that_the_model_cannot_take_are_refused(use: str, wrong: str) -> None:
    x, error, named = WRONG_SAMPLES[wrong]
    name = "validation x " if use == "validation" else "x "
    assert_refuses(lambda: USES_OF_SAMPLES[use](linear(), x), error, name, *named)


@pytest.mark.parametrize("use", USES_OF_SAMPLES)
def test_a_model_that_has_not_been_built_is_refused(use: str) -> None:
    model = Sequential([Flatten(), Dense(3)])
    assert_refuses(lambda: USES_OF_SAMPLES[use](model, images(4)[0]), RuntimeError, "build(input_shape, rng)")


# Targets ----------------------------------------------------------------------------------------------

WRONG_TARGETS: dict[str, tuple[Any, type[Exception], tuple[str, ...]]] = {
    "list": ([0, 1, 2, 0], TypeError, ("list",)),
    "too large": (np.array([0, 1, 3, 0]), ValueError, ("0 to 2", "3 classes", "0 to 3")),
    "negative": (np.array([0, 1, -1, 0]), ValueError, ("0 to 2", "3 classes", "-1 to 1")),
    "float": (np.array([0.0, 1, 2, 0]), TypeError, ("whole numbers", "float64")),
    "bool": (np.array([True, False, True, True]), TypeError, ("whole numbers", "bool")),
    "text": (np.array(["0", "1", "2", "0"]), TypeError, ("whole numbers", "<U1")),
    "too few": (np.array([0, 1, 2]), ValueError, ("4 samples", "received the shape [3]")),
    "none": (np.zeros(0, int), ValueError, ("4 samples", "received the shape [0]")),
    "one number": (np.array(1), ValueError, ("4 samples",)),
    "two classes": (np.full((4, 2), 0.5), ValueError, ("[4, 3]", "[4, 2]")),
    "three axes": (np.full((4, 3, 1), 1 / 3), ValueError, ("[4, 3]", "[4, 3, 1]")),
    "rows of text": (np.full((4, 3), "a"), TypeError, ("<U1",)),
    "sum": (np.full((4, 3), 0.5), ValueError, ("probabilities", "add up to 1")),
    "negative rows": (np.array([[2.0, -1, 0]] * 4), ValueError, ("probabilities", "negative")),
}

USES_OF_TARGETS: dict[str, Callable[[Sequential, Any], object]] = {
    "fit": lambda model, targets: fit(model, images(4)[0], targets),
    "validation": lambda model, targets: fit(model, *images(4), validation_data=(images(4)[0], targets)),
    "evaluate": lambda model, targets: model.evaluate(images(4)[0], targets),
}


@pytest.mark.parametrize("use", USES_OF_TARGETS)
@pytest.mark.parametrize("wrong", WRONG_TARGETS)
def test_targets_that_do_not_fit_are_refused(use: str, wrong: str) -> None:
    targets, error, named = WRONG_TARGETS[wrong]
    assert_refuses(lambda: USES_OF_TARGETS[use](linear(), targets), error, *named)


# NaN and infinity -------------------------------------------------------------------------------------

NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("use", [*USES_OF_SAMPLES, *(f"{use} targets" for use in USES_OF_TARGETS)])
def test_numbers_that_are_not_finite_are_refused_where_they_enter(
    use: str, dtype: type[np.floating[Any]], bad: float
) -> None:
    x, rows = images(4, dtype=dtype)[0], np.zeros((4, 3), dtype)
    x[1, 2, 3, 0] = x[3, 0, 0, 0] = rows[1, 2] = bad
    name = ("validation " if "validation" in use else "") + ("targets" if "targets" in use else "x")
    first, count = ([1, 2], 1) if "targets" in use else ([1, 2, 3, 0], 2)
    expected = f"{name} must hold finite numbers only, received {bad} at {first} and {count} such in all"
    if "targets" in use:
        call = USES_OF_TARGETS[use.removesuffix(" targets")]
        assert_refuses(lambda: call(linear(), rows), ValueError, expected)
    else:
        assert_refuses(lambda: USES_OF_SAMPLES[use](linear(), x), ValueError, expected)


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    indices=st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    bad=st.sampled_from(NOT_FINITE),
)
def test_the_first_number_that_is_not_finite_is_named_and_all_are_counted(
    shape: list[int], indices: list[int], bad: float
) -> None:
    x = np.zeros(shape)
    chosen = sorted({index % x.size for index in indices})
    x.flat[chosen] = bad
    first = [int(index) for index in np.unravel_index(chosen[0], shape)]
    expected = f"x must hold finite numbers only, received {bad} at {first} and {len(chosen)} such in all"
    assert_refuses(lambda: check_finite("x", x), ValueError, expected)


# Options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"epochs": 0}, ValueError, ("epochs must be 1 or more", "0")),
        ({"epochs": 1.5}, TypeError, ("epochs", "1.5")),
        ({"epochs": True}, TypeError, ("epochs", "True")),
        ({"batch_size": 0}, ValueError, ("batch_size must be 1 or more", "0")),
        ({"batch_size": "32"}, TypeError, ("batch_size", "'32'")),
        ({"micro_batch_size": -1}, ValueError, ("micro_batch_size must be 1 or more", "-1")),
        ({"seed": -1}, ValueError, ("seed must be 0 or more", "-1")),
        ({"seed": 0.5}, TypeError, ("seed", "0.5")),
        ({"optimiser": "adam"}, TypeError, ("optimiser", "'adam'")),
        ({"optimiser": SGD}, TypeError, ("optimiser", "SGD")),
        ({"loss": "cross-entropy"}, TypeError, ("loss", "'cross-entropy'")),
        ({"loss": MeanSquaredError}, TypeError, ("loss", "MeanSquaredError")),
        ({"augmentation": "RandomAffine"}, TypeError, ("augmentation", "'RandomAffine'")),
        ({"augmentation": RandomAffine}, TypeError, ("augmentation", "RandomAffine")),
        ({"validation_data": images(4)[0]}, TypeError, ("validation_data",)),
        ({"validation_data": (images(4)[0],)}, TypeError, ("validation_data",)),
        ({"callbacks": [BestWeights()]}, ValueError, ("'validation_loss'", "give fit validation_data")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: fit(linear(), *images(4), **options), error, *named)


@pytest.mark.parametrize("n", [4, 97], ids=["few samples", "many samples"])
@pytest.mark.parametrize("use", ["fit", "outputs"])
@pytest.mark.parametrize(
    ("workers", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (1.5, TypeError),
        ("2", TypeError),
        (True, TypeError),
        (2, ValueError),
    ],
)
def test_workers_that_make_no_sense_are_refused(
    use: str, n: int, workers: Any, error: type[Exception]
) -> None:
    x, labels = images(n)
    with ThreadPoolExecutor(1) as pool:
        executor = pool if workers == 2 else None  # 2 is fine, but not beside an executor

        def call() -> None:
            if use == "fit":
                fit(linear(), x, labels, workers=workers, executor=executor)
            else:
                linear().outputs(x, workers=workers, executor=executor)

        assert_refuses(call, error, "workers", str(workers))
