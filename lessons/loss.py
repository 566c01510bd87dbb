"""The page about softmax and cross-entropy: the logits, the loss, and what right and wrong answers cost."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.gradient_checks import errors, errors_of_loss, power
from lessons.kit.sheet import HEADING, SMALL, WIDE, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import loss_tracks
from lessons.kit.subject import CLASSES, Subject, foremost
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from pipeline.common.images import Bytes

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


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
    """Draw an image's logits, what softmax makes of them, and the loss of the true class's probability."""
    wide = width == WIDE
    ends_with_softmax = isinstance(subject.model.layers[-1], cnn.Softmax)
    logits = subject.inputs[-2 if ends_with_softmax else -1][0].astype(np.float64)
    probabilities = subject.model.probabilities(subject.inputs[-1])[0].astype(np.float64)
    actual, names = int(subject.test.labels[subject.digit]), subject.image_set.class_names
    shown = foremost(np.where(np.arange(len(names)) == actual, np.inf, logits), CLASSES)

    row, top = (28, HEADING + 44) if wide else (24, HEADING + 106)
    bottom = top + row * len(shown)
    plot = (672, top, 120, max(bottom - top, 200)) if wide else (26, bottom + 62, width - 34, 120)
    height = max(bottom + (30 if len(shown) < len(names) else 0), plot[1] + plot[3] + 44)
    subtitle = f"{subject.training}: test image {subject.digit}"
    sheet = Sheet(width, height, theme, "From logits to the loss", subtitle)

    size = 88 if wide else 64
    x, y = (0, top) if wide else (0, HEADING)
    sheet.image(x, y, subject.image, size)
    x, y = (0, top + size + 20) if wide else (size + 12, HEADING + 26)
    sheet.text(x, y, "true class:")
    sheet.text(x, y + 19, subject.actual, weight="bold", room=size if wide else width - x)

    names_end, bar, columns = (160, 84, (172, 326, 480)) if wide else (52, 44, (60, 158, 222))
    added = exponential(float(logits.max() - np.log(probabilities.max())))  # the sum of all exponentials
    steps = (
        ("logits", "any number"),
        ("exponentials", "e to its power"),
        ("probabilities", f"÷ the sum, {added}"),
    )
    for column, (name, step) in zip(columns, steps, strict=True):
        sheet.text(
            column, top - (27 if wide else 10), name if wide or column != columns[1] else "eˣ", weight="bold"
        )
        if wide:
            sheet.text(column, top - 9, step, size=SMALL, colour=theme.quiet)
            sheet.line([(column + 118, top - 32), (column + 146, top - 32)], arrow=True)
    low, high = min(0.0, float(logits.min())), max(0.0, float(logits.max()))
    unit = bar / ((high - low) or 1)
    for index, label in enumerate(shown):
        y, middle = top + row * index, top + row * (index + 0.5)
        logit, probability = float(logits[label]), float(probabilities[label])
        weight = "bold" if label == actual else "normal"
        if label == actual:
            band = names_end - 64 if wide else 0
            sheet.box(band, y, (plot[0] - 34 if wide else width) - band, row, theme.zero)
        sheet.text(
            names_end, middle, names[label],
            align="right", vertical="center", weight=weight, room=60 if wide else names_end,
        )  # fmt: skip
        start, thick = columns[0] + (min(logit, 0.0) - low) * unit, row - 12
        sheet.box(start, y + 6, abs(logit) * unit, thick, theme.negative if logit < 0 else theme.output)
        written = f"{logit:.1f}".replace("-", "−")
        sheet.text(columns[0] + bar + 6, middle, written, vertical="center", weight=weight)
        share = probability / float(probabilities.max())
        if wide:
            sheet.box(columns[1], y + 6, share * bar, thick, theme.output)
        x = columns[1] + (bar + 6 if wide else 0)
        sheet.text(x, middle, exponential(logit), vertical="center", weight=weight)
        sheet.box(columns[2], y + 6, probability * bar, thick, theme.output)
        sheet.text(columns[2] + bar + 6, middle, f"{probability:.1%}", vertical="center", weight=weight)
    if len(shown) < len(names):
        text = f"{len(shown)} of {len(names)} classes"
        sheet.text(0, bottom + 20, text, size=SMALL, colour=theme.quiet)

    _draw_loss(sheet, *plot, float(probabilities[actual]))
    return sheet


def _draw_loss(sheet: Sheet, x: float, y: float, width: float, height: float, probability: float) -> None:
    """Draw the loss for each probability of the true class, and mark one."""
    loss = float(losses(np.array(probability)))
    sheet.text(x - 26, y - 27, f"loss = {loss:.2f}", weight="bold")
    sheet.text(x - 26, y - 9, f"−log {probability:.3f}", size=SMALL, colour=sheet.theme.quiet)
    axes, most = sheet.axes(x, y, width, height), max(4.8, 1.15 * loss)
    p = np.exp(-np.linspace(0, most, 101))
    axes.plot(p, losses(p), color=sheet.theme.output)
    axes.plot([probability, probability, 0], [0, loss, loss], ":", color=sheet.theme.quiet)
    axes.plot([probability], [loss], "o", color=sheet.theme.ink, markersize=7)
    axes.set(xlim=(0, 1), ylim=(0, most), xticks=[0, 0.5, 1], xticklabels=["0", "½", "1"])
    axes.set_xlabel("p of the true class", fontsize=SMALL * 0.75)


def exponential(logit: float) -> str:
    """Return e to the power of a logit, short enough for a figure.

    Example:
        >>> exponential(-9.0), exponential(1.0), exponential(1000.0)
        ('< 0.01', '2.72', '2.0·10⁴³⁴')
    """
    exponent = logit / math.log(10)
    if exponent < 4:
        return f"{math.exp(logit):.{2 if exponent < 1 else 0}f}" if exponent >= -2 else "< 0.01"
    whole = math.floor(exponent)
    return f"{10 ** (exponent - whole):.1f}·10{str(whole).translate(RAISED)}"


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
