"""The page about what the trained network sees: filters, an image's way, saliency, and mistakes."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

import cnn
from cnn.parallel import one_blas_thread
from cnn.types import Array
from lessons.kit import results
from lessons.kit.sheet import (
    DENSITY,
    HEADING,
    LARGE,
    LINE,
    NARROW,
    SMALL,
    WIDE,
    Sheet,
    plain_style,
    scaled,
    shortened,
)
from lessons.kit.shown import Shown
from lessons.kit.subject import (
    CLASSES,
    Subject,
    activations_to_probabilities,
    foremost,
    layers_to_probabilities,
)
from lessons.kit.tables import tidy, times
from lessons.kit.themes import LIGHT, Theme, readable_on, shade
from lessons.params import load_all_parameters
from pipeline.common import paths
from pipeline.common.images import Bytes

ROW = 16  # CSS pixels from a class's probability to the next
BARS = 36 * DENSITY  # the height of a picture of bars, in its own pixels
LONGEST_NAME = len("GlobalAveragePool2D")  # there is room for no longer one
CONFUSED = 12  # classes whose counts have room beside each other

Row = Mapping[str, str]


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

    @property
    def above(self) -> int:
        """The distance from a step's name down to its pictures."""
        return 0 if self.left else LINE + 3


PHONE = Layout(NARROW, left=0, maps=7, size=42, gap=7, numbers=256)
DESK = Layout(WIDE, left=220, maps=12, size=44, gap=4, numbers=512)


def from_network(subject: Subject) -> Shown:
    """Return what the page draws of the trained network and of its mistakes."""
    answers, title = subject.answers, subject.image_set.title
    counts = confusion_counts(results.rows(paths.PREDICTIONS), subject.image_set.class_names)
    mistakes = f"{counts.sum() - counts.trace():,} of {counts.sum():,} test images taken for another class"
    return Shown(
        drawings={
            "filters": partial(draw_filters, subject=subject),
            "feature-maps": partial(draw_feature_maps, subject=subject),
            "saliency": partial(draw_saliency, subject=subject),
            "confusion": partial(
                draw_confusion,
                subtitle=f"{title}: {mistakes}",
                counts=counts,
                class_names=subject.image_set.class_names,
            ),
            "confidence": partial(
                draw_confidence,
                subtitle=subject.training,
                probabilities=answers.max(axis=1),
                right=answers.argmax(axis=1) == subject.test.labels,
                bins=load_all_parameters().evaluate.calibration_bins,
            ),
            "hardest": partial(
                draw_hardest,
                subtitle=f"{title}: those whose true class got the smallest probability",
                rows=results.rows(paths.HARDEST),
                images=subject.test.images,
            ),
        }
    )


def from_repository() -> Shown:
    """Return the calibration error on the test images, and whether these have colours."""
    coloured = load_all_parameters().data.input_shape[-1] == 3
    error = results.evaluation()["calibration_error"]
    return Shown(values={"calibration_error": f"{error:.2%}", "coloured": coloured})


