"""What Keras', PyTorch's and scikit-learn's users type first, and what they are told to write here."""

import copy
import inspect
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnn
from cnn.habits import NAMES, SYNONYMS, nearest
from tests.cnn.own import AbsoluteError, Scale
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
        "'kernel_initializer': did you mean 'initialiser'?",
    ),
    (lambda: c.Dense(10, initializer="he_normal"), "'initializer': did you mean 'initialiser'?"),
    (lambda: c.Dense(10, unit=3), "'unit': did you mean 'units'? It has units, initialiser."),
    (lambda: c.Dense(10, use_bias=False), "Dense has no argument 'use_bias': it always has biases"),
    (lambda: c.Dense(10, xyz=1), "Dense has no argument 'xyz': it has units, initialiser."),
    (lambda: c.Dense(filters=10), "'filters': did you mean 'units'?"),
    (lambda: c.Dense(in_features=784, out_features=10), "'in_features': the inputs follow from the samples"),
    (lambda: c.Dense(out_features=10), "'out_features': did you mean 'units'?"),
    (lambda: c.Dense(10, name="logits"), "'name': a layer is known by its index"),
    (lambda: c.Conv2D(8, 3, strides=2), "'strides': did you mean 'stride'?"),
    (lambda: c.Conv2D(8, 3, input_shape=(28, 28, 1)), "'input_shape': the shape follows from the samples"),
    (lambda: c.Conv2D(8, 3, data_format="channels_first"), "'data_format': images are [n, h, w, c]"),
    (lambda: c.Conv2D(in_channels=1, out_channels=8, kernel_size=3), "'in_channels': the channels follow"),
    (lambda: c.Conv2D(out_channels=8, kernel_size=3), "'out_channels': did you mean 'filters'?"),
    (lambda: c.Conv2D(units=8, kernel_size=3), "'units': did you mean 'filters'?"),
    (lambda: c.MaxPool2D(kernel_size=2), "'kernel_size': did you mean 'pool_size'?"),
    (lambda: c.BatchNorm(num_features=8), "'num_features': the channels follow from the samples"),
    (lambda: c.BatchNorm(eps=1e-3), "'eps': did you mean 'epsilon'?"),
    (lambda: c.Dropout(p=0.5), "'p': did you mean 'rate'?"),
    (lambda: c.Dropout(0.5, inplace=True), "'inplace': a layer never writes into its input"),
    (lambda: c.LeakyReLU(negative_slope=0.1), "'negative_slope': did you mean 'slope'?"),
    (lambda: c.Softmax(dim=1), "'dim': it works along the last axis"),
    (lambda: c.Adam(lr=0.1), "'lr': did you mean 'learning_rate'?"),
    (lambda: c.Adam(betas=(0.9, 0.99)), "'betas': write beta_1=0.9, beta_2=0.999"),
    (lambda: c.Adam(momentum=0.9), "'momentum': write beta_1=… for Adam"),
    (lambda: c.SGD(decay=1e-4), "'decay': did you mean 'weight_decay'?"),
    (lambda: c.SGD(weightdecay=1e-4), "'weightdecay': did you mean 'weight_decay'?"),
    (lambda: c.RMSProp(rho=0.9), "'rho': did you mean 'decay'?"),
    (lambda: c.OneCycle(max_lr=0.1), "'max_lr': did you mean 'peak'?"),
    (lambda: c.SoftmaxCrossEntropy(from_logits=True), "'from_logits': the outputs are always logits"),
    (lambda: c.RandomAffine(degrees=10), "'degrees': did you mean 'rotation'?"),
    (lambda: c.EarlyStopping(3, restore_best_weights=True), "'restore_best_weights': add BestWeights()"),
    (lambda: c.Checkpoint(filepath="x.npz"), "'filepath': did you mean 'path'?"),
    (lambda: c.Sequential([c.ReLU()], name="net"), "'name': a model has no name; leave it out"),
    (lambda: model().fit(X, y=LABELS), "fit has no argument 'y': did you mean 'targets'?"),
    (lambda: model().fit(X, LABELS, optimizer=c.Adam()), "'optimizer': did you mean 'optimiser'?"),
    (lambda: model().fit(X, LABELS, validation_split=0.1), "'validation_split': split the data first"),
    (lambda: model().fit(X, LABELS, shuffle=True), "'shuffle': fit shuffles in every epoch"),
    (
        lambda: model().fit(X, LABELS, metrics=["accuracy"]),
        "'metrics': the loss is always recorded, and of classes",
    ),
    (lambda: model().fit(X, LABELS, verbose=0), "fit has no argument 'verbose': write progress=True or"),
    (lambda: model().fit(X, LABELS, lr=0.1), "'lr': give it to the optimiser"),
    (lambda: model().fit(X, LABELS, learning_rate=0.1), "'learning_rate': give it to the optimiser"),
    (lambda: model().fit(X, LABELS, criterion=None), "'criterion': did you mean 'loss'?"),
    (lambda: model().fit(X, LABELS, max_iter=3), "'max_iter': did you mean 'epochs'?"),
    (lambda: model().fit(X, LABELS, early_stopping=True), "write callbacks=[EarlyStopping(patience=3)]"),
    (lambda: model().fit(X, LABELS, eval_set=(X, LABELS)), "did you mean 'validation_data'?"),
    (lambda: model().fit(X, LABELS, val_data=(X, LABELS)), "did you mean 'validation_data'?"),
    (lambda: model().fit(X, LABELS, steps_per_epoch=3), "an epoch goes through all samples once"),
    (lambda: model().fit(X, LABELS, initial_epoch=3), "fit goes on with the parameters as they are"),
    (lambda: model().fit([(X, LABELS)]), "fit needs x and targets, received x alone: give all samples"),
    (lambda: model().fit(iter([X])), "fit cuts them into batches"),
    (lambda: model().evaluate(X, LABELS, verbose=0), "'verbose': it prints nothing; leave it out"),
    (lambda: model().predict(X, batch_size=32), "'batch_size': any number of samples is taken"),
    (lambda: model().predict_proba(X, verbose=0), "'verbose': it prints nothing; leave it out"),
    (lambda: c.Sequential([c.ReLU()], random_state=0), "give fit a seed"),
    (lambda: c.Sequential.load("x.npz", custom_objects={}), "did you mean 'custom'?"),
    (lambda: c.Adam(name="adam"), "'name': an optimiser has no name; leave it out"),
    (lambda: c.Adam(batch_size=3), "'batch_size': give it to fit"),
    (lambda: c.Adam(axis=1), "Adam has no argument 'axis': it has learning_rate"),
    (lambda: c.OneCycle(0.1, mode="max"), "OneCycle has no argument 'mode': it has peak"),
    (lambda: c.OneCycle(0.1, total_steps=10), "it follows the progress of the training"),
    (lambda: c.StepDecay(0.1, step_size=10), "write points=(0.5, 0.75), the shares of the training"),
    (lambda: c.CosineDecay(0.1, T_max=10), "it follows the progress of the training"),
    (lambda: c.BestWeights(mode="min"), "'mode': an accuracy should be high"),
    (lambda: model().outputs(inputs=X), "outputs has no argument 'inputs'"),
    (lambda: model().build(shape=(6, 6, 1)), "'shape': did you mean 'input_shape'?"),
]

