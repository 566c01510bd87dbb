"""What Keras', PyTorch's and scikit-learn's users type first, and what they are told to write here."""

import copy
import inspect
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cnn
from cnn.habits import ATTRIBUTES, NAMES, nearest
from cnn.types import Array, Gradients, Shape
from tests.cnn.tiny import images, linear
from tests.refusals import assert_refuses

c: Any = cnn  # a type checker refuses most of what follows, as it should
X, LABELS = images(4)


def model() -> Any:
    return linear()


def told_alone(value: object) -> str:
    """Return the part of a test's name for a value: the functions have none."""
    return value if isinstance(value, str) else ""


# Arguments --------------------------------------------------------------------------------------------

ARGUMENTS: list[tuple[Callable[[], object], str]] = [
    (
        lambda: c.Dense(10, activation="relu"),
        "Dense has no argument 'activation': put an activation after it",
    ),
    (
        lambda: c.Dense(10, kernel_initializer="he_normal"),
        "'kernel_initializer', did you mean 'initialiser'?",
    ),
    (lambda: c.Dense(10, initializer="he_normal"), "'initializer', did you mean 'initialiser'?"),
    (lambda: c.Dense(10, unit=3), "'unit', did you mean 'units'?: it has units, initialiser."),
    (lambda: c.Dense(10, use_bias=False), "Dense has no argument 'use_bias': it always has biases"),
    (lambda: c.Dense(10, xyz=1), "Dense has no argument 'xyz': it has units, initialiser."),
    (lambda: c.Dense(filters=10), "'filters', did you mean 'units'?"),
    (lambda: c.Dense(in_features=784, out_features=10), "'in_features': the inputs follow from the samples"),
    (lambda: c.Dense(out_features=10), "'out_features', did you mean 'units'?"),
    (lambda: c.Dense(10, name="logits"), "'name': a layer is known by its index"),
    (lambda: c.Conv2D(8, 3, strides=2), "'strides', did you mean 'stride'?"),
    (lambda: c.Conv2D(8, 3, input_shape=(28, 28, 1)), "'input_shape': the shape follows from the samples"),
    (lambda: c.Conv2D(8, 3, data_format="channels_first"), "'data_format': images are [n, h, w, c]"),
    (lambda: c.Conv2D(in_channels=1, out_channels=8, kernel_size=3), "'in_channels': the channels follow"),
    (lambda: c.Conv2D(out_channels=8, kernel_size=3), "'out_channels', did you mean 'filters'?"),
    (lambda: c.Conv2D(units=8, kernel_size=3), "'units', did you mean 'filters'?"),
    (lambda: c.MaxPool2D(kernel_size=2), "'kernel_size', did you mean 'pool_size'?"),
    (lambda: c.BatchNorm(num_features=8), "'num_features': the channels follow from the samples"),
    (lambda: c.BatchNorm(eps=1e-3), "'eps', did you mean 'epsilon'?"),
    (lambda: c.Dropout(p=0.5), "'p', did you mean 'rate'?"),
    (lambda: c.Dropout(0.5, inplace=True), "'inplace': a layer never writes into its input"),
    (lambda: c.LeakyReLU(negative_slope=0.1), "'negative_slope', did you mean 'slope'?"),
    (lambda: c.Softmax(dim=1), "'dim': it works along the last axis"),
    (lambda: c.Adam(lr=0.1), "'lr', did you mean 'learning_rate'?"),
    (lambda: c.Adam(betas=(0.9, 0.99)), "'betas': write beta_1=0.9, beta_2=0.999"),
    (lambda: c.Adam(momentum=0.9), "'momentum': write beta_1=… for Adam"),
    (lambda: c.SGD(decay=1e-4), "'decay', did you mean 'weight_decay'?"),
    (lambda: c.SGD(weightdecay=1e-4), "'weightdecay', did you mean 'weight_decay'?"),
    (lambda: c.RMSProp(rho=0.9), "'rho', did you mean 'decay'?"),
    (lambda: c.OneCycle(max_lr=0.1), "'max_lr', did you mean 'peak'?"),
    (lambda: c.SoftmaxCrossEntropy(from_logits=True), "'from_logits': the outputs are always logits"),
    (lambda: c.RandomAffine(degrees=10), "'degrees', did you mean 'rotation'?"),
    (lambda: c.EarlyStopping(3, restore_best_weights=True), "'restore_best_weights': add BestWeights()"),
    (lambda: c.Checkpoint(filepath="x.npz"), "'filepath', did you mean 'path'?"),
    (lambda: c.Sequential([c.ReLU()], name="net"), "Sequential has no argument 'name'"),
    (lambda: model().fit(X, y=LABELS), "fit has no argument 'y', did you mean 'targets'?"),
    (lambda: model().fit(X, LABELS, optimizer=c.Adam()), "'optimizer', did you mean 'optimiser'?"),
    (lambda: model().fit(X, LABELS, validation_split=0.1), "'validation_split': split the data first"),
    (lambda: model().fit(X, LABELS, shuffle=True), "'shuffle': fit shuffles in every epoch"),
    (
        lambda: model().fit(X, LABELS, metrics=["accuracy"]),
        "'metrics': loss and accuracy are always recorded",
    ),
    (lambda: model().evaluate(X, LABELS, verbose=0), "evaluate has no argument 'verbose'"),
    (lambda: model().predict(X, batch_size=32), "predict has no argument 'batch_size'"),
    (lambda: model().predict_proba(X, verbose=0), "predict_proba has no argument 'verbose'"),
    (lambda: model().outputs(inputs=X), "outputs has no argument 'inputs'"),
    (lambda: model().build(shape=(6, 6, 1)), "'shape', did you mean 'input_shape'?"),
]

