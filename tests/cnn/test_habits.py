"""What Keras', PyTorch's and scikit-learn's users type first, and what they are told to write here."""

import copy
import inspect
import pickle
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

import cnn
from cnn.foreign_names import NAMES, SYNONYMS
from cnn.habits import nearest
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
    (lambda: c.SGD(decay=1e-4), "'decay': for a rate that falls, as in Keras, give a schedule"),
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
    (lambda: model().fit(X, LABELS, early_stopping=True), "callbacks=[EarlyStopping(patience=3), "),
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
    (lambda: c.BestWeights(mode="min"), "'mode': what ends with loss"),
    (lambda: c.Dense(10, activation="softmax"), "'activation': leave it out, since"),
    (lambda: c.Dense(10, activation="sigmoid"), "put Sigmoid() after it"),
    (lambda: c.SoftmaxCrossEntropy(weight=[1, 2]), "'weight': write the loss Weighted, as the page"),
    (lambda: model().fit(X, LABELS, class_weight={0: 2}), "write the loss Weighted, as the page"),
    (lambda: model().evaluate(X, LABELS, sample_weight=LABELS), "write the loss Weighted, as the page"),
    (lambda: model().fit(X, LABELS, scheduler=None), "give the schedule to the optimiser"),
    (lambda: model().fit(X, LABELS, clip_grad_norm=1), "write clip_norm=… on the optimiser"),
    (lambda: model().fit(X, LABELS, tol=0.1), "callbacks=[EarlyStopping(patience=3), BestWeights()]"),
    (lambda: model().fit(X, LABELS, n_jobs=2), "'n_jobs': did you mean 'workers'?"),
    (lambda: c.Sequential(hidden_layer_sizes=(100,)), "write the layers, as in Sequential(["),
    (lambda: c.Sequential([c.ReLU()], solver="adam"), "give fit the optimiser itself"),
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
    (lambda: c.Dense(10, "softmax"), "initialiser cannot be 'softmax': leave it out, since"),
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
        ({"callbacks": ["model_checkpoint"]}, "callbacks=[BestWeights()] and then model.save(path)"),
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
        (model, "set_params", "scikit-learn's tools take a class Classifier or Regressor around the model"),
        (model, "named_modules", "write for layer in model"),
        (model, "predict_log_proba", "write numpy.log(predict_proba(x))"),
        (lambda: c.Dense(2), "add_weight", "put the array into params in build(input_shape, rng)"),
        (lambda: c.Dense(2), "get_config", "write to_config()"),
        (c.Adam, "state_dict", "Optimiser.load(path) keep its arrays and the number of its steps"),
        (c.Adam, "param_groups", "all parameters have one rate, learning_rate"),
        (c.Adam, "step", "model.assign(optimiser.update(model.params, grads, progress, model.decays))"),
        (lambda: c.CosineDecay(0.1), "step", "asks it at each step; leave it out"),
    ],
    ids=told_alone,
)
def test_an_attribute_of_another_library_is_answered_with_what_to_do(
    one: Callable[[], Any], name: str, told: str
) -> None:
    assert_refuses(lambda: getattr(one(), name), AttributeError, told)
    assert_refuses(lambda: setattr(one(), name, 1), AttributeError, told)  # it would do nothing


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("get_weights parameters coefs_ intercepts_", "params['0.weight']"),
        ("state_dict load_state_dict", "assign(other.params | other.state)"),
        ("train_on_batch", "fit(x, targets, epochs=1, batch_size=len(x), optimiser=optimiser)"),
        ("score", 'evaluate(x, targets)["accuracy"]'),
        ("loss_curve_", 'history["loss"]'),
        ("n_features_in_", "input_shape"),
        ("register_forward_hook", "activations(x)"),
        ("get_config", "to_config()"),
        ("classes_", "classes()"),
    ],
)
def test_what_a_model_is_told_to_do_works(names: str, code: str) -> None:
    one, other = (cnn.Sequential([cnn.Dense(3)]) for _ in range(2))
    x, targets, optimiser = X.reshape(4, 36), LABELS, cnn.Adam()
    for each in (one, other):
        each.fit(x, targets, epochs=1)
    for name in names.split():
        assert_refuses(partial(getattr, one, name), AttributeError, code)
    eval(f"one.{code}", {"x": x, "targets": targets, "optimiser": optimiser, "one": one, "other": other})  # noqa: S307


def test_scikit_learn_quotes_which_class_its_tools_take() -> None:
    with pytest.raises(AttributeError, match="scikit-learn's tools take a class Classifier or Regressor"):
        cross_val_score(model(), X, LABELS, cv=2, scoring="accuracy")


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
        ("optimizers", "they are in cnn itself, such as cnn.Adam"),
        ("Model", "cnn has no 'Model': write Sequential("),
        ("MLPClassifier", "write Sequential("),
        ("LayerNorm", "the normalisation here is BatchNorm"),
        ("LayerNormalization", "the normalisation here is BatchNorm"),
        ("NLLLoss", "write SoftmaxCrossEntropy(), without a softmax"),
        ("LogSoftmax", "SoftmaxCrossEntropy applies the softmax itself"),
        ("Conv1d", "write Conv2D or a pool on samples of (length, 1, channels)"),
        ("Conv2DTranspose", "no layer enlarges an image"),
        ("MeanAbsoluteError", "write MeanSquaredError(), or a loss of your own"),
        ("functional", "they are in cnn itself, such as cnn.ReLU"),
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
        ("ModelCheckpoint", "callbacks=[BestWeights()] and then model.save(path)"),
        ("ImageDataGenerator", "augmentation=RandomAffine"),
        ("StandardScaler", "write Standardise.of(x) as the first layer"),
        ("BinaryCrossentropy", "several labels of one sample, write the loss BinaryCrossEntropy"),
        ("Unflatten", "x.reshape(-1, h, w, c)"),
        ("L1Loss", "or a loss of your own"),
        ("ReLU6", "write ReLU(), or a layer of your own"),
        ("clone_model", "write Sequential.from_config(model.to_config()) for an untrained copy"),
        ("MLPRegressor", "end Sequential with Dense(1)"),
        ("clip_grad_norm_", "write clip_norm=1.0 on the optimiser"),
        ("ExponentialLR", "write a schedule of your own"),
    ],
)
def test_a_name_of_another_library_is_answered_with_ours(name: str, told: str) -> None:
    assert not hasattr(cnn, name)
    assert_refuses(lambda: getattr(cnn, name), AttributeError, told)
    with pytest.raises(ImportError, match="cnn has no") as caught:
        exec(f"from cnn import {name}")  # noqa: S102 - the statement is what is tested
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("layers", "MaxPooling2D", "did you mean 'MaxPool2D'?"),
        ("layers", "Input", "the shape follows from the samples"),
        ("layers", "SDG", "did you mean 'SGD'? It is in cnn."),
        ("losses", "CategoricalCrossentropy", "did you mean 'SoftmaxCrossEntropy'?"),
        ("callbacks", "ModelCheckpoint", "callbacks=[BestWeights()]"),
    ],
)
def test_so_it_is_in_the_modules_of_the_package(module: str, name: str, told: str) -> None:
    assert_refuses(lambda: getattr(getattr(cnn, module), name), AttributeError, f"cnn.{module} has no", told)
    with pytest.raises(ImportError, match=f"cnn.{module} has no") as caught:
        exec(f"from cnn.{module} import {name}")  # noqa: S102
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
