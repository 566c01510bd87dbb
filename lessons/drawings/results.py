"""The figures of what the trained model gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lessons.kit.sheet import DENSITY, HEADING, LINE, SMALL, WIDTH, Sheet, scaled
from lessons.kit.themes import Theme, readable_on, shade


@dataclass(frozen=True)
class HardImage:
    """An image of the test set that the model found hard.

    Attributes:
        number: its place in the test set.
        pixels: its bytes, `[h, w]`.
        actual: its class.
        predicted: what the network took it for.
        probability: what it gave the predicted class.
    """

    number: int
    pixels: NDArray[np.uint8]
    actual: str
    predicted: str
    probability: float


def draw_confusion(
    theme: Theme, subtitle: str, counts: NDArray[np.int64], class_names: Sequence[str]
) -> Sheet:
    """Draw how often each class was taken for each; colour shows the mistakes, right answers are grey.

    Args:
        theme: the colours.
        subtitle: data set and number of mistakes.
        counts: one row for each true class, one column for each answer.
        class_names: the classes in their order.
    """
    longest = max(map(len, class_names))
    left, cell_height = (28, 28) if longest == 1 else (78, 26)
    top = HEADING + (40 if longest == 1 else 92)
    cell_width = (WIDTH - left) // len(counts)
    mistakes = counts * ~np.eye(len(counts), dtype=bool)
    strengths = scaled(mistakes.astype(np.float64)) - 0.25 * np.eye(len(counts))
    sheet = Sheet(top + cell_height * len(counts) + 60, theme, "Which class is taken for which", subtitle)
    cells = strengths.repeat(cell_height * DENSITY, axis=0).repeat(cell_width * DENSITY, axis=1)
    cells[:: cell_height * DENSITY] = np.nan
    cells[:, :: cell_width * DENSITY] = np.nan
    sheet.picture(left, top, cells, theme.output)
    sheet.text(0, HEADING + 10, "true class ↓, taken for →", size=SMALL, colour=theme.quiet)
    for row, name in enumerate(class_names):
        middle = top + (row + 0.5) * cell_height
        sheet.text(left - 8, middle, name, align="right", vertical="center")
        x = left + (row + 0.5) * cell_width
        sheet.text(x, top - 6, name, align="center", vertical="bottom", turned=longest > 1)
        for column, count in enumerate(counts[row]):
            cell = shade(strengths[row, column], theme.output, theme)
            colour = readable_on(cell) if strengths[row, column] else theme.quiet
            x = left + (column + 0.5) * cell_width
            sheet.text(x, middle, str(count), size=SMALL, colour=colour, align="center", vertical="center")
    y = top + cell_height * len(counts) + 14
    sheet.scale(left, y, theme.output, ("0", f"{mistakes.max():,}"))
    for line, text in enumerate(("mistakes in a cell;", "grey: right answers")):
        sheet.text(left + 160, y + 9 + LINE * line, text, size=SMALL, colour=theme.quiet)
    return sheet


def draw_hardest(theme: Theme, subtitle: str, images: Sequence[HardImage]) -> Sheet:
    """Draw the hardest images of the test set with their class and the network's answer.

    Args:
        theme: the colours.
        subtitle: data set and what makes an image hard.
        images: the images, the hardest first.
    """
    columns, size, pitch = 4, 70, 90
    height = size + 4 * LINE + 14
    rows = -(-len(images) // columns)
    sheet = Sheet(HEADING + rows * height + 28, theme, "The hardest test images", subtitle)
    for place, image in enumerate(images):
        x, y = pitch * (place % columns), HEADING + height * (place // columns)
        sheet.picture(x, y, image.pixels / 255, theme.activation, size)
        lines = (
            (f"is {image.actual}", theme.ink),
            (f"said {image.predicted}", theme.output),
            (f"with {image.probability:.1%}", theme.output),
            (f"no. {image.number}", theme.quiet),
        )
        for line, (text, colour) in enumerate(lines, start=1):
            sheet.text(x, y + size + LINE * line, text, size=SMALL, colour=colour)
    sheet.scale(0, HEADING + rows * height, theme.activation, ("pixel 0", "255"))
    return sheet
