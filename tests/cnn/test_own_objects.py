"""Layers, losses and initialisers that are not the library's, in a model and in its file."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnn
from cnn import Conv2D, Dense, Flatten, Layer, Loss, MeanSquaredError, ReLU, Sequential, SoftmaxCrossEntropy
from cnn.types import Array, Shape
from tests.cnn.own import Forgetful, Halving, Power, Scale, Slope, Twice, Weighted, small, twice
from tests.cnn.tiny import built, digests, images, run_python
from tests.refusals import assert_refuses

OWN = [Slope, Scale, Power, Twice, small, twice]
LAYERS_AND_CALL = "custom=[small, Slope, Scale, Power, Twice, twice])"


def own_model() -> Sequential:
    """Return a model with an object of each kind that is not the library's."""
    model = built(
        [Conv2D(3, 3, initialiser=small), Slope(0.5), Scale(factor=3), Power(2), Flatten(), Dense(3)],
    )
    model.assign({"1.slope": np.array([1, 2, 3], np.float32)})
    model.loss = Twice(SoftmaxCrossEntropy(label_smoothing=0.1))
    return model


# What comes back --------------------------------------------------------------------------------------


def test_a_model_of_own_objects_comes_back_and_save_says_how(tmp_path: Path) -> None:
    model, path = own_model(), tmp_path / "model.npz"
    with pytest.warns(
        UserWarning, match="does not hold the code of small, Slope, .*load the file by"
    ) as told:
        model.save(path)
    assert f"Sequential.load('{path}', {LAYERS_AND_CALL}" in str(told[0].message)
    assert told[0].filename == __file__
    again = Sequential.load(path, custom=OWN)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    assert again.to_config() == model.to_config()
    assert again.loss == model.loss
    assert digests(again.params) == digests(model.params)
    x, labels = images(5)
    assert digests({"y": again.outputs(x)}) == digests({"y": model.outputs(x)})
    assert again.loss(again.outputs(x), labels)[0] == model.loss(model.outputs(x), labels)[0]


LOADS = """
import sys
from cnn import Sequential
from tests.cnn import own

custom = [own.small, own.Slope, own.Scale, own.Power, own.Twice, own.twice]
model = Sequential.load(sys.argv[1], custom=custom)
print(model.params["1.slope"])
"""


def test_a_model_of_own_objects_comes_back_in_another_process(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="load the file by"):
        own_model().save(tmp_path / "model.npz")
    child = run_python(LOADS, tmp_path / "model.npz")
    assert child.stdout.strip() == "[1. 2. 3.]", child.stderr


def test_plain_data_of_own_objects_make_the_model_again() -> None:
    model = own_model()
    config = json.loads(json.dumps(model.to_config()))
    assert config["layers"][0]["initialiser"] == {"function": "small"}
    assert config["layers"][2] == {"layer": "Scale", "factor": 3}
    again = Sequential.from_config(config, custom=OWN)
    assert again.to_config() == model.to_config()
    named = "no layer 'Slope'", "custom=[…]"
    assert_refuses(lambda: Sequential.from_config({"layers": config["layers"][1:]}), ValueError, *named)
    named = "no function 'small'", "custom=[…]"
    assert_refuses(lambda: Sequential.from_config(config), ValueError, *named)


@pytest.mark.parametrize(
    ("loss", "written"),
    [
        (SoftmaxCrossEntropy(), None),
        (SoftmaxCrossEntropy(label_smoothing=0.1), {"loss": "SoftmaxCrossEntropy", "label_smoothing": 0.1}),
        (MeanSquaredError(), {"loss": "MeanSquaredError"}),
    ],
    ids=str,
)
def test_the_loss_comes_back_and_stands_in_the_file_unless_it_is_the_default(
    loss: Loss, written: object, tmp_path: Path
) -> None:
    model = built([Flatten(), Dense(3)])
    model.loss = loss
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as file:
        assert json.loads(str(file["header"])).get("loss") == written
    assert Sequential.load(tmp_path / "model.npz").loss == loss


# What is refused when a model is saved ----------------------------------------------------------------


class Unkept(ReLU):
    """Does not keep what its constructor received."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.doubled = 2 * factor


class Doubling(ReLU):
    """Keeps another number than its constructor received."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = 2 * factor


class Silent(Scale):
    """Tells less than its constructor needs."""

    def __init__(self, factor: float) -> None:
        super().__init__(factor)

    def to_config(self) -> dict[str, Any]:
        return {"layer": "Silent"}


