"""What people write who know other libraries, and what did nothing or something else, silently."""

import copy
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    Adam,
    BatchNorm,
    Callback,
    Dense,
    Dropout,
    Flatten,
    History,
    MeanSquaredError,
    Optimiser,
    ReLU,
    Sequential,
    Training,
    WeightAverage,
)
from tests.cnn.tiny import built, digests, fit_linear, images, linear
from tests.refusals import assert_refuses

# The arrays of a model --------------------------------------------------------------------------------

WRITES: list[Callable[[Sequential], object]] = [
    lambda model: model.params.__setitem__("1.bias", np.ones(3)),
    lambda model: model.params.update({"1.bias": np.ones(3)}),
    lambda model: model.params.pop("1.bias"),
    lambda model: model.params.setdefault("1.bias", np.ones(3)),
    lambda model: model.params.clear(),
]


@pytest.mark.parametrize("write", WRITES, ids=["item", "update", "pop", "setdefault", "clear"])
def test_writing_into_params_says_how_to_give_the_model_new_arrays(
    write: Callable[[Sequential], object],
) -> None:
    named = "model.params cannot be written to", "model.assign({name: array})", "dict(model.params)"
    assert_refuses(partial(write, linear()), TypeError, *named)


def test_writing_into_state_and_replacing_either_says_the_same() -> None:
    model = built([BatchNorm(), Flatten(), Dense(3)])
    named = "model.state cannot be written to", "model.assign({name: array})"
    assert_refuses(lambda: model.state.__setitem__("0.mean", np.ones(1)), TypeError, *named)
    assert_refuses(lambda: setattr(model, "state", {}), AttributeError, *named)
    assert_refuses(lambda: setattr(model, "params", {}), AttributeError, "model.assign(")


def test_what_params_are_for_goes_on() -> None:
    model = linear()
    model.params["1.weight"][...] *= 0
    assert not model.params["1.weight"].any()
    params = model.params
    params |= {"1.bias": np.ones(3)}
    params["1.bias"] += 1
    model.assign(params)
    assert model.params["1.bias"].tolist() == [2, 2, 2]
    pickled = pickle.loads(pickle.dumps(model.params))  # noqa: S301 - its own
    for again in (copy.deepcopy(model.params), pickled, model.params.copy()):
        again["new"] = np.ones(1)
        assert again.keys() - model.params.keys() == {"new"}
    grads = {name: np.zeros_like(array) for name, array in model.params.items()}
    assert digests(SGD().update(model.params, grads)) == digests(model.params)


def test_assigning_before_the_model_is_built_says_so() -> None:
    model = Sequential([Dense(3)])
    assert_refuses(lambda: model.assign({"0.bias": np.ones(3)}), ValueError, "has not been built", "build(")


# Files ------------------------------------------------------------------------------------------------


class Derived(Sequential):
    pass


@pytest.mark.parametrize(
    ("thing", "named"),
    [
        (Sequential([Dense(3)]), "a new model: write model = Sequential.load(path)"),
        (Derived([Dense(3)]), "a new model: write model = Derived.load(path)"),
        (Adam(), "a new optimiser: write optimiser = Adam.load(path)"),
    ],
    ids=["model", "derived", "optimiser"],
)
def test_load_on_an_object_says_that_it_makes_a_new_one(
    thing: Sequential | Optimiser, named: str, tmp_path: Path
) -> None:
    assert_refuses(lambda: thing.load(tmp_path / "any.npz"), TypeError, named)


def test_load_of_a_derived_class_may_call_that_of_its_base(tmp_path: Path) -> None:
    class Loads(Sequential):
        @classmethod
        def load(cls, path: str | Path, custom: Any = ()) -> Sequential:
            return super().load(path, custom)

    model = Loads([Dense(3)])
    model.build((4,))
    model.save(tmp_path / "model.npz")
    assert isinstance(Loads.load(tmp_path / "model.npz"), Loads)


# Predictions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("use", ["predict", "predict_proba", "evaluate"])
def test_outputs_that_are_not_finite_are_no_predictions(use: str, value: float) -> None:
    (x, labels), model = images(40), linear()
    model.params["1.bias"][1] = value
    given = (x, labels) if use == "evaluate" else (x,)
    named = f"The model gives {value} for sample 0", "layer 1 (Dense)", "diverged"
    assert_refuses(lambda: getattr(model, use)(*given), FloatingPointError, *named)
    assert not np.isfinite(model(x)).all()


def test_a_model_for_regression_says_how_to_get_its_numbers() -> None:
    x, model = np.random.default_rng(0).random((9, 2)), Sequential([Dense(1)])
    model.fit(x, x.sum(axis=1), epochs=1, loss=MeanSquaredError())
    assert_refuses(lambda: model.predict(x), ValueError, "model(x)[:, 0]")


