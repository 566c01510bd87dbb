"""The page about what the trained network sees: filters, an image's way, saliency, and mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

import cnn
from cnn.parallel import one_blas_thread
from cnn.summary import layer_summaries
from cnn.types import Array
from lessons.kit import results
from lessons.kit.sheet import (
    DENSITY,
    HEADING,
    LINE,
    NARROW,
    SMALL,
    WIDE,
    Sheet,
    plain_style,
    scaled,
)
from lessons.kit.shown import Shown
from lessons.kit.small_trainings import some
from lessons.kit.subject import (
    CLASSES,
    Subject,
    activations_to_probabilities,
    foremost,
    layers_to_probabilities,
)
from lessons.kit.tables import tidy, times
from lessons.kit.themes import LIGHT, Theme, readable_on, shade, told_from_zero
from lessons.params import load_all_parameters
from pipeline.common import paths
from pipeline.common.images import Bytes

ROW = 16  # CSS pixels from a class's number to the next
BARS = 42 * DENSITY  # the height of a picture of bars, in its own pixels
INK = 127  # a pixel that is brighter belongs to what is written
MAPS, PATCHES = 6, 10  # maps whose patches are shown, and patches of each, at most
SEARCHED = 500  # images in which they are looked for, at most
BATCH = 50  # images that go through the network at once
CONFUSED = 12  # classes whose counts have room beside each other
PAIRS = 6  # of classes that are taken for each other, at most

Row = Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """How the maps of a row stand side by side, in CSS pixels.

    Attributes:
        width: the figure's width.
        slots: how many maps have room in a row.
        size: the side of a map.
        gap: what lies between it and the next.
        panels: how many layers stand side by side, at most.
    """

    width: int
    slots: int
    size: int
    gap: int
    panels: int

    @property
    def large(self) -> int:
        """The side of the image itself."""
        return self.room(2)

    def room(self, maps: int) -> int:
        """The width of some maps."""
        return maps * (self.size + self.gap) - self.gap


PHONE = Layout(NARROW, slots=6, size=42, gap=17, panels=2)
DESK = Layout(WIDE, slots=12, size=56, gap=11, panels=4)


def from_network(subject: Subject) -> Shown:
    """Return what the page draws of the trained network and of its mistakes."""
    answers, title = subject.answers, subject.image_set.title
    predictions = results.rows(paths.PREDICTIONS)
    wrong = sum(row["actual"] != row["predicted"] for row in predictions)
    mistakes = f"{wrong:,} of {len(predictions):,} test images taken for another class"
    return Shown(
        drawings={
            "filters": partial(draw_filters, subject=subject),
            "patches": partial(draw_patches, found=find_patches(subject), subtitle=subject.training),
            "feature-maps": partial(draw_feature_maps, subject=subject),
            "saliency": partial(draw_saliency, subject=subject),
            "confusion": partial(
                draw_confusion,
                subtitle=f"{title}: {mistakes}",
                rows=predictions,
                class_names=subject.image_set.class_names,
                images=subject.test.images,
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
    """Draw the filters of the first convolution, each with its map of the image that is followed."""
    title, index = "Filters and their maps", subject.first_index(cnn.Conv2D)
    if index is None:
        return Sheet(width, HEADING, theme, title, f"{subject.training}: this recipe has no convolution")
    weight = subject.model.layers[index].params["weight"]
    h_f, w_f, c, n_f = weight.shape
    columns, pitch, small, large, gap = (8, 101, 30, 56, 5) if width == WIDE else (4, 86, 27, 42, 5)
    bottom = HEADING + 8 + -(-n_f // columns) * (large + 14)
    about = f"{n_f} filters of {h_f}×{w_f}, and their maps of test image {subject.digit}"
    sheet = Sheet(width, bottom + 60, theme, title, f"{subject.training}: {about}")
    filters, maps = np.moveaxis(weight, -1, 0), np.moveaxis(subject.inputs[index + 1][0], -1, 0)
    for number, (one, found) in enumerate(zip(scaled(filters), maps, strict=True)):
        x, y = pitch * (number % columns), HEADING + 8 + (large + 14) * (number // columns)
        if c == 3:
            sheet.image(x, y, np.rint(127.5 * (1 + one)).astype(np.uint8), small)
        else:
            sheet.picture(x, y, one[:, :, 0], theme.parameter, small)
        sheet.text(x, y + large - 1, str(number), size=SMALL, colour=theme.quiet)
        sheet.picture(x + small + gap, y, scaled(found), theme.activation, large)
    largest, right = f"{np.abs(filters).max():.2f}", width / 2 + 10
    sheet.text(0, bottom + 12, "filter" if c == 1 else f"filter: grey 0, full {largest}", size=SMALL)
    sheet.text(right, bottom + 12, "map: m is its largest", size=SMALL)
    if c == 1:
        sheet.scale(0, bottom + 20, theme.parameter, (f"−{largest}", "0", largest))
    sheet.scale(right, bottom + 20, theme.activation, ("−m", "0", "m"))
    return sheet


def draw_patches(theme: Theme, width: int, found: Patches | None, subtitle: str) -> Sheet:
    """Draw, for some maps of the last convolution, the parts of images that they answer most to."""
    title = "The strongest answers"
    if found is None:
        return Sheet(width, HEADING, theme, title, f"{subtitle}: this recipe has no convolution")
    size, pitch, left = (63, 71, 92) if width == WIDE else (49, 57, 58)
    shown = (width - left + pitch - size) // pitch
    bottom = HEADING + 8 + len(found.of_maps) * (size + 8)
    about = f"parts of {found.side}×{found.side} pixels, from {found.images:,} test images"
    sheet = Sheet(width, bottom + 36, theme, title, f"{subtitle}: {about}")
    for row, (number, patches) in enumerate(found.of_maps.items()):
        y = HEADING + 8 + row * (size + 8)
        sheet.text(0, y + size / 2, f"map {number}", vertical="center")
        for column, patch in enumerate(patches[:shown]):
            sheet.image(left + pitch * column, y, patch, size)
    sheet.scale_of_image(left, bottom + 4, patch)
    return sheet


@dataclass(frozen=True)
class Patches:
    """The parts of images that some maps answer most to.

    Attributes:
        side: the height and width of a part.
        images: how many images they were looked for in.
        of_maps: the parts, by the map's number; the one with the strongest answer first.
    """

    side: int
    images: int
    of_maps: Mapping[int, Sequence[Bytes]]


def find_patches(subject: Subject) -> Patches | None:
    """Find them for the liveliest maps of the last convolution, if there is one."""
    index = last_convolution(subject.model)
    if index is None:
        return None
    line = layer_summaries(subject.model.layers, subject.model.built_for())[index]
    side = max(line.receptive_field or (1, 1))
    images = some(subject.test, SEARCHED).images
    values, places = strongest(subject.model, subject.image_set.normalise(images), index)
    of_maps = {}
    for number in foremost(values.var(axis=0), MAPS):
        first = np.argsort(-values[:, number], kind="stable")[:PATCHES]
        of_maps[number] = [around(images[image], places[image, number], side) for image in first]
    return Patches(side, len(images), of_maps)


def last_convolution(model: cnn.Sequential) -> int | None:
    """Return the index of the model's last convolution."""
    found = [index for index, layer in enumerate(model.layers) if isinstance(layer, cnn.Conv2D)]
    return found[-1] if found else None


