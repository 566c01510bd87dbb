"""The figures of the network's plan: its layers, and what each holds and costs."""

from __future__ import annotations

import cnn
from cnn.summary import LayerSummary, layer_summaries
from lessons.kit.sheet import HEADING, SMALL, WIDTH, Sheet
from lessons.kit.subject import Subject
from lessons.kit.tables import times
from lessons.kit.themes import Theme


def draw_architecture(theme: Theme, subject: Subject) -> Sheet:
    """Draw the layers from the image down to the logits, each with the shape of what it gives."""
    lines = _lines(subject)
    row, height = 26, 20
    sheet = Sheet(HEADING + row * (len(lines) + 1) + 8, theme, "The trained network", subject.training)
    rows = [("image", times(subject.model.built_for()), theme.activation)]
    for layer, line in zip(subject.model.layers, lines, strict=True):
        colour = theme.parameter if line.parameters else theme.quiet
        rows.append((_name(layer), times(line.output_shape), colour))
    rows[-1] = (*rows[-1][:2], theme.output)
    for place, (name, shape, colour) in enumerate(rows):
        y = HEADING + row * place
        sheet.box(0.5, y, WIDTH - 1, height, colour, filled=False)
        sheet.text(10, y + height / 2, name, vertical="center", colour=colour)
        sheet.text(WIDTH - 10, y + height / 2, shape, vertical="center", align="right")
        if place:
            sheet.text(WIDTH / 2, y - 3, "↓", vertical="center", align="center", size=SMALL)
    return sheet


def draw_parameter_counts(theme: Theme, subject: Subject) -> Sheet:
    """Draw the parameters and the multiply-adds of each layer that has any, side by side."""
    lines = [line for line in _lines(subject) if line.parameters or line.multiply_adds]
    row, width, left = 30, 118, 88
    title = "What each layer holds and costs"
    sheet = Sheet(HEADING + 24 + row * len(lines), theme, title, subject.training)
    columns = (
        (left, "parameters", [line.parameters for line in lines], theme.parameter),
        (left + width + 16, "multiply-adds", [line.multiply_adds for line in lines], theme.activation),
    )
    top = HEADING + 20
    for place, line in enumerate(lines):
        sheet.text(0, top + row * place + 10, line.layer)
        sheet.text(0, top + row * place + 22, times(line.output_shape), size=SMALL, colour=theme.quiet)
    for x, name, numbers, colour in columns:
        sheet.text(x, HEADING + 10, name, weight="bold")
        for place, number in enumerate(numbers):
            y = top + row * place
            sheet.box(x, y + 2, width * number / (max(numbers) or 1), 8, colour)
            sheet.text(x, y + 22, f"{number:,}", size=SMALL)
    return sheet


def _lines(subject: Subject) -> list[LayerSummary]:
    return layer_summaries(subject.model.layers, subject.model.built_for())


def _name(layer: cnn.Layer) -> str:
    """Return a layer's name with those hyperparameters that tell it from the next of its kind."""
    config = layer.to_config()
    shown = {"Conv2D": ("filters", "kernel_size"), "Dense": ("units",), "Dropout": ("rate",)}
    values = [config[name] for name in shown.get(layer.kind, ())]
    told = [times(value) if isinstance(value, list | tuple) else f"{value:g}" for value in values]
    return f"{layer.kind} {' of '.join(told)}".strip()
