"""Mistakes in the use of a model, each of which must be answered with one clear sentence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cnn import (
    SGD,
    BestWeights,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    MeanSquaredError,
    RandomAffine,
    ReLU,
    Sequential,
    Softmax,
    SoftmaxCrossEntropy,
)
from cnn.types import Array, Shape
from tests.cnn.own import Scale
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
        ([ReLU()] * 2, ValueError, "one of them twice"),
    ],
    ids=str,
)
def test_what_are_not_layers_is_refused(layers: list[Any], error: type[Exception], named: str) -> None:
    assert_refuses(lambda: Sequential(layers), error, "Sequential", named)


@pytest.mark.parametrize(
    ("layers", "input_shape", "named"),
    [
        ([Conv2D(2, 3), MaxPool2D(2), Conv2D(2, 3)], (6, 6, 1), ("Layer 2 (Conv2D)", "3×3", "2×2")),
        ([ReLU(), Dense(3)], (6, 6, 1), ("Layer 1 (Dense)", "(6, 6, 1)", "Flatten")),
        ([Conv2D(2, 3)], (6, 6), ("Layer 0 (Conv2D)", "(6, 6)")),
        ([Flatten(), Dense(2)], (6, 0, 1), ("(6, 0, 1)",)),
        ([Flatten(), Dense(2)], (None, 6, 6, 1), ("without the number of samples", "(None, 6, 6, 1)")),
    ],
    ids=str,
)
def test_a_layer_that_does_not_fit_is_named_with_its_index(
    layers: list[Layer], input_shape: Shape, named: tuple[str, ...]
) -> None:
    model = Sequential(layers)
    assert_refuses(lambda: model.build(input_shape, np.random.default_rng(0)), ValueError, *named)
    assert model.params == {}


def test_a_samples_shape_is_a_tuple() -> None:
    assert_refuses(lambda: Sequential([Dense(2)]).build(4), TypeError, "(28, 28, 1)", "received 4")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"1.weigth": np.zeros((36, 3))}, "1.weigth"),
        ({"weight": np.zeros((36, 3))}, "weight"),
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


@pytest.mark.parametrize("config", [None, {"layer": "Dense"}, {"layers": {"layer": "Dense"}}], ids=str)
def test_plain_data_that_are_not_a_model_are_refused(config: Any) -> None:
    assert_refuses(lambda: Sequential.from_config(config), ValueError, "layers", repr(config))


@pytest.mark.parametrize(
    ("layers", "given"), [([Flatten(), Dense(1)], "(1,)"), ([ReLU()], "(6, 6, 1)")], ids=["one", "image"]
)
def test_a_network_that_cannot_choose_between_classes_is_refused(layers: list[Layer], given: str) -> None:
    named = "one number for each of two or more classes", f"this model gives {given}"
    model, x = built(layers), images(4)[0]
    assert_refuses(lambda: fit(model, x, np.zeros(4, int)), ValueError, *named, "MeanSquaredError()")
    for use in (model.predict, model.predict_proba):
        assert_refuses(partial(use, x), ValueError, *named, "model(x)")


@pytest.mark.parametrize("use", [fit, Sequential.evaluate], ids=["fit", "evaluate"])
def test_the_softmax_of_a_softmax_is_refused(use: Callable[..., object]) -> None:
    model = built([Flatten(), Dense(3), Softmax()])
    x, labels = images(4)
    named = "SoftmaxCrossEntropy", "ends with Softmax", "leave out its last layer"
    assert_refuses(lambda: use(model, x, labels, loss=SoftmaxCrossEntropy()), ValueError, *named)


# Samples ----------------------------------------------------------------------------------------------


class Sparse:
    """What counts of a sparse matrix of SciPy."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def toarray(self) -> Array:
        return images(self.n)[0]


def of_objects(values: list[Any]) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array