def strongest(model: cnn.Sequential, images: Array, index: int) -> tuple[Array, Array]:
    """Return each map's largest number in each image, and where in the image it is.

    Args:
        model: the network.
        images: the images, `[n, h, w, c]`.
        index: the layer that gives the maps.

    Returns:
        The numbers `[n, c]`, and the places `[n, c, 2]` as shares of the image's height and width.
    """
    values, places = [], []
    for start in range(0, len(images), BATCH):
        x = images[start : start + BATCH]
        with one_blas_thread():
            for layer in model.layers[: index + 1]:
                x, _ = layer.forward_pass(x)
        n, h, w, c = x.shape
        flat = x.reshape(n, h * w, c)
        row, column = np.divmod(flat.argmax(axis=1), w)
        values.append(flat.max(axis=1))
        places.append(np.stack([(row + 0.5) / h, (column + 0.5) / w], axis=-1))
    return np.concatenate(values), np.concatenate(places)


def around(image: Bytes, place: Array, side: int) -> Bytes:
    """Return the square of an image around a place, with zeros outside the image.

    Example:
        >>> around(np.arange(1, 10, dtype=np.uint8).reshape(3, 3), np.array([0.5, 1.0]), 3).tolist()
        [[3, 0, 0], [6, 0, 0], [9, 0, 0]]
    """
    padded = np.pad(image, ((side, side), (side, side), *[(0, 0)] * (image.ndim - 2)))
    row, column = np.floor(place * image.shape[:2] - side / 2 + 0.5).astype(int) + side
    part: Bytes = padded[row : row + side, column : column + side]
    return part


