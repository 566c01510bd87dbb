"""The page about flatten: which number goes where, what it hands to the dense layer, and each step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes_along
from lessons.kit.sheet import HEADING, SMALL, WIDE, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import flatten_gradient_steps, flatten_steps
from lessons.kit.subject import Subject
from lessons.kit.tables import table, times
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, track

LAYER = "cnn.layers.flatten.Flatten"
IMAGE = [[[0, 1], [10, 11]], [[100, 101], [110, 111]]]  # 2×2 with two channels; a number says where it stands
FOLLOWED = 1, 1, 0  # the number that the figure follows: its row, column and channel


def from_network(subject: Subject) -> Shown:
    """Return what flattening makes of the trained network's feature maps."""
    shown = subject.with_layer(cnn.Flatten)
    return Shown(values={"row": shown.note + row_and_parameters(shown.model)})


def from_repository() -> Shown:
    """Return the figure, the trace and the gradient check."""
    return Shown(
        drawings={"flatten-order": draw_order},
        values={
            "gradient_check": gradient_check(
                cnn.Flatten(), (2, 3, 4, 2), "columns before rows", _columns_first
            )
        },
        files={"traces/flatten.json": to_json({"layer": "flatten", "cases": cases()})},
    )


def draw_order(theme: Theme, width: int) -> Sheet:
    """Draw how an image's numbers come into one row: channel by channel, pixel by pixel, row by row."""
    x = np.array(IMAGE, np.float32)
    y, _ = cnn.Flatten().forward_pass(x[None])
    (h, w, c), largest = x.shape, float(x.max())
    wide = width == WIDE
    cell, apart = (60, 24) if wide else (34, 14)  # apart: two pieces that belong together
    in_row, gap = (60, 20) if wide else (38, 12)
    top = HEADING + 20
    below = top + h * cell + 64
    subtitle = f"A number says where it stands: row, column, channel. Follow the {x[FOLLOWED]:g}"
    sheet = Sheet(width, below + in_row + 22, theme, "From a grid to a row", subtitle)
    second, third = width - w * c * cell - apart, width - y.size * in_row - (h * w - 1) * gap

    for channel in range(c):
        left = channel * (w * cell + apart)
        sheet.text(left, top - 9, f"channel {channel}")
        sheet.numbers(left, top, x[:, :, channel], theme.activation, cell, largest=largest)
    sheet.text(second, top - 9, "pixel by pixel")
    sheet.text(third, below - 9, "y: row after row")
    for pixel, (row, column) in enumerate(np.ndindex(h, w)):
        places = (
            (second + column * (c * cell + apart), top + row * cell, cell, theme.activation),
            (third + pixel * (c * in_row + gap), below, in_row, theme.output),
        )
        for left, above, side, colour in places:
            sheet.numbers(left, above, x[row : row + 1, column], colour, side, largest=largest)
            if (row, column) == FOLLOWED[:2]:
                sheet.mark(left + FOLLOWED[2] * side, above, side, side)
        for channel in range(c):
            middle = places[1][0] + (channel + 0.5) * in_row
            sheet.text(
                middle, below + in_row + 16, f"{pixel * c + channel}",
                size=SMALL, colour=theme.quiet, align="center",
            )  # fmt: skip
    row, column, channel = FOLLOWED
    sheet.mark(channel * (w * cell + apart) + column * cell, top + row * cell, cell, cell)

    middle, first_ends = top + h * cell / 2, c * w * cell + (c - 1) * apart
    sheet.line([(first_ends + 8, middle), (second - 8, middle)], arrow=True)
    centre = (second + width) / 2
    sheet.line([(centre, top + h * cell + 8), (centre, below - 8)], arrow=True)
    if not wide:
        return sheet
    sheet.text(third - 10, below + in_row + 16, "index", size=SMALL, colour=theme.quiet, align="right")
    return sheet


def row_and_parameters(model: cnn.Sequential) -> str:
    """Return how long the row of numbers is, and how many parameters the next dense layer has for it."""
    along, total = shapes_along(model), sum(array.size for array in model.params.values())
    rows = []
    for index, layer in enumerate(model.layers):
        if isinstance(layer, cnn.Flatten):
            dense = next((one for one in model.layers[index:] if isinstance(one, cnn.Dense)), None)
            held = sum(array.size for array in dense.params.values()) if dense else 0
            rows.append(
                [
                    times(along[index]),
                    f"{math.prod(along[index]):,}",
                    f"{held:,}",
                    f"{held / total:.0%}",
                ]
            )
    head = ["feature maps", "numbers in the row", "parameters of the next dense layer", "share of all"]
    return table(head, rows, numbers=3)


def cases() -> list[dict[str, Any]]:
    """Return the only case: an image of 2×2 with two channels, whose numbers say where they stand."""
    inputs = np.array([IMAGE], np.float32)
    layer = cnn.Flatten()
    outputs, cache = layer.forward_pass(inputs)
    dinputs, _ = layer.backward_pass(outputs, cache)
    x, y = Grid("x", "input", inputs[0]), Grid("y", "output", outputs, hidden=True)
    dy, dx = Grid("dy", "gradient", outputs), Grid("dx", "gradient", dinputs[0], hidden=True)
    return [
        {
            "name": "plain",
            "title": "an image of 2×2 with two channels",
            "forward": [track("Forward", f"{LAYER}.forward_pass", [x, y], flatten_steps(x, y))],
            "backward": [
                track(
                    "The gradient of the input",
                    f"{LAYER}.backward_pass",
                    [dy, dx],
                    flatten_gradient_steps(dy, dx),
                )
            ],
        }
    ]


def _columns_first(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, _ = layer.backward_pass(dy, cache)
    return np.ascontiguousarray(dy).reshape(dx.swapaxes(1, 2).shape).swapaxes(1, 2), {}
