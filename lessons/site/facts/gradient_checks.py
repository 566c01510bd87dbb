"""Facts about gradients: each layer's check, and beside it the same layer with a mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients, Shape
from lessons.kit.gradient_checks import Backward, errors, power
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


class WithLoss(cnn.Layer):
    """Several layers and a loss, as one layer that gives a single number.

    Args:
        layers: the layers; none checks the loss alone.
        labels: the samples' classes.
        times: what the gradient is multiplied with: 1 is right.
    """

    def __init__(self, layers: list[cnn.Layer], labels: list[int], times: float = 1.0) -> None:
        super().__init__()
        self.stack = Sequential(layers) if layers else None
        self.loss, self.labels, self.times = cnn.SoftmaxCrossEntropy(), np.array(labels), times

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Build the layers."""
        if self.stack:
            self.stack.build(input_shape, rng)
            self.params = self.stack.params
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return that of one number."""
        return (self.stack.output_shape(input_shape) if self.stack else input_shape)[:0]

    def forward_pass(
        self,
        x: Array,
        training: bool = False,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, Any]:
        """Compute the loss."""
        caches: list[Any] = []
        if self.stack:
            self.stack.assign(self.params)
            x, caches = self.stack.forward_pass(x, training, rng)
        loss, dy = self.loss(x, self.labels)
        return np.array(loss), (dy, caches)

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        """Carry the gradient back."""
        dloss, caches = cache
        dx = self.times * dy * dloss
        return self.stack.backward_pass(dx, caches) if self.stack else (dx, {})


def _statistics_as_constants(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    _, grads = layer.backward_pass(dy, cache)
    return dy * layer.params["scale"] / cache.deviation, grads


CHECKS: Mapping[str, Check] = {
    "batch-normalisation": Check(
        cnn.BatchNorm(), (4, 3, 3, 2), "mean and variance as constants", _statistics_as_constants
    ),
}


def gradient_check(page: str) -> str:
    """Return the check of the layer that a page is about, beside that of the wrong one."""
    check = CHECKS[page]
    return checked(check.layer, check.input_shape, check.mistake, check.wrong)


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


def network() -> str:
    """Return the check of a whole small model, from the loss to the picture."""
    layers: list[cnn.Layer] = [
        cnn.Conv2D(1, kernel_size=3), cnn.ReLU(), cnn.MaxPool2D(2), cnn.Flatten(), cnn.Dense(2)
    ]  # fmt: skip
    found = errors(WithLoss(layers, [0]), (1, 6, 6, 1))
    rows = [["the picture" if name == "x" else f"`{name}`", power(error)] for name, error in found.items()]
    return table(["small model, random numbers", "largest relative error"], rows, numbers=1)