IN_ORDER: list[tuple[Callable[[], object], str]] = [
    (lambda: c.Adam(0.1, 0.9), "Adam takes only learning_rate without a name, received 2"),
    (lambda: c.Conv2D(3, 16, 3), "Conv2D takes only filters, kernel_size without a name, received 3"),
    (
        lambda: c.Conv2D(3, 16, 3, padding=1),
        "there is no in_channels, since it follows from the samples; write stride and",
    ),
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
        (lambda: c.Conv2D(8, 3, padding="SAME"), "'SAME': did you mean 'same'?"),
        (lambda: c.Dense(10, initialiser="glorot"), "'glorot': did you mean 'glorot_normal'?"),
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
        ({"loss": "binary_crossentropy"}, "write Dense(2) without Sigmoid as the last layer"),
        ({"optimiser": np.zeros((2, 3))}, "received an array of the shape [2, 3]."),
        ({"optimiser": [0] * 100}, "received a list of 100."),
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


def training() -> Any:
    """Return a training as callbacks see it."""
    seen: list[cnn.Training] = []
    model().fit(X, LABELS, epochs=1, callbacks=[seen.append])
    return seen[0]


@pytest.mark.parametrize(
    ("one", "name", "told"),
    [
        (model, "compile", "Sequential has no attribute 'compile': give optimiser and loss to fit."),
        (model, "optimiser", "give it to fit"),
        (model, "trainable", "all parameters are trained; to freeze some"),
        (model, "training", "there are no modes"),
        (lambda: c.Dense(2), "trainable", "Dense has no attribute 'trainable': all parameters are trained"),
        (lambda: c.Dense(2), "requires_grad", "in a callback's on_step_end, as the page"),
        (lambda: c.Dense(2), "weight", "params is the dict of its parameters, such as"),
        (c.Adam, "lr", "Adam has no attribute 'lr': write learning_rate."),
        (c.MeanSquaredError, "backward", "call it, loss(outputs, targets)"),
        (c.BestWeights, "model", "BestWeights has no attribute 'model': each hook is given the training"),
        (training, "stop_training", "Training has no attribute 'stop_training': set stopped = True."),
        (training, "stop", "set stopped = True."),
        (lambda: training().history, "history", 'write history["loss"]'),
    ],
    ids=told_alone,
)
def test_an_attribute_of_another_library_is_answered_with_what_to_do(
    one: Callable[[], Any], name: str, told: str
) -> None:
    assert_refuses(lambda: getattr(one(), name), AttributeError, told)
    assert_refuses(lambda: setattr(one(), name, 1), AttributeError, told)  # it would do nothing


def test_own_attributes_may_be_set_and_own_classes_may_have_any() -> None:
    dense: Any = cnn.Dense(2)
    dense.mine = 1
    dense.units = 3
    assert (dense.mine, dense.units) == (1, 3)
    own: Any = Scale(2.0)
    own.trainable = False
    assert not own.trainable


def test_other_attributes_are_refused_in_pythons_own_words() -> None:
    assert_refuses(lambda: model().xyz, AttributeError, "'Sequential' object has no attribute 'xyz'")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Linear", "cnn has no 'Linear': did you mean 'Dense'?"),
        ("Conv2d", "did you mean 'Conv2D'?"),
        ("MaxPooling2D", "did you mean 'MaxPool2D'?"),
        ("BatchNormalization", "did you mean 'BatchNorm'?"),
        ("CrossEntropyLoss", "did you mean 'SoftmaxCrossEntropy'?"),
        ("Optimizer", "did you mean 'Optimiser'?"),
        ("optimizers", "the optimisers are in cnn itself"),
        ("Model", "cnn has no 'Model': write Sequential("),
        ("MLPClassifier", "write Sequential("),
        ("LayerNorm", "the normalisation here is BatchNorm"),
        ("LayerNormalization", "the normalisation here is BatchNorm"),
        ("NLLLoss", "write SoftmaxCrossEntropy(), without a softmax"),
        ("LogSoftmax", "SoftmaxCrossEntropy applies the softmax itself"),
        ("Conv1d", "write Conv2D or a pool on samples of (length, 1, channels)"),
        ("Conv2DTranspose", "no layer enlarges an image"),
        ("MeanAbsoluteError", "write MeanSquaredError(), or a loss of your own"),
        ("functional", "the layers are in cnn itself"),
        ("no_grad", "only where backward_pass is called"),
        ("manual_seed", "fit(x, targets, seed=0)"),
        ("set_random_seed", "fit(x, targets, seed=0)"),
        ("load_model", "write Sequential.load(path)"),
        ("StepLR", "did you mean 'StepDecay'?"),
        ("CosineAnnealingLR", "did you mean 'CosineDecay'?"),
        ("ReduceLROnPlateau", "set training.optimiser.learning_rate in a callback"),
        ("BCEWithLogitsLoss", "write Dense(2) without Sigmoid"),
        ("PReLU", "a layer of your own"),
        ("Convolution2D", "did you mean 'Conv2D'?"),
        ("Swish", "a layer of your own"),
        ("Concatenate", "layers in a row, without branches"),
        ("ModelCheckpoint", "did you mean 'Checkpoint'?"),
        ("ImageDataGenerator", "augmentation=RandomAffine"),
    ],
)
def test_a_name_of_another_library_is_answered_with_ours(name: str, told: str) -> None:
    assert not hasattr(cnn, name)
    assert_refuses(lambda: getattr(cnn, name), AttributeError, told)
    with pytest.raises(ImportError, match="cnn has no") as caught:
        exec(f"from cnn import {name}")  # noqa: S102 - the statement is what is tested
    assert told in str(caught.value)


