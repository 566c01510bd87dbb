"""The page about images: an image as numbers, normalisation, and what is lost at a lower resolution."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

import cnn
from cnn.types import Shape
from lessons.kit.sheet import DENSITY, HEADING, LINE, SMALL, WIDE, Sheet, scaled
from lessons.kit.shown import Shown
from lessons.kit.small_trainings import some
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy, times
from lessons.kit.themes import Theme, readable_on, shade
from pipeline.common.images import Bytes, ImageSet, Labelled
from pipeline.common.params import load_parameters

CROP, COLOURED_CROP = 10, 6  # rows and columns of an image that are shown as numbers
RESOLUTIONS = 5  # that are shown, the images' own among them
SHOWN = 8  # images that are shown ever coarser, at most
CHANNELS = ("red", "green", "blue")
COLOUR = np.array(  # the colour picture of the page's example
    [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[0, 0, 0], [255, 255, 255], [255, 255, 0]]], np.uint8
)
YELLOW = 1, 2  # the row and the column of its yellow pixel
SAMPLES = 3  # of this picture in a tensor


def from_network(subject: Subject) -> Shown:
    """Return the images, the constants of the normalisation, and what the network makes of coarse images."""
    tested = subject.counted
    shown = some(subject.test, SHOWN, subject.digit).images
    return Shown(
        drawings={
            "digit-as-numbers": partial(draw_digit_as_numbers, subject=subject),
            "normalised": partial(draw_normalised, subject=subject),
            "resolution": partial(
                draw_resolution,
                subtitle=f"{subject.image_set.title}, from test image {subject.digit} on",
                images=shown,
            ),
        },
        values={
            "normalisation": normalisation(subject.image_set),
            "resolution": resolution(subject.model, subject.image_set, tested),
            "tested": f"{len(tested.labels):,}",
        },
    )


def from_repository() -> Shown:
    """Return the size of the images, and what it becomes on the way to the coarsest ones."""
    side, *_ = load_parameters().data.input_shape
    smallest = -(-side // blocks_of(side)[-1])
    return Shown(
        drawings={"channels": draw_channels, "axes": draw_axes},
        values={"size": times((side, side)), "smallest": times((smallest, smallest))},
    )


def draw_digit_as_numbers(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw the image that is followed, and the numbers of the part of it that varies most."""
    image, wide = subject.image, width == WIDE
    grey = image.ndim == 2
    shown, gap = (336, 64) if wide else (168, 36)
    crop_side = min(CROP if grey else COLOURED_CROP, *image.shape[:2])
    cell = (width - shown - gap if wide else width) // crop_side
    grid = cell * crop_side
    top = HEADING + 8
    left, grid_top = (width - grid - 1, top) if wide else (0, top + shown + gap)
    title = f"Each pixel is {'a number' if grey else 'three numbers'}"
    subtitle = f"{subject.image_set.title}, test image {subject.digit}: {times(image.shape[:2])} pixels"
    sheet = Sheet(width, grid_top + max(grid, shown + 56 if wide else 0) + 2, theme, title, subtitle)

    pixel = sheet.image(0, top, image, shown)
    row, column = busiest(image, crop_side)
    x, y, side = column * pixel, top + row * pixel, crop_side * pixel
    sheet.box(x, y, side, side, theme.ink, filled=False)
    corners = ((side, 0), (side, side)) if wide else ((0, side), (side, side))
    ends = ((0, 0), (0, grid)) if wide else ((0, 0), (grid, 0))
    for corner, end in zip(corners, ends, strict=True):
        sheet.line([(x + corner[0], y + corner[1]), (left + end[0], grid_top + end[1])])
    crop = image[row : row + crop_side, column : column + crop_side]
    _bytes(sheet, left, grid_top, shade(crop / 255, theme.activation, theme) if grey else crop, crop, cell)
    sheet.box(left, grid_top, grid, grid, theme.ink, filled=False)

    x, y = (0, top + shown + 12) if wide else (shown + 16, top + 8)
    sheet.scale_of_image(x, y, image)
    lines = () if grey else ("in a cell, from the top:", "red, green, blue")
    for line, text in enumerate(lines):
        sheet.text(x, y + 8 + LINE * line, text, size=SMALL, colour=theme.quiet)
    return sheet


def _bytes(sheet: Sheet, x: float, y: float, colours: Bytes, numbers: Bytes, side: int) -> None:
    """Write bytes, `[h, w]` or one below the other `[h, w, c]`, into cells of these colours."""
    sheet.colours(x, y, colours.repeat(side * DENSITY, axis=0).repeat(side * DENSITY, axis=1))
    for row, column in np.ndindex(numbers.shape[:2]):
        of_cell = np.atleast_1d(numbers[row, column])
        for line, number in enumerate(of_cell.tolist()):
            sheet.text(
                x + (column + 0.5) * side, y + (row + 0.5) * side + LINE * (line - (len(of_cell) - 1) / 2),
                str(number), size=SMALL, colour=readable_on(colours[row, column]),
                align="center", vertical="center",
            )  # fmt: skip


