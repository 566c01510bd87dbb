"""The figures that show what one layer does to one test image."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.sheet import DENSITY, HEADING, SMALL, WIDTH, Sheet, scaled
from lessons.kit.subject import Subject, liveliest
from lessons.kit.themes import Theme

STRONGEST = 32  # inputs of a dense layer, of which each takes a column


def draw_pooling(theme: Theme, subject: Subject) -> Sheet:
    """Draw a feature map before and after the first max-pooling; without one, after one of 2×2."""
    place = subject.first_place(cnn.MaxPool2D)
    layer: cnn.Layer = cnn.MaxPool2D(2) if place is None else subject.model.layers[place]
    before = subject.maps(subject.x) if place is None else subject.inputs[place]
    after, _ = layer.forward_pass(before)
    channel = liveliest(before)
    size = 160
    sheet = Sheet(HEADING + 20 + size + 44, theme, "A feature map, and its maxima", subject.training)
    for left, values, colour in ((0, before, theme.activation), (WIDTH - size, after, theme.output)):
        one = values[0, :, :, channel]
        sheet.text(left, HEADING + 10, f"{one.shape[0]}×{one.shape[1]}")
        sheet.picture(left, HEADING + 18, scaled(one), colour, size)
        largest = f"{np.abs(one).max():.1f}"
        sheet.scale(left, HEADING + 26 + size, colour, (f"−{largest}", "0", largest))
    return sheet


def draw_dense_evidence(theme: Theme, subject: Subject) -> Sheet:
    """Draw each input of the last dense layer times its weight, for every class."""
    places = [place for place, layer in enumerate(subject.model.layers) if isinstance(layer, cnn.Dense)]
    if not places:
        return Sheet(HEADING, theme, "Evidence", f"{subject.training}: no dense layer")
    place = places[-1]
    layer, x, logits = subject.model.layers[place], subject.inputs[place][0], subject.inputs[place + 1][0]
    evidence = (
        x[:, None] * layer.params["weight"]
    )  # [n_in, n_out]: a column adds up to a logit, less the bias
    shown = strongest(evidence)
    cell_width, cell_height, left = max(1, 208 // len(shown)), 20, 74
    top = HEADING + 26
    title = f"Test image {subject.digit}: the evidence, added up"
    sheet = Sheet(top + len(logits) * cell_height + 62, theme, title, subject.training)
    sheet.text(
        left, HEADING + 10, f"{len(shown)} of {len(x)} inputs × weight", size=SMALL, colour=theme.quiet
    )
    sheet.text(WIDTH, HEADING + 10, "logit", size=SMALL, colour=theme.quiet, align="right")
    cells = (
        scaled(evidence[shown].T).repeat(cell_height * DENSITY, axis=0).repeat(cell_width * DENSITY, axis=1)
    )
    cells[:: cell_height * DENSITY] = np.nan
    sheet.picture(left, top, cells, theme.output)
    for row, name in enumerate(subject.dataset.class_names):
        y = top + (row + 0.5) * cell_height
        weight = "bold" if row == int(logits.argmax()) else "normal"
        sheet.text(left - 8, y, name, align="right", vertical="center", weight=weight)
        value = f"{logits[row]:.1f}".replace("-", "−")
        sheet.text(WIDTH, y, value, align="right", vertical="center", weight=weight, colour=theme.output)
    y = top + len(logits) * cell_height + 8
    largest = f"{np.abs(evidence).max():.1f}"
    sheet.scale(left, y, theme.output, (f"−{largest}", "0", largest))
    sheet.text(left, y + 44, "against (grey) and for (colour) a class", size=SMALL, colour=theme.quiet)
    return sheet


def strongest(evidence: Array) -> list[int]:
    """Return, in their order, the inputs that weigh most for or against any class.

    Example:
        >>> strongest(np.array([[1.0], [-2.0]]))
        [0, 1]
    """
    by_weight = np.argsort(-np.abs(evidence).max(axis=1), kind="stable")
    return sorted(by_weight[:STRONGEST].tolist())