# Training ---------------------------------------------------------------------------------------------


def test_an_optimiser_of_a_model_with_other_parameters_is_refused() -> None:
    x, labels = images(9)
    optimiser = Adam()
    linear().fit(x, labels, epochs=1, optimiser=optimiser)
    other = Sequential([Flatten(), ReLU(), Dense(3)])
    named = "averages for 1.weight, 1.bias", "make a new optimiser"
    assert_refuses(lambda: other.fit(x, labels, epochs=1, optimiser=optimiser), ValueError, *named)
    assert optimiser.steps == 1


@pytest.mark.parametrize("freeze_first", [True, False])
def test_what_a_callback_freezes_is_frozen_in_the_average_too(freeze_first: bool) -> None:
    (x, labels), model = images(9), linear()
    frozen = {"1.weight": model.params["1.weight"].copy()}

    class Freeze(Callback):
        def on_step_end(self, training: Training) -> None:
            training.model.assign(frozen)

    callbacks: list[Callback] = [Freeze(), WeightAverage(0.5)]
    model.fit(x, labels, epochs=2, batch_size=3, callbacks=callbacks if freeze_first else callbacks[::-1])
    assert (model.params["1.weight"] == frozen["1.weight"]).all()


def test_no_callbacks_may_be_none() -> None:
    linear().fit(*images(9), epochs=1, callbacks=None)


def test_a_seed_may_stand_for_a_generator_in_a_pass() -> None:
    model, x = built([Dropout(0.5), Flatten(), Dropout(0.5), Dense(3)]), images(4)[0]
    by_seed, by_generator = (model.forward_pass(x, True, rng)[0] for rng in (3, np.random.default_rng(3)))
    assert (by_seed == by_generator).all()
    y, _ = Dropout(0.5).forward_pass(x, True, SEED)
    assert (y == Dropout(0.5).forward_pass(x, True, np.random.default_rng(0))[0]).all()


class NoTraining(ReLU):
    def forward_pass(self, x: Any) -> Any:  # type: ignore[override]
        return x, None


class NoCache(ReLU):
    def backward_pass(self, dy: Any) -> Any:  # type: ignore[override]
        return dy, {}


SEED: Any = 0
INNER: Any = Sequential([Dense(3)])
RELU: Any = ReLU()


@pytest.mark.parametrize(
    ("use", "error", "named"),
    [
        (
            lambda: Sequential([INNER, Dense(3)]),
            TypeError,
            ("Sequential([*inner, Dense(3)])",),
        ),
        (lambda: Dense(3)(np.ones((1, 3))), TypeError, ("dense.forward_pass(x)", "a Sequential")),
        (
            lambda: Sequential([NoTraining()]),
            TypeError,
            ("NoTraining.forward_pass must be written as forward_pass(self, x, training=False, rng=None)",),
        ),
        (lambda: Sequential([NoCache()]), TypeError, ("NoCache.backward_pass", "(self, dy, cache)")),
        (lambda: setattr(linear(), "head", Dense(5)), AttributeError, ("head", "model.layers[-1] =")),
        (
            lambda: linear().predict(images(4)[0], workers=-1),
            ValueError,
            ("received -1", "None takes one for"),
        ),
        (lambda: Dense(3, RELU), ValueError, ("initialiser must be one of",)),
        (lambda: fit_linear([ReLU()]), TypeError, ("a callback must be a Callback",)),
    ],
    ids=["nested", "call", "forward", "backward", "attribute", "workers", "initialiser", "callback"],
)
def test_a_habit_is_answered(
    use: Callable[[], object], error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(use, error, *named)


def test_a_model_may_have_another_name_for_one_of_its_layers() -> None:
    model = linear()
    model.head = model[-1]  # type: ignore[attr-defined]
    assert model.head is model.layers[1]  # type: ignore[attr-defined]


# The history ------------------------------------------------------------------------------------------


def test_a_history_is_asked_for_entries_as_a_dict_is() -> None:
    one, two = History([{"epoch": 1, "loss": 0.5}]), History([{"epoch": 2, "loss": 0.25, "f1": 1.0}])
    both = one + two
    assert isinstance(both, History)
    assert both["loss"] == both.get("loss") == [0.5, 0.25]
    wanted: list[Any] = ["loss", "f1", both[0]]
    assert [each in both for each in wanted] == [True, False, True]
    assert both.keys() == ["epoch", "loss"]
    assert both.get("f1") is None
    assert_refuses(lambda: both["f1"], KeyError, "no entry 'f1' in epoch 1")