def readme_figure(subject: Subject) -> bytes:
    """Return the README's figure, as PNG."""
    with plain_style(LIGHT):
        return draw_feature_maps(LIGHT, WIDE, subject, card=True).png()


@dataclass(frozen=True)
class Step:
    """The output of one layer.

    Attributes:
        name: the layer's name.
        values: its output for this one image: `[h, w, c]` or `[n_out]`.
        weighs: whether the layer has weights, as opposed to one that works on another's output.
        changed: whether these are other numbers than those of the step before.
    """

    name: str
    values: Array
    weighs: bool = False
    changed: bool = True


def steps_through(model: cnn.Sequential, x: Array) -> list[Step]:
    """Follow an image, `[h, w, c]`, through the model, to the probabilities."""
    steps = []
    activations = activations_to_probabilities(model, x[None])
    for layer, (values,) in zip(layers_to_probabilities(model), activations, strict=True):
        changed = not np.array_equal(values.ravel(), x.ravel())
        steps.append(Step(layer.kind, values, "weight" in layer.params, changed))
        x = values
    return steps


def blocks_of(steps: Sequence[Step]) -> list[list[Step]]:
    """Put every layer with weights together with those behind it, as far as they change the numbers."""
    blocks: list[list[Step]] = [[]]
    for step in steps:
        if step.weighs:
            blocks.append([])
        if step.changed:
            blocks[-1].append(step)
    return [block for block in blocks if block]


def draw_feature_maps(theme: Theme, width: int, subject: Subject, card: bool = False) -> Sheet:
    """Draw the way of the chosen test image through the trained network: maps as pictures, rows as bars.

    A row holds a layer with weights and those that work on its output. A card brings its own background.
    """
    layout = PHONE if width == NARROW else DESK
    steps, accuracy = steps_through(subject.model, subject.x[0]), results.evaluation()["accuracy"]
    names, probabilities = subject.image_set.class_names, steps[-1].values
    rows = [
        block[start : start + layout.panels]
        for block in blocks_of(steps)
        for start in range(0, len(block), layout.panels)
    ]
    classes = foremost(probabilities, CLASSES)

    def is_answer(step: Step) -> bool:
        return any(step is one for one in rows[-1]) and step.values.shape == probabilities.shape

    def height(step: Step) -> int:
        if is_answer(step):
            return ROW * len(classes)
        return layout.size if step.values.ndim == 3 else BARS // DENSITY

    heights = [2 * LINE + 4 + max(map(height, row)) + 14 for row in rows]
    first = HEADING + 8 + layout.large + 16
    left_out = list(dict.fromkeys(step.name for step in steps if not step.changed))
    few = len(names) - len(classes)
    notes = [f"No number changes in {' and '.join(left_out)}."] if left_out else []
    notes += [f"Only the {len(classes)} most probable of {len(names)} classes are listed."] if few else []
    sheet = Sheet(
        width,
        first + sum(heights) + LINE * len(notes),
        theme,
        "From a picture to an answer",
        f"{subject.training}: {accuracy:.2%} of {len(subject.test.images):,} test images right",
        card=card,
    )
    _head(sheet, layout, subject, names[int(probabilities.argmax())])
    y: float = first
    for row, height_of_row in zip(rows, heights, strict=True):
        maps = layout.slots // len(row)
        room = layout.room(maps)
        for index, step in enumerate(row):
            x = index * (room + layout.gap)
            name = step.name if step.weighs or step is steps[0] else f"→ {step.name}"
            sheet.text(x, y + 12, name, weight="bold", room=room)
            sheet.text(x, y + 12 + LINE, times(step.values.shape), size=SMALL, colour=theme.quiet)
            top = y + 2 * LINE + 4
            if is_answer(step):
                _classes(sheet, x, top, room, step, names, classes)
            else:
                _pictures(sheet, x, top, step, layout, maps)
        y += height_of_row
    for line, note in enumerate(notes):
        sheet.text(0, y + 8 + LINE * line, note, size=SMALL, colour=theme.quiet)
    return sheet