class Late(ReLU):
    """Has state that `build` does not create."""

    def forward_pass(self, x: Array, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        self.state["late"] = np.zeros(1)
        return super().forward_pass(x, training, rng)


class Counts(ReLU):
    """Counts in whole numbers."""

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        self.state["count"] = np.zeros(1, int)
        return input_shape


@dataclass(eq=False)
class Holds(ReLU):
    """Holds anything."""

    value: Any = None


@dataclass(eq=False)
class Wraps(ReLU):
    """Has an argument of the name that is the key of its class."""

    layer: Any = None


class Takes(ReLU):
    """Takes anything, as layers of Keras do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.kwargs = kwargs


def another_small() -> Callable[..., Any]:
    def small(shape: Shape, rng: np.random.Generator) -> Array:
        return np.zeros(shape)

    return small


AnotherDense = type("Dense", (Dense,), {})

UNSAVED: list[tuple[list[Layer], type[Exception], tuple[str, ...]]] = [
    ([AnotherDense(3)], ValueError, ("cnn has a Dense itself", "another name")),
    ([Unkept(2)], TypeError, ("Unkept has no attribute factor", "set self.factor", "to_config")),
    ([Doubling(2)], ValueError, ("Doubling would not come back as it is", "'factor': 4", "'factor': 8")),
    ([Silent(2)], ValueError, ("Silent would not come back", "Silent needs factor")),
    ([Late()], ValueError, ("would not come back", "late")),
    ([Counts()], ValueError, ("'0.count' of int64", "float32 or float64")),
    ([Holds(np.zeros(3))], TypeError, ("Holds: value must be plain data", "an array", "by .tolist()")),
    ([Wraps(Dense(2))], TypeError, ("Wraps has an argument named layer", "rename it")),
    ([Holds({1: 2})], TypeError, ("Holds: value must be plain data", "the key 1 of the type int", "'1'")),
    ([Takes(units=3)], TypeError, ("Takes takes **kwargs", "leave it out of the constructor")),
    ([Dense(3, initialiser=lambda shape, _: np.zeros(shape))], TypeError, ("Dense: initialiser", "by def")),
    (
        [Dense(3, initialiser=small), Dense(3, initialiser=another_small())],
        ValueError,
        ("two different objects named small",),
    ),
]


@pytest.mark.parametrize(("layers", "error", "named"), UNSAVED, ids=range(len(UNSAVED)))
def test_what_could_not_be_loaded_is_not_saved(
    layers: list[Layer], error: type[Exception], named: tuple[str, ...], tmp_path: Path
) -> None:
    model = built([*layers, Dense(3)], (3,))
    model.forward_pass(np.ones((1, 3), np.float32))
    assert_refuses(lambda: model.save(tmp_path / "model.npz"), error, *named)
    assert list(tmp_path.iterdir()) == []


def test_a_namesake_of_a_built_in_is_not_told_as_plain_data() -> None:
    model = Sequential([type("ReLU", (Scale,), {})()])
    assert_refuses(model.to_config, ValueError, "cnn has a ReLU itself", "another name")


def test_a_loss_that_could_not_be_loaded_is_not_saved_and_can_be_left_out(tmp_path: Path) -> None:
    model = built([Dense(3)], (3,))
    model.loss = Weighted([1.0, 2.0, 3.0])
    named = "Weighted: weights must be plain data", "model.loss = SoftmaxCrossEntropy()"
    assert_refuses(lambda: model.save(tmp_path / "model.npz"), TypeError, *named)
    model.loss = SoftmaxCrossEntropy()
    model.save(tmp_path / "model.npz")


def test_layers_may_hold_layers_and_plain_data_of_any_depth(tmp_path: Path) -> None:
    held = [Dense(3), {"name": ["a", 1.5, None, np.float32(0.5), (True, Slope(2.0))]}]
    with pytest.warns(UserWarning, match=r"custom=\[Holds, Slope\]"):
        built([Holds(held)]).save(tmp_path / "model.npz")
    [layer] = Sequential.load(tmp_path / "model.npz", custom=[Slope, Holds]).layers
    assert isinstance(layer, Holds)
    assert repr(layer.value) == repr([Dense(3), {"name": ["a", 1.5, None, 0.5, [True, Slope(2.0)]]}])


# What is refused when a model is loaded ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("custom", "error", "named"),
    [
        ([], ValueError, ("objects that are not cnn's own", f"model.npz', {LAYERS_AND_CALL}")),
        (OWN[:-1], ValueError, ("objects that are not cnn's own", f"model.npz', {LAYERS_AND_CALL}")),
        ([*OWN, AnotherDense], ValueError, ("cnn has a Dense itself", "another name")),
        ([*OWN, type("Slope", (Slope,), {})], ValueError, ("two different objects named Slope",)),
        ([Slope()], TypeError, ("classes", "functions", "received Slope(")),
        ([int], TypeError, ("classes", "functions", "received <class 'int'>")),
        ({"Slope": Slope}, TypeError, ("a list of classes and functions", "a dict of 'Slope'")),
        (Slope, TypeError, ("a list of classes and functions", "Slope")),
    ],
    ids=["none", "too few", "a built-in's name", "a name twice", "object", "type", "dict", "class"],
)
def test_own_objects_that_do_not_fit_the_file_are_refused(
    custom: Any, error: type[Exception], named: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="load the file by"):
        own_model().save(tmp_path / "model.npz")
    assert_refuses(lambda: Sequential.load(tmp_path / "model.npz", custom=custom), error, *named)


def test_more_objects_than_the_file_needs_do_no_harm(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="load the file by"):
        own_model().save(tmp_path / "model.npz")
    Sequential.load(tmp_path / "model.npz", custom=[*OWN, Halving, Dense, cnn.he_normal])


# Constructors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda layer: Sequential([layer]),
        lambda layer: cnn.gradient_check(layer, (2, 3), np.random.default_rng(0)),
    ],
    ids=["Sequential", "gradient_check"],
)
def test_a_layer_whose_constructor_forgets_that_of_layer_is_refused(use: Callable[[Layer], object]) -> None:
    assert_refuses(lambda: use(Forgetful()), TypeError, "Forgetful has no params", "super().__init__()")


# Contracts that own objects break ---------------------------------------------------------------------


def own_layer(**methods: Any) -> Layer:
    """Return a layer with a parameter and other methods."""
    layer: Layer = type("Mine", (Slope,), methods)()
    return layer


def own_loss(call: Callable[..., Any]) -> Loss:
    loss: Loss = type("Mine", (SoftmaxCrossEntropy,), {"__call__": call})()
    return loss


def backward(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda self, dy, cache: change(*Slope.backward_pass(self, dy, cache))


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (
            own_layer(forward_pass=lambda *given: given[1]),
            ("forward_pass", "(y, cache)", "an array"),
        ),
        (own_layer(forward_pass=lambda *_: None), ("forward_pass", "(y, cache)", "None")),
        (
            own_layer(backward_pass=backward(lambda dx, _: dx)),
            ("backward_pass", "(dx, grads)", "an array"),
        ),
        (
            own_layer(backward_pass=backward(lambda dx, grads: (dx, grads["slope"]))),
            (
                "backward_pass",
                "a gradient for each of its parameters",
                "(slope)",
                "an array of the shape [1]",
            ),
        ),
        (
            own_layer(backward_pass=backward(lambda dx, grads: (dx, {"slop": grads["slope"]}))),
            ("backward_pass", "(slope)", "a dict of 'slop'"),
        ),
        (
            own_layer(backward_pass=backward(lambda dx, grads: (dx, {"slope": grads["slope"][None]}))),
            ("backward_pass", "a gradient of slope in the shape of slope, [1]", "[1, 1]"),
        ),
        (own_layer(build=lambda *_: None), ("build", "(6, 6, 1)", "None")),
    ],
    ids=["no cache", "nothing", "only dx", "no dict", "another name", "another shape", "build"],
)
def test_a_layer_that_breaks_its_contract_is_named_with_what_to_return(
    layer: Layer, named: tuple[str, ...]
) -> None:
    model = Sequential([Scale(), layer, Flatten(), Dense(3)])
    assert_refuses(lambda: model.fit(*images(4), epochs=1), TypeError, "Mine", "must return", *named)


@pytest.mark.parametrize(
    ("loss", "named"),
    [
        (own_loss(lambda *_: 0.5), ("(value, gradient)", "received 0.5")),
        (own_loss(lambda *given: (0.5, given[1][0])), ("[4, 3]", "0.5", "[3]")),
        (own_loss(lambda _self, outputs, _targets: (0.5, outputs)), ("batch_size=None", "__call__")),
    ],
    ids=["only a number", "another shape", "no batch_size"],
)
def test_a_loss_that_breaks_its_contract_is_named(loss: Loss, named: tuple[str, ...]) -> None:
    model = built([Flatten(), Dense(3)])
    assert_refuses(lambda: model.fit(*images(4), loss=loss, epochs=1), TypeError, "Mine must ", *named)
