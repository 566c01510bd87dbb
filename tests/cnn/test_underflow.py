"""Numbers that become 0 because they are too small, where numpy.seterr makes an error of that."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import numpy as np
import pytest

from cnn import (
    GELU,
    Dense,
    Layer,
    LeakyReLU,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Standardise,
    Tanh,
    WeightAverage,
)
from tests.cnn.tiny import built

CONFIDENT = np.array([[400.0, -400.0, 1e-30], [-400.0, 400.0, 0.0]], np.float32)
TINY = np.float32(1e-30) * np.ones((2, 3), np.float32)
LABELS = np.array([0, 1])


def confident() -> Sequential:
    """Return a model whose outputs are its samples."""
    model = built([Dense(3)], (3,))
    model.assign({"0.weight": np.eye(3, dtype=np.float32)})
    return model


def fit_first(layer: Layer) -> None:
    """Train with the layer in this thread, which knows what numpy.seterr says, behind one with parameters."""
    for x in (CONFIDENT, TINY):
        model = Sequential([Dense(3), layer, Dense(3)])
        with InThisThread() as pool:
            model.fit(x, LABELS, epochs=2, executor=pool)
            model.evaluate(x, LABELS, executor=pool)


class InThisThread(Executor):
    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **options))
        return future


CALLS: dict[str, Callable[[], object]] = {
    "predict_proba": lambda: confident().predict_proba(CONFIDENT),
    "predict": lambda: confident().predict(CONFIDENT),
    "outputs": lambda: built([Dense(3), Softmax()], (3,)).outputs(1e4 * CONFIDENT),
    "activations": lambda: built([Dense(3), Softmax()], (3,)).activations(1e4 * CONFIDENT),
    "evaluate": lambda: confident().evaluate(CONFIDENT, LABELS),
    "evaluate numbers": lambda: confident().evaluate(CONFIDENT, CONFIDENT + 1e-30, MeanSquaredError()),
    "fit": lambda: confident().fit(CONFIDENT, LABELS, callbacks=[WeightAverage(0.9)]),
    "fit of tiny numbers": lambda: confident().fit(TINY, LABELS),
    **{
        f"fit of {layer.kind}": partial(fit_first, layer)
        for layer in (Softmax(), Sigmoid(), Tanh(), GELU(), ReLU(), LeakyReLU(), Standardise(0, 1e15))
    },
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_numbers_that_become_0_raise_nothing_whatever_seterr_says(call: Callable[[], object]) -> None:
    with np.errstate(all="raise"):
        call()