def draw_filters(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw the filters of the first convolution, or say that there is none."""
    title, index = "The filters of the first convolution", subject.first_index(cnn.Conv2D)
    if index is None:
        return Sheet(width, HEADING, theme, title, f"{subject.training}: this recipe has no convolution")
    weight = subject.model.layers[index].params["weight"]
    h_f, w_f, _, n_f = weight.shape
    subtitle = f"{subject.training}: {n_f} filters of {h_f}×{w_f}"
    columns, size, pitch = 8, 36, 43
    filters = np.moveaxis(weight, -1, 0)
    coloured = weight.shape[2] == 3
    rows = -(-len(filters) // columns)
    sheet = Sheet(width, HEADING + rows * (size + 22) + 36, theme, title, subtitle)
    for number, one in enumerate(scaled(filters)):
        x, y = pitch * (number % columns), HEADING + (size + 22) * (number // columns)
        if coloured:
            sheet.image(x, y, np.rint(127.5 * (1 + one)).astype(np.uint8), size)
        else:
            sheet.picture(x, y, one[:, :, 0], theme.parameter, size)
        sheet.text(x, y + size + 12, str(number), size=SMALL, colour=theme.quiet)
    y = HEADING + rows * (size + 22) + 4
    largest = f"{np.abs(filters).max():.2f}"
    if not coloured:
        sheet.scale(0, y, theme.parameter, (f"−{largest}", "0", largest))
        return sheet
    notes = (
        f"red, green and blue as bright as the weight: −{largest} dark, {largest} full,",
        "0 in the middle, so that a filter of zeros is grey",
    )
    for line, text in enumerate(notes):
        sheet.text(0, y + 10 + LINE * line, text, size=SMALL, colour=theme.quiet)
    return sheet


def readme_figure(subject: Subject) -> bytes:
    """Return the README's figure, as PNG."""
    with plain_style(LIGHT):
        return draw_feature_maps(LIGHT, WIDE, subject, card=True).png()


@dataclass(frozen=True)
class Step:
    """The output of one layer, or of several that belong together.

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
    activations = activations_to_probabilities(model, x[None])
    for layer, (values,) in zip(layers_to_probabilities(model), activations, strict=True):
        before = steps[-1].values
        begins = "weight" in layer.params or values.size != before.size
        changed = not np.array_equal(values.ravel(), before.ravel())
        steps.append(Step(layer.kind, values, begins, changed))
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


def draw_feature_maps(theme: Theme, width: int, subject: Subject, card: bool = False) -> Sheet:
    """Draw the way of the chosen test image through the trained network: maps as pictures, rows as bars.

    On a card, which brings its own background to any page, it is drawn in short.
    """
    layout = PHONE if width == NARROW else DESK
    steps, accuracy = steps_through(subject.model, subject.x[0]), results.evaluation()["accuracy"]
    if card:
        steps = in_short(steps)
    names, probabilities = subject.image_set.class_names, steps[-1].values
    heights = [_height(step, layout) for step in steps]
    heights[0] += layout.size + 8
    heights[-1] = layout.above + ROW * min(len(names), CLASSES) + (ROW if len(names) > CLASSES else 0)
    sheet = Sheet(
        width,
        HEADING + sum(heights),
        theme,
        f"Test image {subject.digit} on its way",
        f"{subject.training}: {accuracy:.2%} of {len(subject.test.images):,} test images right",
        card=card,
    )
    _head(sheet, layout, subject.actual, names[int(probabilities.argmax())])
    first_output = max(index for index, step in enumerate(steps) if step.begins)
    y = HEADING
    for index, (step, height) in enumerate(zip(steps, heights, strict=True)):
        colour = theme.output if index >= first_output else theme.activation
        _label(sheet, y, step, layout)
        if step is steps[-1]:
            _classes(sheet, y + layout.above, layout, probabilities, names)
        elif index == 0 and subject.image.ndim == 3:
            sheet.image(layout.left, y + layout.above, subject.image, 2 * layout.size)
        elif step.changed:
            _pictures(sheet, y + layout.above, step, layout, colour, 1 if index else 2)
        y += height
    return sheet


def _height(step: Step, layout: Layout) -> int:
    """Return a step's height in CSS pixels."""
    if not step.changed:
        return LINE + 9
    height = layout.size if step.values.ndim == 3 else BARS // DENSITY
    lines = len(textwrap.wrap(step.name, LONGEST_NAME)) + 2 if layout.left else 0
    return max(layout.above + height, LINE * lines) + 9


def _pictures(sheet: Sheet, y: float, step: Step, layout: Layout, colour: str, larger: int) -> None:
    """Draw the step's numbers: maps side by side, `larger` times the usual size, or bars."""
    if step.values.ndim == 1:
        picture = bars(step.values, max(0, step.values.max()), layout)
        sheet.picture(layout.left, y, picture, colour)
        return
    size = larger * layout.size
    maps = np.moveaxis(step.values, -1, 0)[: layout.maps // larger]
    for index, one in enumerate(maps):
        sheet.picture(layout.left + index * (size + layout.gap), y, scaled(one), colour, size)


def bars(values: Array, top: float, layout: Layout) -> Array:
    """Return a picture with a bar for each number, up (1) or down (−1) from the line of zero.

    Args:
        values: the numbers.
        top: the number at the picture's upper edge; at its lower edge is the smallest number, or 0.
        layout: how wide the picture is, and how many of the numbers it shows.
    """
    pixels = BARS / ((top - min(0, values.min())) or 1)
    values = values[: layout.numbers]
    zero = round(float(top * pixels))
    ends = zero - np.rint(values * pixels)
    rows = np.arange(BARS)[:, None]
    picture = np.select([(ends <= rows) & (rows < zero), (zero <= rows) & (rows < ends)], [1.0, -1.0], 0.0)
    room = layout.room * DENSITY
    index, within = np.divmod(np.arange(room) * len(values), room)
    picture = picture[:, index]
    picture[:, within >= 0.75 * room] = 0  # keeps a bar apart from the next
    return picture


def _label(sheet: Sheet, y: float, step: Step, layout: Layout) -> None:
    """Write a step's name, its shape and the range of its numbers beside it, or above it."""
    quiet = sheet.theme.quiet
    facts = ["the same numbers"]
    if step.changed:
        facts = [times(step.values.shape), f"{tidy(step.values.min(), 1)} to {tidy(step.values.max(), 1)}"]
    if not layout.left:
        sheet.text(0, y + 10, step.name, weight="bold")
        sheet.text(layout.width, y + 10, ", ".join(facts), size=SMALL, colour=quiet, align="right")
        return
    for line in textwrap.wrap(step.name, LONGEST_NAME):
        sheet.text(0, y + 10, line, weight="bold")
        y += LINE
    if not step.changed:
        sheet.text(layout.left, y + 10 - LINE, facts[0], size=SMALL, colour=quiet)
        return
    for line in facts:
        sheet.text(0, y + 10, line, size=SMALL, colour=quiet)
        y += LINE


def _head(sheet: Sheet, layout: Layout, actual: str, answer: str) -> None:
    """Write the image's class and the answer beside it, and what the colours mean."""
    theme = sheet.theme
    x, y = layout.left + 2 * layout.size + 14, HEADING + layout.above
    room = layout.left + layout.room - x
    sheet.text(x, y + 10, f"true class: {actual}", room=room)
    sheet.text(x, y + 10 + LINE, f"answer: {answer}", colour=theme.output, room=room)
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
    """Draw each class's probability as a bar in a row of its own; of many classes, the most probable."""
    left = layout.left + 74
    shown = foremost(probabilities, CLASSES)
    for row, index in enumerate(shown):
        middle, probability = y + ROW * (row + 0.5), float(probabilities[index])
        weight = "bold" if index == probabilities.argmax() else "normal"
        sheet.text(
            left - 8, middle, class_names[index], align="right", vertical="center", weight=weight, room=66
        )
        width = probability * (layout.room - 74 - 48)
        sheet.box(left, middle - 5, width, 10, sheet.theme.output)
        sheet.text(
            left + width + 6, middle, f"{probability:.1%}", size=SMALL, vertical="center", weight=weight
        )
    if len(shown) < len(class_names):
        text = f"the {len(shown)} most probable of {len(class_names)} classes"
        sheet.text(
            left, y + ROW * (len(shown) + 0.5), text, size=SMALL, vertical="center", colour=sheet.theme.quiet
        )


def saliency(model: cnn.Sequential, x: Array, unit: int) -> Array:
    """Return the gradient of one of the model's outputs with respect to the image `[1, h, w, c]`."""
    with one_blas_thread():
        y, caches = model.forward_pass(x)
        dy = np.zeros_like(y)
        dy[:, unit] = 1
        dx, _ = model.backward_pass(dy, caches)
    return dx


def draw_saliency(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw an image and what more brightness at each pixel would do to the logit of the answer.

    More light means more of each channel: the gradients of a pixel's channels are added up.
    """
    size = 160
    answer = int(subject.logits.argmax())
    gradient = saliency(subject.model, subject.x, answer)[0].sum(axis=-1)
    name = shortened(subject.image_set.class_names[answer], 92, LARGE, "bold")
    title = f"What speaks for {name}, pixel by pixel"
    sheet = Sheet(width, HEADING + 2 * LINE + size + 66, theme, title, subject.training)
    top, right = HEADING + 22, width - size - 8
    sheet.text(0, HEADING + 12, f"test image {subject.digit}")
    sheet.text(right, HEADING + 12, "gradient of its logit")
    sheet.image(0, top, subject.image, size)
    sheet.picture(right, top, scaled(gradient), theme.gradient, size)
    largest = f"{np.abs(gradient).max():.2f}"
    sheet.scale_of_image(0, top + size + 8, subject.image)
    sheet.scale(right, top + size + 8, theme.gradient, (f"−{largest}", "0", largest))
    note = "more light here: the logit rises (colour) or falls (grey)"
    sheet.text(0, top + size + 50, note, size=SMALL, colour=theme.quiet)
    return sheet


def confusion_counts(rows: Sequence[Row], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Return how often each class was taken for each: a row for each true class, a column for each answer."""
    actual, predicted = (
        np.array([class_names.index(row[column]) for row in rows]) for column in ("actual", "predicted")
    )
    return cnn.confusion_matrix(actual, predicted, len(class_names))


def draw_confusion(
    theme: Theme, width: int, subtitle: str, counts: NDArray[np.int64], class_names: Sequence[str]
) -> Sheet:
    """Draw how often each class was taken for each; colour shows the mistakes, right answers are grey."""
    longest = max(map(len, class_names))
    mistakes = counts * ~np.eye(len(counts), dtype=bool)
    shown = foremost(mistakes.sum(axis=0) + mistakes.sum(axis=1), CONFUSED)
    if len(shown) < len(counts):
        subtitle += f"; the {len(shown)} of {len(counts)} classes with the most mistakes"
    counts, mistakes = counts[np.ix_(shown, shown)], mistakes[np.ix_(shown, shown)]
    left, cell_height = (28, 28) if longest == 1 else (78, 26)
    top = HEADING + (40 if longest == 1 else 92)
    cell_width = (width - left) // len(counts)
    strengths = scaled(mistakes.astype(np.float64)) - 0.25 * np.eye(len(counts))
    sheet = Sheet(
        width, top + cell_height * len(counts) + 60, theme, "Which class is taken for which", subtitle
    )
    cells = strengths.repeat(cell_height * DENSITY, axis=0).repeat(cell_width * DENSITY, axis=1)
    cells[:: cell_height * DENSITY] = np.nan
    cells[:, :: cell_width * DENSITY] = np.nan
    sheet.picture(left, top, cells, theme.output)
    sheet.text(0, HEADING + 10, "true class ↓, taken for →", size=SMALL, colour=theme.quiet)
    for row, name in enumerate(class_names[index] for index in shown):
        middle = top + (row + 0.5) * cell_height
        sheet.text(left - 8, middle, name, align="right", vertical="center", room=left - 8)
        x = left + (row + 0.5) * cell_width
        sheet.text(x, top - 6, name, align="center", vertical="bottom", turned=longest > 1, room=72)
        for column, count in enumerate(counts[row]):
            cell = shade(strengths[row, column], theme.output, theme)
            colour = readable_on(cell) if strengths[row, column] else theme.quiet
            x = left + (column + 0.5) * cell_width
            text = str(count) if len(str(count)) * 6.4 <= cell_width else f"{count / 1000:.0f}k"
            sheet.text(x, middle, text, size=SMALL, colour=colour, align="center", vertical="center")
    y = top + cell_height * len(counts) + 14
    sheet.scale(left, y, theme.output, ("0", f"{mistakes.max():,}"))
    for line, text in enumerate(("mistakes in a cell;", "grey: right answers")):
        sheet.text(left + 160, y + 9 + LINE * line, text, size=SMALL, colour=theme.quiet)
    return sheet


def draw_confidence(
    theme: Theme, width: int, subtitle: str, probabilities: Array, right: NDArray[np.bool_], bins: int
) -> Sheet:
    """Draw how often the network was right, by how sure it was, and how many images that concerns."""
    sheet = Sheet(width, HEADING + 316, theme, "How sure, and how often right", subtitle)
    counts, hits, sure = by_confidence(probabilities, right, bins)
    left, room = 40, width - 52
    axes = sheet.axes(left, HEADING + 16, room, 130)
    axes.set_title("answers that were right, in %")
    axes.plot([0, 100], [0, 100], color=theme.quiet, linestyle=":", label="as sure as right")
    filled = counts > 0
    axes.plot(
        100 * sure[filled], 100 * hits[filled] / counts[filled],
        color=theme.output, marker="s", label="the network", clip_on=False,
    )  # fmt: skip
    axes.set_ylim(0, 108)
    axes.legend(loc="upper left")
    below = sheet.axes(left, HEADING + 202, room, 70)
    below.set_title("images, on a logarithmic scale")
    middles = 100 * (np.arange(bins) + 0.5) / bins
    drawn = below.bar(middles, counts, width=80 / bins, color=theme.output)
    numbers = [f"{count:,.0f}" if count else "" for count in counts]
    below.bar_label(drawn, numbers, padding=2, size=SMALL * 0.75)
    below.set_yscale("symlog")
    below.set_ylim(bottom=0)
    below.yaxis.set_visible(False)
    below.set_xlabel("probability of the answer, in %")
    below.spines["left"].set_visible(False)
    for one in (axes, below):
        one.set_xlim(0, 100)
    return sheet


def by_confidence(probabilities: Array, right: NDArray[np.bool_], bins: int) -> tuple[Array, Array, Array]:
    """Return, for equally wide bins of confidence, the answers, the right ones, and the mean probability.

    Example:
        >>> counts, hits, sure = by_confidence(np.array([0.5, 0.95, 1]), np.array([False, True, False]), 10)
        >>> counts.tolist()[-5:], hits.tolist()[-1], sure.tolist()[-1]
        ([1.0, 0.0, 0.0, 0.0, 2.0], 1.0, 0.975)
    """
    which = np.minimum((probabilities.astype(np.float64) * bins).astype(np.int64), bins - 1)
    counts, hits, total = (
        np.bincount(which, weights, minlength=bins).astype(np.float64)
        for weights in (np.ones(len(which)), right.astype(np.float64), probabilities.astype(np.float64))
    )
    return counts, hits, total / np.maximum(counts, 1)


def draw_hardest(theme: Theme, width: int, subtitle: str, rows: Sequence[Row], images: Bytes) -> Sheet:
    """Draw the hardest images of the test set with their class and the network's answer."""
    columns, size, pitch = 4, 70, 90
    height = size + 4 * LINE + 14
    lines_of_images = -(-len(rows) // columns)
    sheet = Sheet(width, HEADING + lines_of_images * height + 28, theme, "The hardest test images", subtitle)
    for index, row in enumerate(rows):
        x, y = pitch * (index % columns), HEADING + height * (index // columns)
        sheet.image(x, y, images[int(row["image"])], size)
        lines = (
            (f"is {row['actual']}", theme.ink),
            (f"said {row['predicted']}", theme.output),
            (f"with {float(row['probability_of_predicted']):.1%}", theme.output),
            (f"no. {row['image']}", theme.quiet),
        )
        for line, (text, colour) in enumerate(lines, start=1):
            room = min(pitch - 6, width - x)
            sheet.text(x, y + size + LINE * line, text, size=SMALL, colour=colour, room=room)
    sheet.scale_of_image(0, HEADING + lines_of_images * height, images[0])
    return sheet
