"""The gradient checks of the pages: a layer's own check, and beside it that of the layer with a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients, Shape
from lessons.kit.tables import table

SEED = 0  # of the numbers that the checks draw
AGREES = 1e-6  # the largest relative error of a right gradient
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Backward = Callable[[cnn.Layer, Array, Any], tuple[Array, Gradients]]


class _WithMistake(cnn.Layer):
    def __init__(self, layer: cnn.Layer, wrong: Backward) -> None:
        super().__init__()
        self.layer, self.wrong = layer, wrong

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        shape = self.layer.build(input_shape, rng)
        self.params = self.layer.params
        return shape

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.output_shape(input_shape)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        self.layer.params = self.params
        return self.layer.forward_pass(x, training, rng)

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        return self.wrong(self.layer, dy, cache)


class _WithLoss(cnn.Layer):
    """Several layers and a loss, as one layer that gives a single number."""

    def __init__(self, layers: list[cnn.Layer], labels: list[int], times: float) -> None:
        super().__init__()
        self.model = cnn.Sequential(layers) if layers else None
        self.loss, self.labels, self.times = cnn.SoftmaxCrossEntropy(), np.array(labels), times

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        if self.model:
            self.model.build(input_shape, rng)
            self.params = self.model.params
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.model.output_shape(input_shape) if self.model else input_shape)[:0]

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        caches: list[Any] = []
        if self.model:
            self.model.assign(self.params)
            x, caches = self.model.forward_pass(x, training, rng)
        loss, dy = self.loss(x, self.labels)
        return np.array(loss), (dy, caches)

    def backward_pass(self, dy: Array, cache: Any) -> tuple[Array, Gradients]:
        dloss, caches = cache
        dx = self.times * dy * dloss
        return self.model.backward_pass(dx, caches) if self.model else (dx, {})


def gradient_check(layer: cnn.Layer, input_shape: Shape, mistake: str, wrong: Backward) -> str:
    """Return a table of a layer's gradient check, beside that of the same layer with a mistake.

    Args:
        layer: the layer.
        input_shape: the shape of its input, with n.
        mistake: what the wrong layer does, in words.
        wrong: a backward pass with that mistake.
    """
    right, mistaken = errors(layer, input_shape), errors(layer, input_shape, wrong)
    rows = [
        [f"`{'dx' if key == 'x' else 'd' + key}`", power(right[key]), power(mistaken[key])] for key in right
    ]
    head = ["largest relative error of", f"`{layer.kind}`", f"with a mistake: {mistake}"]
    return table(head, rows, numbers=2)


def errors(layer: cnn.Layer, input_shape: Shape, wrong: Backward | None = None) -> dict[str, float]:
    """Return the largest relative error of each of a layer's gradients.

    Args:
        layer: the layer.
        input_shape: the shape of its input, with n.
        wrong: another backward pass for it, which takes the layer, dy and the cache.
    """
    checked = _WithMistake(layer, wrong) if wrong else layer
    return cnn.gradient_check(checked, input_shape, np.random.default_rng(SEED))


def errors_of_loss(
    layers: list[cnn.Layer], labels: list[int], input_shape: Shape, times: float = 1.0
) -> dict[str, float]:
    """Return the largest relative error of each gradient of the loss behind some layers.

    Args:
        layers: the layers; without any, the loss alone is checked.
        labels: the samples' classes.
        input_shape: the shape of the input, with n.
        times: a factor of the gradient: 1 is right, anything else a mistake.
    """
    return errors(_WithLoss(layers, labels, times), input_shape)


def power(error: float) -> str:
    """Return an error as one digit and a power of ten, in bold where it shows a mistake.

    Example:
        >>> power(2e-9), power(0.5)
        ('2 · 10⁻⁹', '**0.50**')
    """
    if error == 0:
        return "0"
    digit, _, exponent = f"{error:.0e}".partition("e")
    shown = f"{error:.2f}" if error >= 0.01 else f"{digit} · 10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return f"**{shown}**" if error > AGREES else shown