IN_ORDER: list[tuple[Callable[[], object], str]] = [
    (lambda: c.Adam(0.1, 0.9), "Adam takes only learning_rate without a name, received 2"),
    (lambda: c.ReLU(X), "ReLU takes no values without a name, received 1"),
    (lambda: c.Sequential(c.Dense(8), c.ReLU()), "put all layers into one list"),
    (lambda: c.Sequential(c.Dense(8)), "Sequential expects a list of layers"),
    (lambda: model().fit(X, LABELS, 10), "fit takes only x, targets without a name, received 3"),
    (lambda: model().build(6, 6, 1), "give the shape as one tuple"),
    (lambda: model().build(784), "a tuple such as (28, 28, 1), received 784"),
]

MEANINGS: list[tuple[Callable[[], object], str]] = [
    (lambda: c.Dense(10, "relu"), "initialiser cannot be 'relu': put an activation after it"),
    (lambda: c.Dense(784, 10), "initialiser cannot be 10: give the outputs alone"),
    (lambda: c.BatchNorm(32), "momentum cannot be 32: the channels follow from the samples"),
    (lambda: c.Adam(model().params), "fit gives it the model's parameters"),
]


@pytest.mark.parametrize(("call", "told"), [*ARGUMENTS, *IN_ORDER, *MEANINGS], ids=told_alone)
def test_an_argument_of_another_library_is_answered_with_what_to_write(
    call: Callable[[], object], told: str
) -> None:
    assert_refuses(call, TypeError, told)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: c.Conv2D(8, 3, padding="SAME"), "'SAME', did you mean 'same'?"),
        (lambda: c.Dense(10, initialiser="glorot"), "'glorot', did you mean 'glorot_normal'?"),
        (lambda: c.Dense(10, initialiser="xavier_uniform"), "did you mean 'glorot_uniform'?"),
        (lambda: model().build((None, 6, 6, 1), np.random.default_rng(0)), "without the number of samples"),
    ],
    ids=told_alone,
)
def test_a_value_of_another_library_is_answered_with_what_to_write(
    call: Callable[[], object], told: str
) -> None:
    assert_refuses(call, ValueError, told)


def test_a_model_without_layers_is_told_to_take_all_at_once() -> None:
    assert_refuses(c.Sequential, ValueError, "received none: give it all layers at once")


# Objects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"optimiser": "adam"},
            "optimiser must be an Optimiser such as Adam(), received 'adam': write Adam().",
        ),
        ({"optimiser": cnn.Adam}, "received the class Adam: write Adam()."),
        ({"optimiser": "xyz"}, "such as Adam(), received 'xyz'."),
        ({"loss": "mse"}, "write MeanSquaredError()."),
        ({"loss": "sparse_categorical_crossentropy"}, "write SoftmaxCrossEntropy()."),
        ({"augmentation": cnn.RandomAffine}, "received the class RandomAffine: write RandomAffine()."),
        ({"callbacks": [cnn.EarlyStopping]}, "write EarlyStopping(patience=…)."),
        ({"callbacks": ["early_stopping"]}, "write EarlyStopping(patience=…)."),
    ],
    ids=str,
)
def test_a_class_or_its_name_in_place_of_an_object_is_answered_with_what_makes_one(
    options: dict[str, Any], told: str
) -> None:
    options = {"epochs": 1, "optimiser": cnn.SGD(), **options}
    assert_refuses(lambda: model().fit(X, LABELS, **options), TypeError, told)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: c.Sequential(["relu"]), "such as Dense(10), received 'relu': write ReLU()."),
        (lambda: c.Sequential([c.ReLU]), "received the class ReLU: write ReLU()."),
        (lambda: c.Sequential([c.Dense]), "write Dense(units=…)."),
        (lambda: c.Sequential([c.Adam]), "received the class Adam."),
        (
            lambda: model().evaluate(X, LABELS, loss="mse"),
            "loss must be a Loss such as MeanSquaredError(), received 'mse': write",
        ),
        (lambda: c.Adam("cosine"), "write CosineDecay(peak=…)."),
        (lambda: c.Adam(c.OneCycle), "write OneCycle(peak=…)."),
        (lambda: c.Adam(abs), "whose class derives from Schedule, received <built-in"),
    ],
    ids=told_alone,
)
def test_so_it_is_for_layers_losses_and_schedules(call: Callable[[], object], told: str) -> None:
    assert_refuses(call, TypeError, told)


