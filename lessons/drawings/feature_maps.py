"""The figure of one image's way through the network: a row for each layer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.sheet import DENSITY, HEADING, LINE, SMALL, WIDTH, Sheet, scaled
from lessons.kit.themes import Theme

ROW = 16  # CSS pixels from a class's probability to the next
BARS = 36 * DENSITY  # the height of a picture of bars, in its own pixels
LONGEST_NAME = len("GlobalAveragePool2D")  # that there is room for


@dataclass(frozen=True)
class Layout:
    """Where names and pictures stand, in CSS pixels.

    Attributes:
        width: the figure's width.
        left: where the pictures begin; the names stand beside them, or above them if there is no room.
        maps: how many maps of a layer are shown, at most.
        size: the side of a map.
        gap: what lies between it and the next.
        numbers: how many numbers of a layer are shown as bars, at most.
    """

    width: int
    left: int
    maps: int
    size: int
    gap: int
    numbers: int

    @property
    def room(self) -> int:
        """The width of a row of pictures."""
        return self.maps * (self.size + self.gap) - self.gap


NARROW = Layout(WIDTH, left=0, maps=7, size=42, gap=7, numbers=256)  # for the site, on a phone too
WIDE = Layout(
    680, left=143, maps=12, size=42, gap=3, numbers=512
)  # for a page that is wide, such as the README's


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
        steps.append(Step(layer.kind, values, begins, changed))
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
    layout: Layout = NARROW,
) -> Sheet:
    """Draw the steps from top to bottom: maps as pictures, rows of numbers as bars.

    Args:
        theme: the colours.
        title: what the figure shows.
        subtitle: data set, recipe and accuracy.
        steps: the image and what the layers make of it; the last step holds the probabilities.
        class_names: the classes in their order.
        actual: the image's class.
        layout: where all this stands; if it is wide, the sheet is a card, which brings its own background.
    """
    probabilities = steps[-1].values
    heights = [_height(step, layout) for step in steps]
    heights[0] += layout.size + 8
    heights[-1] = _above(layout) + ROW * len(class_names)
    sheet = Sheet(HEADING + sum(heights), theme, title, subtitle, card=layout is WIDE, width=layout.width)
    _head(sheet, layout, actual, class_names[int(probabilities.argmax())])
    first_output = max(place for place, step in enumerate(steps) if step.begins)
    y = HEADING
    for place, (step, height) in enumerate(zip(steps, heights, strict=True)):
        colour = theme.output if place >= first_output else theme.activation
        _label(sheet, y, step, layout)
        if step is steps[-1]:
            _classes(sheet, y + _above(layout), layout, probabilities, class_names)
        elif step.changed:
            _pictures(sheet, y + _above(layout), step, layout, colour, 1 if place else 2)
        y += height
    return sheet


def _pictures(sheet: Sheet, y: float, step: Step, layout: Layout, colour: str, times: int) -> None:
    """Draw the step's numbers: maps side by side, so many times as large as others, or bars."""
    if step.values.ndim == 1:
        picture = bars(step.values, max(0, step.values.max()), layout)
        sheet.picture(layout.left, y, picture, colour)
        return
    size = times * layout.size
    maps = np.moveaxis(step.values, -1, 0)[: layout.maps // times]
    for place, one in enumerate(maps):
        sheet.picture(layout.left + place * (size + layout.gap), y, scaled(one), colour, size)


def bars(values: Array, top: float, layout: Layout) -> Array:
    """Return a picture with a bar for each number, up (1) or down (−1) from the line of zero.

    Args:
        values: the numbers.
        top: what the picture's upper edge stands for; the lower one stands for the least of them, or 0.
        layout: how wide it is, and how many of the numbers it has room for.
    """
    pixels = BARS / ((top - min(0, values.min())) or 1)
    values = values[: layout.numbers]
    zero = round(float(top * pixels))
    ends = zero - np.rint(values * pixels)
    rows = np.arange(BARS)[:, None]
    picture = np.select([(ends <= rows) & (rows < zero), (zero <= rows) & (rows < ends)], [1.0, -1.0], 0.0)
    room = layout.room * DENSITY
    place, within = np.divmod(np.arange(room) * len(values), room)
    picture = picture[:, place]
    picture[:, within >= 0.75 * room] = 0  # keeps a bar apart from the next
    return picture


def _above(layout: Layout) -> int:
    """Return how far below its name a step's pictures begin."""
    return 0 if layout.left else LINE + 3


def _height(step: Step, layout: Layout) -> int:
    """Return what the step takes in CSS pixels."""
    if not step.changed:
        return LINE + 9
    height = layout.size if step.values.ndim == 3 else BARS // DENSITY
    lines = len(_name(step) + _facts(step)) if layout.left else 0
    return max(_above(layout) + height, LINE * lines) + 9


def _name(step: Step) -> list[str]:
    return textwrap.wrap(step.name, LONGEST_NAME)


def _facts(step: Step) -> list[str]:
    """Return the shape of the step's output and the range of its numbers."""
    low, high = (f"{round(float(end), 1) + 0.0:.1f}" for end in (step.values.min(), step.values.max()))
    return ["×".join(map(str, step.values.shape)), f"{low} to {high}".replace("-", "−")]


def _label(sheet: Sheet, y: float, step: Step, layout: Layout) -> None:
    """Write beside a step, or above it, what it is."""
    quiet = sheet.theme.quiet
    facts = _facts(step) if step.changed else ["the same numbers"]
    if not layout.left:
        sheet.text(0, y + 10, step.name, weight="bold")
        sheet.text(WIDTH, y + 10, ", ".join(facts), size=SMALL, colour=quiet, align="right")
        return
    for line in _name(step):
        sheet.text(0, y + 10, line, weight="bold")
        y += LINE
    if not step.changed:
        sheet.text(layout.left, y + 10 - LINE, facts[0], size=SMALL, colour=quiet)
        return
    for line in facts:
        sheet.text(0, y + 10, line, size=SMALL, colour=quiet)
        y += LINE


def _head(sheet: Sheet, layout: Layout, actual: str, answer: str) -> None:
    """Write beside the image what it is and what it was taken for, and what the colours mean."""
    theme = sheet.theme
    x, y = layout.left + 2 * layout.size + 14, HEADING + _above(layout)
    sheet.text(x, y + 10, f"true class: {actual}")
    sheet.text(x, y + 10 + LINE, f"answer: {answer}", colour=theme.output)
    sheet.scale(x, y + 34, theme.activation, ("−m", "0", "m"))
    notes = (
        "m: the map's largest number, of either sign",
        f"at most {layout.maps} maps or {layout.numbers} numbers a layer",
    )
    for line, text in enumerate(notes):
        sheet.text(x, y + 76 + LINE * line, text, size=SMALL, colour=theme.quiet)


def _classes(
    sheet: Sheet, y: float, layout: Layout, probabilities: Array, class_names: Sequence[str]
) -> None:
    """Draw each class's probability as a bar in a row of its own."""
    left = layout.left + 74
    for place, (name, probability) in enumerate(zip(class_names, probabilities.tolist(), strict=True)):
        middle = y + ROW * (place + 0.5)
        weight = "bold" if place == probabilities.argmax() else "normal"
        sheet.text(left - 8, middle, name, align="right", vertical="center", weight=weight)
        width = probability * (layout.room - 74 - 48)
        sheet.box(left, middle - 5, width, 10, sheet.theme.output)
        sheet.text(
            left + width + 6, middle, f"{probability:.1%}", size=SMALL, vertical="center", weight=weight
        )
