"""Facts about gradients: each layer's check, and beside it the same layer with a mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients, Shape
from lessons.kit.gradient_checks import Backward, WithLoss, WithMistake, errors, power
from lessons.kit.gradient_checks import gradient_check as checked
from lessons.kit.tables import table


@dataclass(frozen=True)
class Check:
    """What is checked for a page.

    Attributes:
        layer: the layer.
        input_shape: the shape of its input, with n.
        mistake: what the wrong layer does, in words.
        wrong: a backward pass with that mistake.
    """

    layer: cnn.Layer
    input_shape: Shape
    mistake: str
    wrong: Backward


def _to_the_whole_window(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, _ = layer.backward_pass(dy, cache)
    (h_f, w_f), _ = layer.receptive_window(dx.shape[1:]) or ((1, 1), (1, 1))
    return dy.repeat(h_f, axis=1).repeat(w_f, axis=2), {}


def _columns_first(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, _ = layer.backward_pass(dy, cache)
    return np.ascontiguousarray(dy).reshape(dx.swapaxes(1, 2).shape).swapaxes(1, 2), {}


def _divided_by_n(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, grads = layer.backward_pass(dy, cache)
    return dx, {name: grad / len(dy) for name, grad in grads.items()}


def _statistics_as_constants(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    _, grads = layer.backward_pass(dy, cache)
    return dy * layer.params["scale"] / cache.deviation, grads


CHECKS: Mapping[str, Check] = {
    "pooling": Check(cnn.MaxPool2D(2), (2, 4, 6, 2), "dy to the whole window", _to_the_whole_window),
    "average-pooling": Check(cnn.AveragePool2D(2), (2, 4, 6, 2), "dy not shared out", _to_the_whole_window),
    "flatten": Check(cnn.Flatten(), (2, 3, 4, 2), "columns before rows", _columns_first),
    "dense": Check(cnn.Dense(3), (4, 5), "divided by n", _divided_by_n),
    "batch-normalisation": Check(
        cnn.BatchNorm(), (4, 3, 3, 2), "mean and variance as constants", _statistics_as_constants
    ),
}


def gradient_check(page: str) -> str:
    """Return the check of the layer that a page is about, beside that of the wrong one."""
    check = CHECKS[page]
    return checked(check.layer, check.input_shape, check.mistake, check.wrong)


def activations() -> str:
    """Return the checks of all activations, beside a ReLU with a mistake."""
    kinds = cnn.ReLU(), cnn.LeakyReLU(0.1), cnn.Sigmoid(), cnn.Tanh(), cnn.GELU()
    rows = [[layer.kind, power(errors(layer, (4, 10))["x"])] for layer in kinds]
    wrong = errors(WithMistake(cnn.ReLU(), lambda layer, dy, _: layer.backward_pass(dy, dy)), (4, 10))["x"]
    rows.append(["with a mistake: ReLU, gated by the sign of dy", power(wrong)])
    return table(["activation", "largest relative error of dx"], rows, numbers=1)


def softmax_cross_entropy() -> str:
    """Return the check of the loss, of softmax, and of the loss with the division by N forgotten."""
    labels = [0, 2, 1, 2]
    right = errors(WithLoss([], labels), (4, 3))
    softmax = errors(cnn.Softmax(), (4, 3))
    wrong = errors(WithLoss([], labels, times=4.0), (4, 3))
    rows = [
        ["softmax and cross-entropy in one, `SoftmaxCrossEntropy`", power(right["x"])],
        ["softmax alone, `Softmax`", power(softmax["x"])],
        ["with a mistake: not divided by N", power(wrong["x"])],
    ]
    return table(["the gradient of the logits", "largest relative error"], rows, numbers=1)