def _head(sheet: Sheet, layout: Layout, subject: Subject, answer: str) -> None:
    """Draw the image, its class, the answer and what the colours mean."""
    theme, top, x = sheet.theme, HEADING + 8, layout.large + 18
    room = layout.width - x
    sheet.image(0, top, subject.image, layout.large)
    sheet.text(x, top + 12, f"test image {subject.digit}: {subject.actual}", room=room)
    sheet.text(x, top + 12 + LINE, f"answer: {answer}", colour=theme.output, weight="bold", room=room)
    sheet.scale(x, top + 40, theme.activation, ("−m", "0", "m"))
    sheet.text(x, top + 86, "m: the largest number of a map", size=SMALL, colour=theme.quiet, room=room)


def _pictures(sheet: Sheet, x: float, y: float, step: Step, layout: Layout, maps: int) -> None:
    """Draw the step's first numbers: maps side by side, or bars."""
    colour = sheet.theme.activation
    if step.values.ndim == 1:
        sheet.picture(x, y, bars(step.values, max(0, step.values.max()), layout.room(maps)), colour)
        return
    for index, one in enumerate(np.moveaxis(step.values, -1, 0)[:maps]):
        sheet.picture(x + index * (layout.size + layout.gap), y, scaled(one), colour, layout.size)


def bars(values: Array, top: float, room: int) -> Array:
    """Return a picture with a bar for each number, up (1) or down (−1) from the line of zero.

    Args:
        values: the numbers; of more than have room, the first.
        top: the number at the picture's upper edge; at its lower edge is the smallest number, or 0.
        room: the picture's width in CSS pixels, one for each bar at least.
    """
    pixels = BARS / ((top - min(0, values.min())) or 1)
    values = values[:room]
    zero = round(float(top * pixels))
    ends = zero - np.rint(values * pixels)
    rows = np.arange(BARS)[:, None]
    picture = np.select([(ends <= rows) & (rows < zero), (zero <= rows) & (rows < ends)], [1.0, -1.0], 0.0)
    width = room * DENSITY
    index, within = np.divmod(np.arange(width) * len(values), width)
    picture = picture[:, index]
    picture[:, within >= 0.75 * width] = 0  # keeps a bar apart from the next
    return picture


def _classes(
    sheet: Sheet, x: float, y: float, room: float, step: Step, names: Sequence[str], classes: Sequence[int]
) -> None:
    """Draw a number for each of these classes as a bar in a row of its own."""
    theme, values = sheet.theme, step.values
    labels = min(66, 10 * max(map(len, names)))
    numbers = 60
    low, high = min(0, values.min()), max(0, values.max())
    pixels = (room - labels - 8 - numbers) / ((high - low) or 1)
    zero = x + labels + 8 - low * pixels
    for row, index in enumerate(classes):
        middle, value = y + ROW * (row + 0.5), float(values[index])
        weight = "bold" if index == values.argmax() else "normal"
        sheet.text(
            x + labels, middle, names[index],
            align="right", vertical="center", weight=weight, room=labels,
        )  # fmt: skip
        start, end = sorted((zero, zero + value * pixels))
        sheet.box(start, middle - 5, end - start, 10, theme.output if value >= 0 else theme.negative)
        text = f"{value:.1%}" if step.name == "Softmax" else tidy(value, 1)
        sheet.text(x + room, middle, text, size=SMALL, align="right", vertical="center", weight=weight)


def saliency(model: cnn.Sequential, x: Array, units: Sequence[int]) -> Array:
    """Return the gradient of one of the model's outputs, for each of the images `[n, h, w, c]` its own."""
    with one_blas_thread():
        y, caches = model.forward_pass(x)
        dy = np.zeros_like(y)
        dy[np.arange(len(dy)), units] = 1
        dx, _ = model.backward_pass(dy, caches)
    return dx


