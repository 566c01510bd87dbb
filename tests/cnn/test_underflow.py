"""Numbers that become 0 because they are too small, where numpy.seterr makes an error of that."""

from collections.abc import Callable

import numpy as np
import pytest

from cnn import (
    GELU,
    Dense,
    Layer,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
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


def both_passes(layer: Layer) -> None:
    for x in (CONFIDENT, TINY, np.float32(1e15) * CONFIDENT):
        y, cache = layer.forward_pass(x)
        layer.backward_pass(np.ones_like(y), cache)


CALLS: dict[str, Callable[[], object]] = {
    "predict_proba": lambda: confident().predict_proba(CONFIDENT),
    "predict": lambda: confident().predict(CONFIDENT),
    "outputs": lambda: built([Dense(3), Softmax()], (3,)).outputs(1e4 * CONFIDENT),
    "activations": lambda: built([Dense(3), Softmax()], (3,)).activations(1e4 * CONFIDENT),
    "evaluate": lambda: confident().evaluate(CONFIDENT, LABELS),
    "evaluate numbers": lambda: confident().evaluate(CONFIDENT, CONFIDENT + 1e-30, MeanSquaredError()),
    "fit": lambda: confident().fit(CONFIDENT, LABELS, callbacks=[WeightAverage(0.9)]),
    "fit of tiny numbers": lambda: confident().fit(TINY, LABELS),
    "cross-entropy": lambda: SoftmaxCrossEntropy()(CONFIDENT, LABELS),
    "mean squared error": lambda: MeanSquaredError()(CONFIDENT, CONFIDENT + 1e-30),
    "Softmax": lambda: both_passes(Softmax()),
    "Sigmoid": lambda: both_passes(Sigmoid()),
    "GELU": lambda: both_passes(GELU()),
    "ReLU": lambda: both_passes(ReLU()),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_numbers_that_become_0_raise_nothing_whatever_seterr_says(call: Callable[[], object]) -> None:
    with np.errstate(all="raise"):
        call()