def draw_channels(theme: Theme, width: int) -> Sheet:
    """Draw a colour picture, and its three channels as numbers."""
    wide = width == WIDE
    side, gap = (52, 24) if wide else (34, 17)
    large = 64 if wide else 52
    h, w, _ = COLOUR.shape
    top = HEADING + 8 + (0 if wide else h * large + 30)
    first = width - 3 * w * side - 2 * gap - 1
    subtitle = "The yellow pixel is 255 red, 255 green and 0 blue."
    sheet = Sheet(width, top + h * side + 26, theme, "Three numbers for a pixel", subtitle)

    def grid(x: float, y: float, colours: Bytes, numbers: Bytes, side: int) -> None:
        _bytes(sheet, x, y, colours, numbers, side)
        sheet.box(x, y, w * side, h * side, theme.quiet, filled=False)
        row, column = YELLOW
        for inset, colour in ((1, "#000000"), (2.5, "#ffffff")):  # seen on every colour
            sheet.box(
                x + column * side + inset, y + row * side + inset, side - 2 * inset, side - 2 * inset, colour,
                filled=False,
            )  # fmt: skip

    x, y = (0, top + (h * side - h * large) / 2) if wide else ((width - w * large) / 2, HEADING + 8)
    grid(x, y, COLOUR, np.empty((h, w, 0), np.uint8), large)
    if wide:
        sheet.line([(w * large + 12, top + h * side / 2), (first - 12, top + h * side / 2)], arrow=True)
    for channel, name in enumerate(CHANNELS):
        x = first + channel * (w * side + gap)
        grid(x, top, _light(channel), COLOUR[:, :, channel], side)
        sheet.text(x + w * side / 2, top + h * side + 18, name, align="center")
    return sheet


def _light(channel: int) -> Bytes:
    """Return the light of one channel of the colour picture."""
    light = np.zeros_like(COLOUR)
    light[:, :, channel] = COLOUR[:, :, channel]
    return light


def draw_axes(theme: Theme, width: int) -> Sheet:
    """Draw three colour pictures as a tensor, and which axis is which."""
    wide = width == WIDE
    side, behind, pitch, left = (46, 20, 262, 70) if wide else (23, 11, 94, 58)
    h, w, c = COLOUR.shape
    depth = behind * (c - 1)
    top = HEADING + 12 + depth
    bottom = top + h * side
    title, subtitle = "Four axes: [n, h, w, c]", "Three pictures of three channels each."
    sheet = Sheet(width, bottom + 76, theme, title, subtitle)
    for sample in range(SAMPLES):
        for channel in reversed(range(c)):
            x, y = left + pitch * sample + behind * channel, top - behind * channel
            light = _light(channel).repeat(side * DENSITY, axis=0).repeat(side * DENSITY, axis=1)
            sheet.colours(x, y, light)
            seen = [(x, y + behind), (x, y), (x + w * side, y), (x + w * side, y + h * side)]
            if channel:
                sheet.line([*seen, (x + w * side - behind, y + h * side)])
        sheet.box(x, y, w * side, h * side, theme.quiet, filled=False)
    sheet.line([(left - 8, top), (left - 8, bottom)], theme.ink, arrow=True)
    sheet.text(left - 14, (top + bottom) / 2, f"h = {h}", align="right", vertical="center")
    sheet.line([(left, bottom + 8), (left + w * side, bottom + 8)], theme.ink, arrow=True)
    sheet.text(left + w * side / 2, bottom + 26, f"w = {w}", align="center")
    sheet.line([(left - 8, top - 6), (left - 8 + depth, top - 6 - depth)], theme.ink, arrow=True)
    sheet.text(left - 6 + depth / 2 - 10, top - 10 - depth / 2, f"c = {c}", align="right", vertical="bottom")
    end = left + pitch * (SAMPLES - 1) + w * side
    sheet.line([(left, bottom + 44), (end, bottom + 44)], theme.ink, arrow=True)
    sheet.text((left + end) / 2, bottom + 62, f"n = {SAMPLES}", align="center")
    return sheet