def draw_saliency(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw images and what more brightness at each pixel would do to the logit of the answer.

    More light means more of each channel: the gradients of a pixel's channels are added up.
    """
    columns, size, pitch = (5, 140, 165) if width == WIDE else (3, 98, 121)
    images = some(subject.test, columns, subject.digit).images
    x = subject.image_set.normalise(images)
    answers = subject.model.activations(x)[-1].argmax(axis=1).tolist()
    gradients = saliency(subject.model, x, answers).sum(axis=-1)
    top = HEADING + 8
    below = top + size + 30
    sheet = Sheet(width, below + size + 76, theme, "A gradient for each pixel", subject.training)
    for column, (image, gradient, answer) in enumerate(zip(images, gradients, answers, strict=True)):
        left = pitch * column
        pixel = sheet.image(left, top, image, size)
        name = f"answer: {subject.image_set.class_names[answer]}"
        sheet.text(left, top + size + 19, name, colour=theme.output, room=size)
        sheet.picture(left, below, scaled(gradient), theme.gradient, size)
        if image.ndim == 2:
            sheet.outline(left, below, image > INK, pixel)
    y = below + size + 12
    sheet.scale(0, y, theme.gradient, ("−m", "0", "m"))
    sheet.scale_of_image(width / 2 + 10, y, images[0])
    note = "m: the largest gradient of an image"
    sheet.text(0, y + 48, note, size=SMALL, colour=theme.quiet)
    return sheet


def confusion_counts(rows: Sequence[Row], class_names: Sequence[str]) -> NDArray[np.int64]:
    """Return how often each class was taken for each: a row for each true class, a column for each answer."""
    actual, predicted = (
        np.array([class_names.index(row[column]) for row in rows]) for column in ("actual", "predicted")
    )
    return cnn.confusion_matrix(actual, predicted, len(class_names))


def draw_confusion(
    theme: Theme, width: int, subtitle: str, rows: Sequence[Row], class_names: Sequence[str], images: Bytes
) -> Sheet:
    """Draw how often each class was taken for each, and an image of each of the most frequent mistakes."""
    counts = confusion_counts(rows, class_names)
    right = np.eye(len(counts), dtype=bool)
    mistakes = counts * ~right
    shown = foremost(mistakes.sum(axis=0) + mistakes.sum(axis=1), CONFUSED)
    if len(shown) < len(counts):
        subtitle += f"; the {len(shown)} of {len(counts)} classes with the most mistakes"
    shares = 100 * counts.diagonal() / np.maximum(counts.sum(axis=1), 1)

    wide, short = width == WIDE, max(map(len, class_names)) == 1
    left = 24 if short else 78
    top = HEADING + (54 if short else 110)
    side = ((500 if wide else width) - left) // len(shown)
    side = min(side, 60)
    matrix = side * len(shown)
    pairs = np.argsort(-mistakes, axis=None, kind="stable")[: PAIRS if wide else PAIRS - 1]
    pairs = pairs[mistakes.ravel()[pairs] > 0]
    size, pitch = (70, 88) if wide else (56, 66)
    list_left, list_top = (left + matrix + 48, HEADING + 30) if wide else (0, top + matrix + 90)
    bottom = max(top + matrix + 56, list_top + pitch * len(pairs))
    sheet = Sheet(width, bottom, theme, "Which class is taken for which", subtitle)

    sheet.text(0, HEADING + 14, "true class ↓, answer →", size=SMALL, colour=theme.quiet)
    strengths = told_from_zero(scaled(mistakes[np.ix_(shown, shown)].astype(np.float64)))
    cells = strengths.repeat(side * DENSITY, axis=0).repeat(side * DENSITY, axis=1)
    cells[:: side * DENSITY] = np.nan
    cells[:, :: side * DENSITY] = np.nan
    sheet.picture(left, top, cells, theme.output)
    for row, name in enumerate(class_names[index] for index in shown):
        middle = (row + 0.5) * side
        sheet.text(left - 8, top + middle, name, align="right", vertical="center", room=left - 8)
        sheet.text(left + middle, top - 6, name, align="center", vertical="bottom", turned=not short, room=72)
        for column, strength in enumerate(strengths[row]):
            count = mistakes[shown[row], shown[column]]
            text = f"{shares[shown[row]]:.3g}" if row == column else _short(count, side) if count else ""
            colour = readable_on(shade(strength, theme.output, theme)) if count else theme.quiet
            x = left + (column + 0.5) * side
            sheet.text(x, top + middle, text, size=SMALL, colour=colour, align="center", vertical="center")
    y = top + matrix + 14
    sheet.scale(left, y, theme.output, ("0 mistakes", f"{mistakes.max():,}"))
    for line, text in enumerate(("diagonal:", "right, in %")):
        sheet.text(left + 166, y + 9 + LINE * line, text, size=SMALL, colour=theme.quiet)

    if len(pairs):
        sheet.text(list_left, list_top - 14, "The most frequent mistakes", weight="bold")
    for line, index in enumerate(pairs):
        actual, answer = (class_names[int(of)] for of in np.unravel_index(index, counts.shape))
        y = list_top + pitch * line
        example = next(
            number for number, row in enumerate(rows) if (row["actual"], row["predicted"]) == (actual, answer)
        )
        sheet.image(list_left, y, images[example], size)
        x = list_left + size + 14
        count = int(mistakes.flat[index])
        sheet.text(x, y + size / 2 - 4, f"{actual} taken for {answer}", room=width - x)
        often = "once" if count == 1 else f"{count:,} times"
        sheet.text(x, y + size / 2 - 4 + LINE, often, size=SMALL, colour=theme.quiet)
    return sheet


def _short(count: int, room: float) -> str:
    """Return a number of images, in thousands if it has no room."""
    text = str(count)
    return text if 9 * len(text) <= room else f"{count / 1000:.0f}k"


def draw_confidence(
    theme: Theme, width: int, subtitle: str, probabilities: Array, right: NDArray[np.bool_], bins: int
) -> Sheet:
    """Draw how often the network was right, by how sure it was, and how many images that concerns."""
    wide = width == WIDE
    left, room, height, top = (58, 336, 290, HEADING + 34) if wide else (58, 276, 240, HEADING + 34)
    second, below = (width - room - 4, top) if wide else (4, top + height + 86)
    title = "How sure, and how often right"
    sheet = Sheet(width, below + (height if wide else 150) + 50, theme, title, subtitle)
    counts, hits, sure = by_confidence(probabilities, right, bins)
    axes = sheet.axes(left, top, room, height)
    axes.set_ylabel("right answers, in %")
    axes.plot([0, 100], [0, 100], color=theme.quiet, linestyle=":", label="as sure as right")
    filled = counts > 0
    low, high = (100 * end for end in by_chance(hits[filled], counts[filled]))
    axes.vlines(100 * sure[filled], low, high, color=theme.output, alpha=0.45, label="95% range")
    axes.plot(
        100 * sure[filled], 100 * hits[filled] / counts[filled],
        color=theme.output, marker="s", markersize=5, linestyle="", clip_on=False,
    )  # fmt: skip
    axes.set_ylim(0, 104)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, handlelength=1.5, columnspacing=1)
    histogram = sheet.axes(second, below, width - second - 4, height if wide else 150)
    histogram.set_title("images, on a logarithmic scale")
    middles = 100 * (np.arange(bins) + 0.5) / bins
    drawn = histogram.bar(middles, counts, width=80 / bins, color=theme.output)
    numbers = [f"{count:,.0f}" if count else "" for count in counts]
    histogram.bar_label(drawn, numbers, padding=2, size=SMALL * 0.75)
    histogram.set_yscale("symlog")
    histogram.set_ylim(0, 4 * counts.max())
    histogram.yaxis.set_visible(False)
    histogram.spines["left"].set_visible(False)
    for one in (axes, histogram):
        one.set_xlim(0, 104)
        one.set_xlabel("probability of the answer, in %")
    return sheet


def by_chance(hits: Array, counts: Array) -> tuple[Array, Array]:
    """Return between which shares the true one lies in 95% of cases: Wilson's interval.

    Example:
        >>> low, high = by_chance(np.array([3.0, 900.0]), np.array([3.0, 1000.0]))
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.44, 0.88], [1.0, 0.92])
    """
    squared = 1.96**2
    middle = (hits + squared / 2) / (counts + squared)
    spread = np.sqrt(squared * (hits * (counts - hits) / counts + squared / 4)) / (counts + squared)
    return middle - spread, middle + spread


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
    columns, size, pitch = (7, 98, 116) if width == WIDE else (4, 70, 90)
    height = size + 3 * LINE + 18
    bottom = HEADING + 8 + -(-len(rows) // columns) * height
    sheet = Sheet(width, bottom + 34, theme, "The hardest test images", subtitle)
    for index, row in enumerate(rows):
        x, y = pitch * (index % columns), HEADING + 8 + height * (index // columns)
        sheet.image(x, y, images[int(row["image"])], size)
        lines = (
            (f"is {row['actual']}", theme.ink),
            (f"says {row['predicted']}", theme.output),
            (f"{float(row['probability_of_predicted']):.1%}", theme.output),
        )
        for line, (text, colour) in enumerate(lines, start=1):
            room = min(pitch - 6, width - x)
            sheet.text(x, y + size + LINE * line, text, size=SMALL, colour=colour, room=room)
    sheet.scale_of_image(0, bottom, images[0])
    return sheet