WRONG_SAMPLES: list[tuple[Any, type[Exception], tuple[str, ...]]] = [
    (np.zeros((4, 6, 6, 1), int).tolist(), TypeError, ("int64", "numpy.asarray(x, numpy.float32)")),
    (images(4)[0].astype(np.float16), TypeError, ("float16", "float32", "x.astype(numpy.float32)")),
    (images(4)[0].astype(np.uint8), TypeError, ("uint8", "Rescale(1 / 255)", "x.astype(numpy.float32)")),
    (images(4)[0].astype(complex), TypeError, ("real numbers", "complex128", "x.real")),
    (np.zeros((4, 2), "datetime64[s]"), TypeError, ("real numbers", "datetime64[s]", "years or days")),
    (pd.DataFrame({"a": [True, 1]}), TypeError, ("float32", "numpy.asarray(x, numpy.float32)")),
    (np.ma.array(images(4)[0]), TypeError, ("masked array",)),
    ([[1.0], [1.0, 2.0]], TypeError, ("lists of equal lengths",)),
    ({"x": 1.0}, TypeError, ("an array or a list", "{'x': 1.0}")),
    (Sparse(4), TypeError, ("sparse", "x.toarray()")),
    (of_objects(list(images(4)[0])), TypeError, ("array of ndarray objects", "numpy.stack(x)")),
    (of_objects([Image.new("L", (6, 6))] * 4), TypeError, ("array of Image objects", "numpy.stack(x)")),
    ([Image.new("L", (6, 6)), Image.new("L", (6, 5))], TypeError, ("images of one size",)),
    (pd.DataFrame({"a": [1.0], "b": ["red"]}), TypeError, ("numbers, received 'red'", "leave such columns")),
    (np.array([["red"]]), TypeError, ("numbers, received np.str_('red')", "leave such columns")),
    (
        pd.DataFrame({"a": [pd.NA, 1]}),
        TypeError,
        ("numbers, received <NA>", "columns or rows out"),
    ),
    (np.array([["1.5"]]), TypeError, ("<U3", "x.astype(numpy.float32)")),
    (images(4)[0].reshape(4, 36), ValueError, ("[4, 36]", "(x).reshape(-1, 6, 6, 1)")),
    (images(4)[0][0, ..., 0], ValueError, ("received [6, 6]", "(x)[None, ..., None]")),
    (images(4)[0][0], ValueError, ("[n, 6, 6, 1]", "[6, 6, 1]", "(x)[None]")),
    (images(4)[0][..., 0], ValueError, ("[n, 6, 6, 1]", "[4, 6, 6]", "(x)[..., None]")),
    (images(4)[0][:, :5], ValueError, ("[n, 6, 6, 1]", "[4, 5, 6, 1]")),
    (images(4)[0].transpose(0, 3, 1, 2), ValueError, ("[4, 1, 6, 6]", "x.transpose(0, 2, 3, 1)")),
    (images(4)[0][:0], ValueError, ("at least one sample",)),
]

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
def test_samples_that_the_model_cannot_take_are_refused(use: str) -> None:
    name = "validation x " if use == "validation" else "x "
    for x, error, named in WRONG_SAMPLES:
        assert_refuses(partial(USES_OF_SAMPLES[use], linear(), x), error, name, *named)


@pytest.mark.parametrize("use", USES_OF_SAMPLES)
def test_parameters_of_another_shape_are_refused_and_the_layer_named(use: str) -> None:
    model = built([Conv2D(2, 3), Flatten(), Dense(3)])
    model[0].params["weight"] = np.zeros((3, 3, 1, 7), np.float32)
    named = "Layer 0 (Conv2D) was built for another input", "[3, 3, 1, 2]", "[3, 3, 1, 7]"
    assert_refuses(lambda: USES_OF_SAMPLES[use](model, images(4)[0]), ValueError, *named)


class Overwriting(Scale):
    """A layer that breaks the rule that a pass only reads its input."""

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, None]:
        x /= self.factor
        return x, None


@pytest.mark.parametrize("use", [use for use in USES_OF_SAMPLES if use != "fit"])
def test_a_layer_that_writes_into_the_callers_samples_fails_and_changes_nothing(use: str) -> None:
    x = images(4)[0]
    before = x.copy()
    model = built([Overwriting(), Flatten(), Dense(3)])
    assert_refuses(lambda: USES_OF_SAMPLES[use](model, x), ValueError, "read-only")
    np.testing.assert_array_equal(x, before)
    assert x.flags.writeable


@pytest.mark.parametrize("use", [use for use in USES_OF_SAMPLES if use not in {"fit", "validation"}])
def test_a_model_that_has_not_been_built_is_refused(use: str) -> None:
    model = Sequential([Flatten(), Dense(3)])
    assert_refuses(lambda: USES_OF_SAMPLES[use](model, images(4)[0]), RuntimeError, "build(input_shape)")