def draw_normalised(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw the image that is followed as bytes, and as the network takes it."""
    shown = 308 if width == WIDE else 140
    top, right = HEADING + 8, width - shown
    title = "The same picture, other numbers"
    sheet = Sheet(
        width, top + shown + 46, theme, title, f"{subject.image_set.title}, test image {subject.digit}"
    )
    sheet.image(0, top, subject.image, shown)
    if subject.image.ndim == 2:
        sheet.scale(0, top + shown + 12, theme.activation, ("0", "255"), shown)
    x = subject.x[0].mean(axis=-1)
    sheet.picture(right, top, scaled(x), theme.activation, shown)
    largest = tidy(np.abs(x).max())
    sheet.scale(right, top + shown + 12, theme.activation, (f"−{largest}", "0", largest), shown)
    middle = top + shown / 2
    sheet.line([(shown + 10, middle), (right - 10, middle)], theme.ink, arrow=True)
    sheet.text(width / 2, middle - 10, "(u−m)/s", size=SMALL, align="center")
    return sheet


def busiest(image: Bytes, side: int) -> tuple[int, int]:
    """Return the row and the column of the crop with the greatest spread."""
    channels = np.atleast_3d(image).astype(np.int64)
    spread = side**2 * _sums(channels**2, side) - _sums(channels, side) ** 2  # exact: whole numbers
    row, column = np.unravel_index(int(spread.sum(axis=-1).argmax()), spread.shape[:2])
    return int(row), int(column)


def _sums(numbers: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """Return the sum over each square of a picture `[h, w, c]`: differences of sums from the top left."""
    sums = np.pad(numbers.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
    found: NDArray[np.int64]
    found = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return found


def draw_resolution(theme: Theme, width: int, subtitle: str, images: Bytes) -> Sheet:
    """Draw images `[n, h, w]` or `[n, h, w, 3]` at falling resolution, a row for each."""
    size, pitch, left = (84, 91, 74) if width == WIDE else (56, 69, 66)
    blocks = blocks_of(images.shape[1])
    bottom = HEADING + 8 + len(blocks) * (size + 8)
    sheet = Sheet(width, bottom + 36, theme, "The same images, coarser and coarser", subtitle)
    shown = images[: (width - left + pitch - size) // pitch]
    for row, block in enumerate(blocks):
        y = HEADING + 8 + row * (size + 8)
        sheet.text(0, y + size / 2, times(blocks_along(images, block)), size=SMALL, vertical="center")
        for column, image in enumerate(coarse(shown, block)):
            sheet.image(left + pitch * column, y, image, size)
    sheet.scale_of_image(left, bottom + 4, images[0])
    return sheet


def blocks_of(side: int) -> list[int]:
    """Return the sides of the squares that become one pixel: divisors of the image's side, if it has enough.

    Example:
        >>> blocks_of(28), blocks_of(60), blocks_of(31)
        ([1, 2, 4, 7, 14], [1, 3, 6, 15, 30], [1, 2, 4, 8, 16])
    """
    found = [block for block in range(1, side) if side % block == 0]
    if len(found) < 3:
        found = [block for block in (1, 2, 4, 8, 16, 32, 64, 128, 256) if block < side]
    chosen = np.linspace(0, len(found) - 1, min(RESOLUTIONS, len(found)))
    return [found[int(index)] for index in np.rint(chosen)]


def blocks_along(images: Bytes, block: int) -> Shape:
    """Return how many blocks high and wide images are."""
    return tuple(-(-length // block) for length in images.shape[1:3])


def coarse(images: Bytes, block: int) -> Bytes:
    """Return images `[n, h, w]` or `[n, h, w, 3]` in which every pixel of a block has the block's mean.

    At the lower and the right edge, the blocks are what is left.

    Example:
        >>> coarse(np.array([[[0, 4, 7], [4, 4, 9]]], np.uint8), 2).tolist()
        [[[3, 3, 8], [3, 3, 8]]]
    """
    heights, widths = (np.diff([*range(0, length, block), length]) for length in images.shape[1:3])
    rows, columns = (np.arange(0, length, block) for length in images.shape[1:3])
    sums = np.add.reduceat(np.add.reduceat(images, rows, axis=1, dtype=np.uint32), columns, axis=2)
    counts = np.outer(heights, widths).astype(np.uint32).reshape(*sums.shape[1:3], *[1] * (images.ndim - 3))
    means = (sums + counts // 2) // counts
    pictures: Bytes = means.astype(np.uint8).repeat(heights, axis=1).repeat(widths, axis=2)
    return pictures


def normalisation(image_set: ImageSet) -> str:
    """Return the constants, and what black and white become."""
    black, white = image_set.normalise(np.array([[[0, 255]]], np.uint8)).ravel().tolist()
    rows = [
        ["mean of the training images' pixels", f"{image_set.mean:.3f}"],
        ["their standard deviation", f"{image_set.standard_deviation:.3f}"],
        ["a pixel of 0 becomes", tidy(black, 3)],
        ["a pixel of 255 becomes", tidy(white, 3)],
    ]
    return table(["the data set", "number"], rows, numbers=1)


def resolution(model: cnn.Sequential, image_set: ImageSet, tested: Labelled) -> str:
    """Return the accuracy of the trained network on ever coarser test images."""
    rows = []
    for block in blocks_of(tested.images.shape[1]):
        answers = model.predict(image_set.normalise(coarse(tested.images, block)))
        shape = blocks_along(tested.images, block)
        numbers = math.prod((*shape, *tested.images.shape[3:]))
        rows.append([times(shape), str(numbers), f"{(answers == tested.labels).mean():.1%}"])
    return table(["pixels", "numbers", "accuracy"], rows, numbers=2)
