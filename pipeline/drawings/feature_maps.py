"""The figure of one image's way through the network: a row for each layer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import cnn
from cnn.types import Array
from pipeline.drawings.sheet import DENSITY, HEADING, LINE, SMALL, WIDTH, Sheet, enlarge, scaled, wrap
from pipeline.drawings.themes import Theme

# Lengths in the pictures' own pixels, of which DENSITY make a CSS pixel, except for LEFT, which is in those.
MAPS, NUMBERS = 12, 512  # of a layer, at most
MAP_SIZE = 42 * DENSITY
MAP_GAP = 3 * DENSITY
ROOM = MAPS * (MAP_SIZE + MAP_GAP) - MAP_GAP
LEFT = WIDTH - ROOM // DENSITY  # where the pictures begin, right of the layers' names
BARS = 36 * DENSITY
LONGEST_NAME = len("GlobalAveragePool2D")  # that there is room for


@dataclass(frozen=True)
class Step:
    """What one layer, or several that belong together, make of the image.

    Attributes:
        name: the layer's name.
        values: its output for this one image: `[h, w, c]` or `[n_out]`.
        begins: whether the layer has weights or gives more or fewer numbers than it takes, as opposed to
            one that works on another's output, such as an activation.
        changed: whether these are other numbers than those of the step before.
    """

    name: str
    values: Array
    begins: bool = False
    changed: bool = True


def steps_through(model: cnn.Sequential, x: Array) -> list[Step]:
    """Follow an image, `[h, w, c]`, through the model: from the image itself to the probabilities."""
    steps = [Step("input", x, begins=True)]
    activations = model.activations(x[None])
    for layer, (values,) in zip(model.layers, activations, strict=True):
        before = steps[-1].values
        begins = "weight" in layer.params or values.size != before.size
        changed = not np.array_equal(values.ravel(), before.ravel())
        steps.append(Step(layer.name, values, begins, changed))
    if not isinstance(model.layers[-1], cnn.Softmax):
        [probabilities] = model.probabilities(activations[-1])
        steps.append(Step("Softmax", probabilities))
    return steps


def in_short(steps: Sequence[Step]) -> list[Step]:
    """Join every layer with those behind it that work on its output, such as its activation."""
    short: list[Step] = []
    for step in steps:
        if step.begins:
            short.append(step)
        elif step.changed:
            short[-1] = Step(f"{short[-1].name} → {step.name}", step.values, begins=True)
    return short


def draw_feature_maps(
    theme: Theme,
    title: str,
    subtitle: str,
    steps: Sequence[Step],
    class_names: Sequence[str],
    actual: str,
    card: bool = False,
) -> Sheet:
    """Draw the steps from top to bottom: maps as pictures, rows of numbers as bars.

    Args:
        theme: the colours.
        title: what the figure shows.
        subtitle: data set, recipe and accuracy.
        steps: the image and what the layers make of it; the last step holds the probabilities.
        class_names: the classes in their order.
        actual: the image's class.
        card: whether the sheet brings its own background.
    """
    probabilities = steps[-1].values
    pictures = [_picture(step, MAP_SIZE if place else 2 * MAP_SIZE) for place, step in enumerate(steps)]
    pictures[-1] = bars(probabilities, top=1)
    heights = [_height(step, picture) for step, picture in zip(steps, pictures, strict=True)]
    sheet = Sheet(HEADING + sum(heights) + 3 * LINE, theme, title, subtitle, card)
    _head(sheet, actual, class_names[int(probabilities.argmax())])
    first_output = max(place for place, step in enumerate(steps) if step.begins)
    y = HEADING
    for place, (step, picture, height) in enumerate(zip(steps, pictures, heights, strict=True)):
        _label(sheet, y, step)
        if step.changed:
            sheet.picture(LEFT, y, picture, theme.output if place >= first_output else theme.activation)
        y += height
    _classes(sheet, y, probabilities, class_names)
    return sheet


def _picture(step: Step, size: int) -> Array:
    """Return the step's numbers as a picture: bars, or maps side by side, in squares of `size` pixels."""
    if step.values.ndim == 1:
        return bars(step.values, top=max(0, step.values.max()))
    tiles = [enlarge(scaled(one), size) for one in np.moveaxis(step.values, -1, 0)[:MAPS]]
    pitch = max(size, tiles[0].shape[1]) + MAP_GAP
    gap = (0, 0), (0, pitch - tiles[0].shape[1])
    fitting = max(1, (ROOM + MAP_GAP) // pitch)
    return np.hstack([np.pad(tile, gap, constant_values=np.nan) for tile in tiles[:fitting]])


def bars(values: Array, top: float) -> Array:
    """Return a picture with a bar for each number, up (1) or down (−1) from the line of zero.

    Args:
        values: the numbers.
        top: what the picture's upper edge stands for; the lower one stands for the least of them, or 0.
    """
    pixels = BARS / ((top - min(0, values.min())) or 1)
    values = values[:NUMBERS]
    zero = round(float(top * pixels))
    ends = zero - np.rint(values * pixels)
    rows = np.arange(BARS)[:, None]
    picture = np.select([(ends <= rows) & (rows < zero), (zero <= rows) & (rows < ends)], [1.0, -1.0], 0.0)
    place, within = np.divmod(np.arange(ROOM) * len(values), ROOM)
    picture = picture[:, place]
    picture[:, within >= 0.75 * ROOM] = 0  # keeps a bar apart from the next
    return picture


def _height(step: Step, picture: Array) -> int:
    """Return what the step takes in CSS pixels."""
    if not step.changed:
        return LINE + 8
    return max(len(picture) // DENSITY, LINE * len(_name(step) + _facts(step))) + 8


def _name(step: Step) -> list[str]:
    return textwrap.wrap(step.name, LONGEST_NAME)


def _facts(step: Step) -> list[str]:
    """Return the shape of the step's output and the range of its numbers."""
    low, high = (f"{round(float(end), 1) + 0.0:.1f}" for end in (step.values.min(), step.values.max()))
    return ["×".join(map(str, step.values.shape)), f"{low} to {high}".replace("-", "−")]


def _label(sheet: Sheet, y: float, step: Step) -> None:
    """Write beside a step what it is."""
    quiet = sheet.theme.quiet
    for line in _name(step):
        sheet.text(0, y + 10, line, weight="bold")
        y += LINE
    if not step.changed:
        sheet.text(LEFT, y + 10 - LINE, "the same numbers", size=SMALL, colour=quiet)
        return
    for line in _facts(step):
        sheet.text(0, y + 10, line, size=SMALL, colour=quiet)
        y += LINE


def _head(sheet: Sheet, actual: str, answer: str) -> None:
    """Write beside the image what it is and what it was taken for, and what the colours mean."""
    theme = sheet.theme
    x = LEFT + 2 * MAP_SIZE // DENSITY + 12
    sheet.text(x, HEADING + 10, f"true class: {actual}")
    sheet.text(x, HEADING + 10 + LINE, f"answer: {answer}", colour=theme.output)
    sheet.scale(WIDTH - 150, HEADING + 2, theme.activation, ("−m", "0", "m"))
    notes = "m: the map's largest number, of either sign", f"at most {MAPS} maps or {NUMBERS} numbers a layer"
    for line, text in enumerate(notes):
        sheet.text(WIDTH, HEADING + 40 + LINE * line, text, size=SMALL, colour=theme.quiet, align="right")


def _classes(sheet: Sheet, y: float, probabilities: Array, class_names: Sequence[str]) -> None:
    """Write each class's probability and name under its bar."""
    pitch = ROOM / DENSITY / len(class_names)
    for place, name in enumerate(class_names):
        x = LEFT + (place + 0.375) * pitch
        weight = "bold" if place == probabilities.argmax() else "normal"
        sheet.text(x, y + 4, f"{probabilities[place]:.1%}", size=SMALL, align="center", weight=weight)
        sheet.text(x, y + 8, wrap(name), size=SMALL, align="center", weight=weight, vertical="top")