@pytest.mark.parametrize("x", [images(4)[0], images(4)[0].astype(">f8"), images(4)[0].tolist()], ids=type)
@pytest.mark.parametrize("use", USES_OF_SAMPLES)
def test_samples_are_taken_as_lists_and_in_the_other_byte_order(use: str, x: Any) -> None:
    USES_OF_SAMPLES[use](linear(), x)


def test_samples_are_taken_from_a_frame_of_floats_and_booleans() -> None:
    frame = pd.get_dummies(pd.DataFrame({"size": [0.5, 1.5], "colour": ["red", "blue"]}))
    model = built([Dense(3)], (3,))
    np.testing.assert_array_equal(model(frame), model([[0.5, 0.0, 1.0], [1.5, 1.0, 0.0]]))


class Halves(ReLU):
    """A layer that takes bytes."""

    takes_bytes = True

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        return super().forward_pass(x.astype(np.float32) / 2, training, rng)


@pytest.mark.parametrize("use", USES_OF_SAMPLES)
def test_bytes_are_taken_where_the_first_layer_takes_them(use: str) -> None:
    USES_OF_SAMPLES[use](built([Halves(), Flatten(), Dense(3)]), images(4)[0].astype(np.uint8))


@pytest.mark.parametrize(
    ("layers", "x", "named"),
    [
        ([Dense(3)], np.zeros(4), ("[n, …]", "[4]", "(x)[None]", "(x)[:, None]")),
        ([Conv2D(2, 3), Flatten(), Dense(3)], np.zeros((4, 64)), ("Conv2D", "(x).reshape(-1, 8, 8, 1)")),
        ([Conv2D(2, 3), Flatten(), Dense(3)], np.zeros((4, 192)), ("Conv2D", "(x).reshape(-1, h, w, c)")),
        ([Conv2D(2, 3), Flatten(), Dense(3)], np.zeros((8, 8, 1)), ("Conv2D", "(8, 1)", "(x)[None]")),
        ([Conv2D(2, 3), Flatten(), Dense(3)], np.zeros((4, 6, 6)), ("Conv2D", "(6, 6)", "(x)[..., None]")),
        ([GlobalAveragePool2D(), Dense(3)], np.zeros((4, 6, 6)), ("GlobalAve", "(6, 6)", "(x)[..., None]")),
        ([MaxPool2D(2), Flatten(), Dense(3)], np.zeros((4, 6)), ("MaxPool2D", "(6,)")),
        ([Dense(3)], np.zeros((0, 5)), ("at least one sample",)),
    ],
    ids=str,
)
def test_samples_that_no_model_can_be_built_for_are_refused(
    layers: list[Layer], x: Array, named: tuple[str, ...]
) -> None:
    model = Sequential(layers)
    assert_refuses(lambda: fit(model, x, np.zeros(len(x), int)), ValueError, *named)
    assert model.params == {}


@pytest.mark.parametrize("loss", ["mse", MeanSquaredError])
def test_what_is_not_a_loss_is_refused(loss: Any) -> None:
    uses: list[Callable[..., object]] = [fit, Sequential.evaluate]
    for use in uses:
        assert_refuses(partial(use, linear(), *images(4), loss=loss), TypeError, "loss must be")


# Targets ----------------------------------------------------------------------------------------------

WRONG_TARGETS: list[tuple[Any, type[Exception], tuple[str, ...]]] = [
    (["a", "b", "c", "a"], TypeError, ("<U1", "numpy.unique")),
    (np.ma.array([0, 1, 2, 0]), TypeError, ("masked array",)),
    (np.array([0, 1, 3, 0]), ValueError, ("0 to 2", "3 classes", "0 to 3", "last layer")),
    (np.array([0.5, 1, 2, 0]), ValueError, ("whole numbers", "0.5 at [0]")),
    (np.array([0, 1e300, 2, 0]), ValueError, ("whole numbers below 2⁵³", "1e+300 at [1]")),
    (np.array([0, 1, 2]), ValueError, ("4 samples", "received the shape [3]")),
    (np.full((4, 2), 0.5), ValueError, ("[4, 3]", "[4, 2]")),
    (np.full((4, 3), 0.5), ValueError, ("add up to 1", "row [0.5, 0.5, 0.5]", "BinaryCrossEntropy")),
    (np.array([[2.0, -1, 0]] * 4), ValueError, ("probabilities", "negative")),
]

