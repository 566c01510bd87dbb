"""The figures that show what one layer does to one test image."""

from __future__ import annotations

import numpy as np

import cnn
from lessons.kit.sheet import HEADING, SMALL, WIDTH, Sheet
from lessons.kit.subject import Subject, liveliest
from lessons.kit.themes import Theme

IMAGES = 32  # whose numbers batch normalisation is shown on: a micro-batch


def draw_batch_normalisation(theme: Theme, subject: Subject) -> Sheet:
    """Draw the numbers of one channel of a micro-batch before and after batch normalisation."""
    images = subject.normalisation.apply(subject.images[:IMAGES])
    maps = subject.maps(images)
    norm = cnn.BatchNorm()
    norm.build(maps.shape[1:], np.random.default_rng(0))
    normalised, _ = norm.forward_pass(maps, training=True)
    channel = liveliest(maps)
    title = "One channel of a micro-batch"
    sheet = Sheet(HEADING + 2 * 140 + 10, theme, title, subject.training)
    panels = (("before", maps, theme.activation), ("after", normalised, theme.output))
    numbers = np.concatenate([values[..., channel].ravel() for _, values, _ in panels])
    edges = np.linspace(float(numbers.min()), float(numbers.max()), 61)
    for number, (name, values, colour) in enumerate(panels):
        one = values[..., channel].astype(np.float64).ravel()
        axes = sheet.axes(62, HEADING + 14 + 140 * number, WIDTH - 72, 88)
        axes.set_title(f"{name}: mean {tidy(one.mean())}, standard deviation {tidy(one.std())}")
        axes.hist(one, edges.tolist(), color=colour)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xlabel("number" if number else "")
        axes.set_ylabel("how often", labelpad=1)
    return sheet


def draw_softmax_loss(theme: Theme, subject: Subject) -> Sheet:
    """Draw an image's logits, the probabilities that softmax makes of them, and the loss."""
    logits, probabilities = subject.logits, subject.probabilities
    actual = int(subject.labels[subject.digit])
    loss = -float(np.log(max(probabilities[actual], np.finfo(np.float32).tiny)))
    row_height, width, left, top = 20, 80, 74, HEADING + 24
    title = f"Test image {subject.digit}: from logits to the loss"
    sheet = Sheet(top + len(logits) * row_height + 40, theme, title, subject.training)
    sheet.text(left, HEADING + 12, "logits")
    sheet.text(left + 140, HEADING + 12, "probabilities")
    low, high = min(0.0, float(logits.min())), max(0.0, float(logits.max()))
    unit = width / ((high - low) or 1)
    for row, name in enumerate(subject.dataset.class_names):
        y, middle = top + row * row_height, top + (row + 0.5) * row_height
        weight = "bold" if row == actual else "normal"
        sheet.text(left - 8, middle, name, align="right", vertical="center", weight=weight)
        logit, probability = float(logits[row]), float(probabilities[row])
        start = left + (min(logit, 0.0) - low) * unit
        sheet.box(start, y + 4, abs(logit) * unit, 12, theme.negative if logit < 0 else theme.output)
        sheet.text(left + width + 8, middle, f"{logit:.1f}".replace("-", "−"), vertical="center")
        sheet.box(left + 140, y + 4, probability * width, 12, theme.output)
        sheet.text(left + 148 + width, middle, f"{probability:.1%}", vertical="center", size=SMALL)
    p = f"{probabilities[actual]:.4f}"
    sheet.text(left, top + len(logits) * row_height + 20, f"loss = −log {p} = {loss:.4f}")
    return sheet
