"""The page about softmax and cross-entropy: the logits, the loss, and what right and wrong answers cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.gradient_checks import errors, errors_of_loss, power
from lessons.kit.sheet import HEADING, SMALL, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import loss_tracks
from lessons.kit.subject import CLASSES, Subject, foremost
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from pipeline.common.images import Bytes


def from_network(subject: Subject) -> Shown:
    """Return the image that the network is least sure of, and how sure its answers are."""
    least_sure = int(subject.answers.max(axis=1).argmin())
    return Shown(
        drawings={"softmax-loss": partial(draw_softmax_loss, subject=replace(subject, digit=least_sure))},
        values={"answers": answers(subject.answers, subject.test.labels)},
    )


def from_repository() -> Shown:
    """Return the trace and the gradient check."""
    return Shown(
        values={"gradient_check": gradient_check()},
        files={
            "traces/softmax-cross-entropy.json": to_json({"layer": "softmax-cross-entropy", "cases": cases()})
        },
    )


def draw_softmax_loss(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw an image's logits, the probabilities that softmax makes of them, and the loss."""
    logits, [probabilities] = subject.logits, subject.model.probabilities(subject.inputs[-1])
    actual = int(subject.test.labels[subject.digit])
    loss = float(losses(probabilities[actual]))
    row_height, width, left, top = 20, 80, 74, HEADING + 24
    title = f"Test image {subject.digit}: from logits to the loss"
    names = subject.image_set.class_names
    shown = foremost(np.where(np.arange(len(names)) == actual, np.inf, logits), CLASSES)
    sheet = Sheet(width, top + len(shown) * row_height + 40, theme, title, subject.training)
    sheet.text(left, HEADING + 12, "logits")
    sheet.text(left + 140, HEADING + 12, "probabilities")
    low, high = min(0.0, float(logits.min())), max(0.0, float(logits.max()))
    unit = width / ((high - low) or 1)
    for row, label in enumerate(shown):
        y, middle = top + row * row_height, top + (row + 0.5) * row_height
        weight = "bold" if label == actual else "normal"
        sheet.text(
            left - 8, middle, names[label], align="right", vertical="center", weight=weight, room=left - 8
        )
        logit, probability = float(logits[label]), float(probabilities[label])
        start = left + (min(logit, 0.0) - low) * unit
        sheet.box(start, y + 4, abs(logit) * unit, 12, theme.negative if logit < 0 else theme.output)
        sheet.text(left + width + 8, middle, f"{logit:.1f}".replace("-", "−"), vertical="center")
        sheet.box(left + 140, y + 4, probability * width, 12, theme.output)
        sheet.text(left + 148 + width, middle, f"{probability:.1%}", vertical="center", size=SMALL)
    p = f"{probabilities[actual]:.4f}"
    sheet.text(left, top + len(shown) * row_height + 20, f"loss = −log {p} = {loss:.4f}")
    if len(shown) < len(names):
        text = f"the {len(shown)} most probable of {len(names)} classes, and the true one"
        sheet.text(left, top + len(shown) * row_height + 34, text, size=SMALL, colour=theme.quiet)
    return sheet


def losses(probabilities: Array) -> Array:
    """Return the loss for each probability that a true class was given."""
    negative: Array = -np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return negative


def answers(probabilities: Array, labels: Bytes) -> str:
    """Return how sure the network was of its right and of its wrong answers, and what these cost.

    Args:
        probabilities: what the network gives each class, `[n, classes]`.
        labels: the true classes, `[n]`.
    """
    right = probabilities.argmax(axis=1) == labels
    of_true_class = probabilities[np.arange(len(labels)), labels]
    cost = losses(of_true_class)
    sure = probabilities.max(axis=1)
    rows = []
    for name, these in (("right", right), ("wrong", ~right), ("all", right | ~right)):
        if these.any():
            share = cost[these].sum(dtype=np.float64) / cost.sum(dtype=np.float64)
            rows.append(
                [
                    name,
                    f"{these.sum():,}",
                    f"{sure[these].mean(dtype=np.float64):.1%}",
                    f"{of_true_class[these].mean(dtype=np.float64):.1%}",
                    f"{cost[these].mean(dtype=np.float64):.4f}",
                    f"{share:.0%}",
                ]
            )
    head = [
        "answers",
        "test images",
        "p of the answer",
        "p of the true class",
        "mean loss",
        "share of the loss",
    ]
    return table(head, rows, numbers=5)


def gradient_check() -> str:
    """Return the check of the loss, of softmax, and of the loss with the division by N forgotten."""
    labels = [0, 2, 1, 2]
    right = errors_of_loss([], labels, (4, 3))
    softmax = errors(cnn.Softmax(), (4, 3))
    wrong = errors_of_loss([], labels, (4, 3), times=4.0)
    rows = [
        ["softmax and cross-entropy in one, `SoftmaxCrossEntropy`", power(right["x"])],
        ["softmax alone, `Softmax`", power(softmax["x"])],
        ["with a mistake: not divided by N", power(wrong["x"])],
    ]
    return table(["the gradient of the logits", "largest relative error"], rows, numbers=1)


def cases() -> list[dict[str, Any]]:
    """Return the trace's only case: two samples, three classes."""
    outputs = np.log(np.array([[1, 2, 5], [2, 1, 1]], np.float32))
    forward, backward = loss_tracks(outputs, np.array([1, 0]))
    return [
        {"name": "plain", "title": "two samples, three classes", "forward": forward, "backward": backward}
    ]
