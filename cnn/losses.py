"""Losses: how wrong the outputs are, and in which direction they should change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from inspect import signature
from math import prod
from typing import Any, ClassVar

import numpy as np

from cnn.checks import check_float_array, number_between, whole_number
from cnn.config import Configured
from cnn.habits import in_brief
from cnn.history import is_number
from cnn.labels import target_rows
from cnn.types import Array, Targets


class Loss(Configured, ABC):
    """A number that gets smaller as the outputs fit the targets better, and its gradient.

    Only a loss divides by the batch size N. A part of a batch gets the N of the whole batch, so the losses
    and gradients of all parts add up to those of the batch.

    Example:
        >>> loss = SoftmaxCrossEntropy()
        >>> outputs, labels = np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([0, 1])
        >>> whole, _ = loss(outputs, labels)
        >>> parts = [loss(outputs[i : i + 1], labels[i : i + 1], batch_size=2)[0] for i in range(2)]
        >>> bool(np.isclose(whole, sum(parts)))
        True
    """

    family: ClassVar[str] = "loss"

    @abstractmethod
    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        """Compute the loss and its gradient with respect to the outputs.

        Args:
            outputs: the model's outputs, `[n, …]`.
            targets: labels `[n]` if the outputs are `[n, classes]` with two or more classes, or else
                numbers in the outputs' shape, `[n, …]`. `fit` and `evaluate` give a loss one of these two.
            batch_size: N, the size of the whole batch, if these samples are only a part of it.

        Returns:
            The mean loss and the gradient, in the outputs' shape.

        Raises:
            TypeError: if outputs or targets have the wrong type.
            ValueError: if they do not fit each other.
        """

    def _batch_size(self, outputs: Array, batch_size: int | None) -> int:
        return whole_number(
            type(self).__name__, "batch_size", len(outputs) if batch_size is None else batch_size, 1
        )


def check_takes_batch_size(loss: Loss) -> None:
    """Refuse a loss that does not take the size of the whole batch, which training gives it.

    Raises:
        TypeError: if it does not.
    """
    try:
        signature(loss).bind(None, None, None)
    except TypeError as error:
        raise TypeError(
            f"{type(loss).__name__} must take (outputs, targets, batch_size=None) in its __call__: {error}."
        ) from error


def loss_and_gradient(
    loss: Loss, outputs: Array, targets: Targets, batch_size: int | None = None
) -> tuple[float, Array]:
    """Call a loss, which may be a user's own, and check what it returns.

    Raises:
        TypeError: if it is not a number and a gradient in the shape of the outputs.
    """
    found: Any = loss(outputs, targets, batch_size)
    right = isinstance(found, tuple) and len(found) == 2 and is_number(found[0])
    if not right or np.shape(found[1]) != outputs.shape:
        raise TypeError(
            f"{type(loss).__name__} must return the mean loss and its gradient, (value, gradient), with the "
            f"gradient in the shape of the outputs, {list(outputs.shape)}, received {in_brief(found)}."
        )
    return float(found[0]), found[1]


def check_divides(
    loss: Loss, outputs: Array, targets: Targets, batch_size: int, found: tuple[float, Array]
) -> None:
    """Refuse a user's own loss whose value or gradient does not halve if the batch size doubles.

    It would train with a gradient for each micro-batch as large as that of the whole batch.

    Args:
        loss: the loss; one of the library's is not called again.
        outputs: the model's outputs.
        targets: their targets.
        batch_size: N.
        found: what it returned for them.

    Raises:
        ValueError: if it divides by another number than N.
    """
    if type(loss) in LOSSES.values():
        return
    again = loss_and_gradient(loss, outputs, targets, 2 * batch_size)
    for whole, half in zip(map(np.asarray, found), map(np.asarray, again), strict=True):
        if not np.allclose(2 * half, whole, rtol=1e-3, atol=1e-30, equal_nan=True):
            raise ValueError(
                f"{type(loss).__name__} must divide the sum over the samples by batch_size (by len(outputs) "
                "if it is None), received a value or gradient that does not halve where batch_size doubles: "
                "a batch is computed in parts, and each is given the size of the whole."
            )


@dataclass
class SoftmaxCrossEntropy(Loss):
    """Compare the softmax of the outputs (logits) with the targets.

    L = −(1/N) Σ_n Σ_i t[n, i] · log p[n, i], with p = softmax(outputs), and dL/d outputs = (p − t) / N

    Args:
        label_smoothing: α in [0, 1); targets become (1 − α) · t + α / classes.

    Shapes: outputs `[n, classes]`, targets `[n]` (labels) or `[n, classes]` (rows of probabilities, such as
    one-hot rows).

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if `label_smoothing` is out of range, or soft targets are not probabilities.

    Example:
        >>> loss, doutputs = SoftmaxCrossEntropy()(np.array([[0.0, 0.0]]), np.array([1]))
        >>> round(loss, 4), doutputs
        (0.6931, array([[ 0.5, -0.5]]))

    Source:
        Bishop: Pattern recognition and machine learning, 2006, section 4.3.4; label smoothing: Szegedy and
        others, arXiv:1512.00567.
    """

    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self.label_smoothing = number_between(
            "SoftmaxCrossEntropy", "label_smoothing", self.label_smoothing, 0, 1
        )

    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        """Compute the mean cross-entropy and its gradient."""
        check_float_array(type(self).__name__, outputs, "n classes")
        t = target_rows(targets, like=outputs)
        wrong = (t < 0).any(axis=1) | (abs(t.sum(axis=1) - 1) > 1e-3)
        if wrong.any():
            raise ValueError(
                "SoftmaxCrossEntropy expects targets whose rows are probabilities, which are not negative "
                f"and add up to 1, received the row {t[wrong.argmax()].tolist()!r:.60}: for several "
                "labels of one sample, write the loss BinaryCrossEntropy of the page your-own.md."
            )
        t = (1 - self.label_smoothing) * t + self.label_smoothing / outputs.shape[1]
        shifted = outputs - outputs.max(axis=1, keepdims=True)  # changes no probability, prevents overflow
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        total = self._batch_size(outputs, batch_size)
        return -float((t * log_p).sum()) / total, (np.exp(log_p) - t) / total


@dataclass
class MeanSquaredError(Loss):
    """Compare the outputs themselves with the targets: numbers or pictures to come close to, or classes.

    L = (1 / (N · m)) Σ_n Σ_i (y[n, i] − t[n, i])², and dL/dy = 2 (y − t) / (N · m), where i counts the m
    numbers of one output

    Shapes: outputs `[n, …]`, targets `[n, …]`; `[n]` too, which are numbers if the outputs are `[n, 1]`, and
    labels (whose rows are one-hot) if they are `[n, classes]`.

    Example:
        >>> MeanSquaredError()(np.array([[1.0], [3.0]]), np.array([0.5, 3.0]))
        (0.125, array([[0.5],
               [0. ]]))
        >>> MeanSquaredError()(np.array([[1.0, 3.0]]), np.array([0]))
        (4.5, array([[0., 3.]]))

    Source:
        Bishop: Pattern recognition and machine learning, 2006, section 4.1.3.
    """

    def __call__(
        self, outputs: Array, targets: Targets, batch_size: int | None = None
    ) -> tuple[float, Array]:
        """Compute the mean of the squares and its gradient."""
        check_float_array(type(self).__name__, outputs)
        difference = outputs - target_rows(targets, like=outputs)
        total = self._batch_size(outputs, batch_size) * prod(outputs.shape[1:])
        return float((difference * difference).sum()) / total, 2 * difference / total


LOSSES: dict[str, type[Loss]] = {kind.__name__: kind for kind in (SoftmaxCrossEntropy, MeanSquaredError)}
"""Every loss under its name, for losses that are read from plain data."""