USES_OF_TARGETS: dict[str, Callable[[Sequential, Any], object]] = {
    "fit": lambda model, targets: fit(model, images(4)[0], targets),
    "validation": lambda model, targets: fit(model, *images(4), validation_data=(images(4)[0], targets)),
    "evaluate": lambda model, targets: model.evaluate(images(4)[0], targets),
}


@pytest.mark.parametrize(
    "targets",
    [
        [0, 1, 2, 0],
        [[0.0], [1.0], [2.0], [0.0]],
        pd.Series([0, 1, 2, 0]),
        np.eye(3, dtype=bool)[[0, 1, 2, 0]],
    ],
)
@pytest.mark.parametrize("use", USES_OF_TARGETS)
def test_targets_are_taken_in_every_form_that_people_have(use: str, targets: Any) -> None:
    USES_OF_TARGETS[use](linear(), targets)


@pytest.mark.parametrize("use", USES_OF_TARGETS)
def test_targets_that_do_not_fit_are_refused(use: str) -> None:
    for targets, error, named in WRONG_TARGETS:
        assert_refuses(partial(USES_OF_TARGETS[use], linear(), targets), error, *named)


# NaN and infinity -------------------------------------------------------------------------------------

not_finite = pytest.mark.parametrize("bad", [np.nan, -np.inf])


@not_finite
@pytest.mark.parametrize("use", USES_OF_SAMPLES)
def test_samples_that_are_not_finite_are_refused_and_the_first_number_named(use: str, bad: float) -> None:
    x = images(4)[0]
    x[1, 2, 3, 0] = x[3, 0, 0, 0] = bad
    name = "validation x" if use == "validation" else "x"
    expected = f"{name} must hold finite numbers only, received {bad} at [1, 2, 3, 0] and 2 such in all"
    assert_refuses(lambda: USES_OF_SAMPLES[use](linear(), x), ValueError, expected)


@not_finite
@pytest.mark.parametrize("use", USES_OF_TARGETS)
def test_targets_that_are_not_finite_are_refused_and_the_first_number_named(use: str, bad: float) -> None:
    targets = np.zeros((4, 3))
    targets[1, 2] = bad
    name = "validation targets" if use == "validation" else "targets"
    expected = f"{name} must hold finite numbers only, received {bad} at [1, 2] and 1 such in all"
    assert_refuses(lambda: USES_OF_TARGETS[use](linear(), targets), ValueError, expected)


# Options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"epochs": 0}, ValueError, ("epochs must be 1 or more", "0")),
        ({"epochs": True}, TypeError, ("epochs", "True")),
        ({"batch_size": "32"}, TypeError, ("batch_size", "'32'")),
        ({"micro_batch_size": -1}, ValueError, ("micro_batch_size must be 1 or more", "-1")),
        ({"seed": -1}, ValueError, ("seed must be 0 or more", "-1")),
        ({"optimiser": SGD}, TypeError, ("optimiser", "SGD")),
        ({"loss": "cross-entropy"}, TypeError, ("loss", "'cross-entropy'")),
        ({"augmentation": RandomAffine}, TypeError, ("augmentation", "RandomAffine")),
        (
            {"validation_data": images(4)[0]},
            TypeError,
            ("validation_data must be a pair", "received an array of the shape [4, 6, 6, 1]"),
        ),
        (
            {"loss": MeanSquaredError(), "validation_data": (images(4)[0], np.zeros((4, 3)))},
            ValueError,
            ("both be labels",),
        ),
        ({"callbacks": BestWeights("loss")}, TypeError, ("callbacks must be a list", "put it into [ ]")),
        ({"callbacks": [BestWeights()]}, ValueError, ("'validation_loss'", "give fit validation_data")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: fit(linear(), *images(4), **options), error, *named)


@pytest.mark.parametrize(("workers", "error"), [(0, ValueError), ("2", TypeError), (2, ValueError)])
def test_workers_that_make_no_sense_are_refused(workers: Any, error: type[Exception]) -> None:
    x, labels = images(4)
    with ThreadPoolExecutor(1) as pool:
        chosen = {"workers": workers, "executor": pool if workers == 2 else None}  # not both
        assert_refuses(lambda: fit(linear(), x, labels, **chosen), error, "workers", str(workers))
        assert_refuses(lambda: linear().outputs(x, **chosen), error, "workers", str(workers))
