import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import (
    SGD,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    MeanSquaredError,
    Optimiser,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)
from cnn.checks import check_finite
from cnn.layers import Layer
from cnn.types import Array, Gradients, Labels
from tests.cnn.tiny import built, images, linear
from tests.faults.counting import Tried
from tests.faults.tables import faults
from tests.refusals import assert_refuses


def test_every_fault_of_the_table_is_injected() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_numbers*.py")]
    assert set(re.findall(r'tried\("numbers", "(\w+)"', "".join(sources))) == set(faults("numbers"))


def fit(model: Sequential, x: Any, targets: Any, **options: Any) -> None:
    model.fit(x, targets, **{"epochs": 1, "optimiser": SGD(learning_rate=0.1), **options})


# NaN and infinity -------------------------------------------------------------------------------------

Entrance = Callable[[Any], object]
INTO_X: dict[str, Entrance] = {
    "fit x": lambda x: fit(linear(), x, images(4)[1]),
    "fit validation x": lambda x: fit(linear(), *images(4), validation_data=(x, images(4)[1])),
    "outputs x": lambda x: linear().outputs(x),
    "predict x": lambda x: linear().predict(x),
    "predict_proba x": lambda x: linear().predict_proba(x),
    "activations x": lambda x: linear().activations(x),
    "evaluate x": lambda x: linear().evaluate(x, images(4)[1]),
}
INTO_TARGETS: dict[str, Entrance] = {
    "fit targets": lambda t: fit(linear(), images(4)[0], t, loss=MeanSquaredError()),
    "fit validation targets": lambda t: fit(
        linear(), *images(4), validation_data=(images(4)[0], t), loss=MeanSquaredError()
    ),
    "evaluate targets": lambda t: linear().evaluate(images(4)[0], t, MeanSquaredError()),
}
BAD = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("entrance", [*INTO_X, *INTO_TARGETS])
def test_numbers_that_are_not_finite_are_refused_where_they_enter(
    entrance: str, dtype: type[np.floating[Any]], bad: float, tried: Tried
) -> None:
    x, targets = images(4, dtype=dtype)[0], np.zeros((4, 3), dtype)
    x[1, 2, 3, 0] = x[3, 0, 0, 0] = targets[1, 2] = bad
    name = entrance.partition(" ")[2]
    if entrance in INTO_X:
        expected = f"{name} must hold finite numbers only, received {bad} at [1, 2, 3, 0] and 2 such in all"
        assert_refuses(lambda: INTO_X[entrance](x), ValueError, expected)
    else:
        expected = f"{name} must hold finite numbers only, received {bad} at [1, 2] and 1 such in all"
        assert_refuses(lambda: INTO_TARGETS[entrance](targets), ValueError, expected)
    tried("numbers", "not_finite")


def test_however_many_there_are_the_first_is_named_and_all_are_counted(tried: Tried) -> None:
    cases = 0

    @given(
        shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
        places=st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
        bad=st.sampled_from(BAD),
    )
    def check(shape: list[int], places: list[int], bad: float) -> None:
        nonlocal cases
        x = np.zeros(shape)
        chosen = sorted({place % x.size for place in places})
        x.flat[chosen] = bad
        first = [int(index) for index in np.unravel_index(chosen[0], shape)]
        expected = f"received {bad} at {first} and {len(chosen)} such in all"
        assert_refuses(lambda: check_finite("x", x), ValueError, "x must hold finite numbers only", expected)
        cases += 1

    check()
    tried("numbers", "not_finite", cases)


# Micro-batches ----------------------------------------------------------------------------------------