def test_every_synonym_stands_for_something_that_there_is() -> None:
    places: list[Any] = [getattr(cnn, name) for name in cnn.__all__]
    places += [getattr(cnn.Sequential, name) for name in ("build", "evaluate", "fit", "load")]
    there = {*cnn.__all__, *vars(cnn.Callback), *training().entries}
    there |= {"validation_loss", "validation_accuracy"}
    there |= {name for place in places if callable(place) for name in inspect.signature(place).parameters}
    assert {ours for names in SYNONYMS.values() for ours in names.split()} <= there


def test_other_names_are_refused_in_pythons_own_words_and_modules_can_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not set(NAMES) & {name.lower() for name in cnn.__all__}
    for name in ("xyz", "Nonsense", "Residual", "RandomFlip"):
        with pytest.raises(AttributeError, match=f"^module 'cnn' has no attribute '{name}'$"):
            getattr(cnn, name)
    with pytest.raises(ImportError, match="cannot import name 'xyz' from 'cnn'"):
        exec("from cnn import xyz")  # noqa: S102
    monkeypatch.delattr(cnn, "losses")  # as before its first import; its name is similar to Loss
    monkeypatch.delitem(sys.modules, "cnn.losses")
    assert nearest("losses", cnn.__all__)
    exec("from cnn import losses")  # noqa: S102