# Attributes and names ---------------------------------------------------------------------------------

OBJECTS = {
    "Sequential": linear(),
    "Layer": cnn.Dense(2),
    "Optimiser": cnn.Adam(),
    "Loss": cnn.MeanSquaredError(),
    "History": cnn.history.History(),
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_an_attribute_of_another_library_is_answered_with_what_to_do(kind: str) -> None:
    one = OBJECTS[kind]
    for name, advice in ATTRIBUTES[kind].items():
        assert not hasattr(one, name)
        told = f"{type(one).__name__} has no attribute {name!r}: {advice}."
        assert_refuses(lambda name=name: getattr(one, name), AttributeError, told)  # type: ignore[misc]


def test_other_attributes_are_refused_in_pythons_own_words() -> None:
    assert_refuses(lambda: model().xyz, AttributeError, "'Sequential' object has no attribute 'xyz'")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Linear", "cnn has no 'Linear', did you mean 'Dense'?"),
        ("Conv2d", "did you mean 'Conv2D'?"),
        ("MaxPooling2D", "did you mean 'MaxPool2D'?"),
        ("BatchNormalization", "did you mean 'BatchNorm'?"),
        ("CrossEntropyLoss", "did you mean 'SoftmaxCrossEntropy'?"),
        ("Optimizer", "did you mean 'Optimiser'?"),
        ("optimizers", "the optimisers are in cnn itself"),
        ("Model", "cnn has no 'Model': write Sequential("),
    ],
)
def test_a_name_of_another_library_is_answered_with_ours(name: str, told: str) -> None:
    assert not hasattr(cnn, name)
    assert_refuses(lambda: getattr(cnn, name), AttributeError, told)
    with pytest.raises(ImportError, match="cnn has no") as caught:
        exec(f"from cnn import {name}")  # noqa: S102 - the statement is what is tested
    assert told in str(caught.value)


def test_other_names_are_refused_in_pythons_own_words_and_modules_can_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not set(NAMES) & set(cnn.__all__)
    assert_refuses(lambda: c.xyz, AttributeError, "module 'cnn' has no attribute 'xyz'")
    with pytest.raises(ImportError, match="cannot import name 'xyz' from 'cnn'"):
        exec("from cnn import xyz")  # noqa: S102
    monkeypatch.delattr(cnn, "losses")  # as before its first import; its name is similar to Loss
    monkeypatch.delitem(sys.modules, "cnn.losses")
    assert nearest("losses", cnn.__all__)
    exec("from cnn import losses")  # noqa: S102


# All else goes on -------------------------------------------------------------------------------------


@dataclass(eq=False)
class Scaled(cnn.Layer):
    """A layer of a user's own."""

    factor: float = 2.0

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, None]:
        return self.factor * x, None

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        return self.factor * dy, {}


class Renamed(Scaled):
    """A class with an `__init__` of its own, which takes more."""

    def __init__(self, first: float, /, *others: float, **options: object) -> None:
        super().__init__(first + sum(others))
        self.options = options

    @property
    def broken(self) -> object:
        return self.options.xyz  # type: ignore[attr-defined]


class Absolute(cnn.Loss):
    """A class without an `__init__`."""

    def __call__(self, outputs: Array, targets: Any, batch_size: int | None = None) -> tuple[float, Array]:
        return float(abs(outputs - targets).mean()), np.sign(outputs - targets)


@pytest.mark.parametrize(
    "one",
    [cnn.Dense(3), cnn.SGD(0.1, momentum=0.9), cnn.OneCycle(0.1), Scaled(3.0), Renamed(1.0, 2.0, a=3)],
    ids=repr,
)
def test_objects_are_copied_and_pickled(one: object) -> None:
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301
        assert repr(again) == repr(one)
        assert vars(again) == vars(one)


def test_own_classes_take_what_they_say_and_nothing_else() -> None:
    scaled: Any = Scaled
    absolute: Any = Absolute
    assert Renamed(1.0, 2.0, activation="relu").options == {"activation": "relu"}
    assert Absolute()(np.ones((1, 2)), np.zeros((1, 2)))[0] == 1
    assert_refuses(lambda: scaled(faktor=3.0), TypeError, "'faktor', did you mean 'factor'?")
    assert_refuses(lambda: absolute(weight=3.0), TypeError, "Absolute has no argument 'weight'")
    assert_refuses(lambda: absolute(3.0), TypeError, "Absolute takes no values without a name")


def test_the_error_inside_of_a_property_is_not_hidden() -> None:
    assert_refuses(lambda: Renamed(1.0).broken, AttributeError, "'dict' object has no attribute 'xyz'")


def test_signatures_stay_as_they_are_written() -> None:
    assert str(inspect.signature(cnn.Dropout)) == "(rate: 'float') -> None"
    assert list(inspect.signature(cnn.Sequential.fit).parameters)[:3] == ["self", "x", "targets"]