class Remembers(Optimiser):
    """Takes no step, and keeps the gradients that each step would take."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seen: list[Gradients] = []

    def update(self, params: dict[str, Array], grads: Gradients, progress: float = 0.0) -> dict[str, Array]:
        self.seen.append(grads)
        return dict(params)

    def update_one(self, name: str, value: Array, grad: Array, rate: float, *memory: Array) -> Array:
        raise NotImplementedError


def gradients(model: Sequential, x: Array, labels: Labels, **sizes: Any) -> list[Gradients]:
    """Return the gradients of each step of an epoch."""
    optimiser = Remembers(learning_rate=1.0)
    model.fit(x, labels, epochs=1, optimiser=optimiser, seed=4, **sizes)
    return optimiser.seen


def order(n: int) -> Labels:
    """Return the order in which an epoch with seed 4 takes n samples."""
    return np.random.default_rng(np.random.SeedSequence(4, spawn_key=(0,))).permutation(n)


def of_whole_batch(model: Sequential, x: Array, labels: Labels) -> Gradients:
    outputs, caches = model.forward_pass(x, training=True)
    return model.backward_pass(SoftmaxCrossEntropy()(outputs, labels)[1], caches)[1]


def assert_same(found: Gradients, expected: Gradients, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, grad in expected.items():
        np.testing.assert_allclose(
            found[name], grad, rtol=0, atol=tolerance * max(1, abs(grad).max()), err_msg=name
        )


def plain() -> Sequential:
    """Return a model whose outputs for one sample do not depend on the others."""
    return built([Conv2D(4, 3, padding="same"), ReLU(), MaxPool2D(2), Flatten(), Dense(5), ReLU(), Dense(3)])


def test_micro_batches_that_do_not_divide_the_batch_add_up_to_it(tried: Tried) -> None:
    cases = 0
    for n in (1, 2, 7, 13):
        x, labels = images(n, dtype=np.float64)
        for batch_size in (1, 2, 3, 5, 7, 12, 13, 14, 50):
            batches = [order(n)[first : first + batch_size] for first in range(0, n, batch_size)]
            expected = [of_whole_batch(plain(), x[batch], labels[batch]) for batch in batches]
            for micro_batch_size in (1, 2, 3, 4, 5, 7, 11, 64):
                sizes = {"batch_size": batch_size, "micro_batch_size": micro_batch_size}
                found = gradients(plain(), x, labels, workers=2, **sizes)
                assert len(found) == len(expected)
                for here, there in zip(found, expected, strict=True):
                    assert_same(here, there, tolerance=1e-14)
                cases += min(n, batch_size) % micro_batch_size > 0 or n % batch_size > 0
    tried("numbers", "indivisible", cases)


# A last batch of one ----------------------------------------------------------------------------------

MODELS: dict[str, Callable[[], list[Layer]]] = {
    "dense": lambda: [Flatten(), Dense(4), ReLU(), Dense(3)],
    "convolution": lambda: [Conv2D(4, 3, padding="same"), ReLU(), MaxPool2D(2), Flatten(), Dense(3)],
    "normalised images": lambda: [Conv2D(3, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)],
    "normalised numbers": lambda: [Flatten(), Dense(4), BatchNorm(), ReLU(), Dense(3)],
    "both": lambda: [
        BatchNorm(),
        Conv2D(3, 3),
        BatchNorm(),
        ReLU(),
        Flatten(),
        Dense(4),
        BatchNorm(),
        Dense(3),
    ],
}


def in_float64(layers: list[Layer]) -> Sequential:
    model = built(layers)
    rng = np.random.default_rng(1)  # zeros and ones would hide errors
    model.assign({name: p + 0.3 * rng.standard_normal(p.shape) for name, p in model.params.items()})
    return model


def numerical(model: Sequential, x: Array, labels: Labels) -> Gradients:
    """Return what small changes of each parameter do to the loss of one batch."""

    def loss() -> float:
        outputs, _ = model.forward_pass(x, training=True)
        return SoftmaxCrossEntropy()(outputs, labels)[0]

    grads: Gradients = {}
    for name, values in model.params.items():
        grads[name] = np.zeros(values.shape)
        for place in np.ndindex(values.shape):
            before, ends = values[place], []
            for step in (1e-6, -1e-6):
                values[place] = before + step
                ends.append(loss())
            values[place] = before
            grads[name][place] = (ends[0] - ends[1]) / 2e-6
    return grads


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(
    ("n", "batch_size", "micro_batch_size"), [(1, 1, 1), (4, 3, 2), (9, 4, 7), (7, 2, 32)]
)
def test_a_last_batch_of_one_has_the_gradients_of_its_image(
    kind: str, n: int, batch_size: int, micro_batch_size: int, tried: Tried
) -> None:
    model = in_float64(MODELS[kind]())
    x, labels = images(n, dtype=np.float64)
    last = order(n)[-1:]
    *_, found = gradients(model, x, labels, batch_size=batch_size, micro_batch_size=micro_batch_size)

    assert_same(found, numerical(model, x[last], labels[last]), tolerance=1e-8)
    tried("numbers", "last_batch_of_one")


def test_batch_normalisation_of_one_number_gives_its_shift_and_sends_nothing_back(tried: Tried) -> None:
    model = in_float64([Flatten(), Dense(4), BatchNorm(momentum=0.75), Dense(3)])
    x, labels = images(1, dtype=np.float64)
    hidden = x.reshape(1, -1) @ model.params["1.weight"] + model.params["1.bias"]
    [found] = gradients(model, x, labels, batch_size=8)

    outputs, _ = model.forward_pass(x, training=True)
    np.testing.assert_array_equal(
        outputs, model.params["2.shift"] @ model.params["3.weight"] + model.params["3.bias"][None]
    )
    for name in ("1.weight", "1.bias", "2.scale"):
        np.testing.assert_array_equal(found[name], np.zeros_like(model.params[name]), err_msg=name)
    np.testing.assert_allclose(model.state["2.mean"], 0.25 * hidden[0], rtol=1e-6)
    np.testing.assert_array_equal(model.state["2.variance"], np.full(4, 0.75, np.float32))
    tried("numbers", "last_batch_of_one")