# All else goes on -------------------------------------------------------------------------------------


class Renamed(Scale):
    """A class with an `__init__` of its own, which takes more."""

    def __init__(self, first: float, /, *others: float, **options: object) -> None:
        super().__init__(first + sum(others))
        self.options = options

    @property
    def broken(self) -> object:
        return self.options.xyz  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "one",
    [cnn.Dense(3), cnn.SGD(0.1, momentum=0.9), cnn.OneCycle(0.1), Scale(3.0), Renamed(1.0, 2.0, a=3)],
    ids=repr,
)
def test_objects_are_copied_and_pickled(one: object) -> None:
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301
        assert repr(again) == repr(one)
        assert vars(again) == vars(one)


def test_own_classes_take_what_they_say_and_nothing_else() -> None:
    scale: Any = Scale
    absolute_error: Any = AbsoluteError
    assert Renamed(1.0, 2.0, activation="relu").options == {"activation": "relu"}
    assert AbsoluteError()(np.ones((1, 2)), np.zeros((1, 2)))[0] == 1
    assert_refuses(lambda: scale(faktor=3.0), TypeError, "'faktor': did you mean 'factor'?")
    assert_refuses(lambda: absolute_error(weight=3.0), TypeError, "AbsoluteError has no argument 'weight'")
    assert_refuses(lambda: absolute_error(3.0), TypeError, "AbsoluteError takes no values without a name")


def test_the_error_inside_of_a_property_is_not_hidden() -> None:
    assert_refuses(lambda: Renamed(1.0).broken, AttributeError, "'dict' object has no attribute 'xyz'")


def test_signatures_stay_as_they_are_written() -> None:
    assert str(inspect.signature(cnn.Dropout)) == "(rate: 'float') -> None"
    assert list(inspect.signature(cnn.Sequential.fit).parameters)[:3] == ["self", "x", "targets"]
