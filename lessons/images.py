"""The page about images: an image as numbers, normalisation, and what is lost at a lower resolution."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

import cnn
from cnn.types import Shape
from lessons.kit.sheet import DENSITY, HEADING, LINE, NORMAL, SMALL, Sheet
from lessons.kit.shown import Shown
from lessons.kit.small_trainings import some
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy, times
from lessons.kit.themes import Theme, readable_on, shade
from pipeline.common.images import Bytes, ImageSet, Labelled
from pipeline.common.params import load_parameters

CROP = 10  # rows and columns of an image that are shown as numbers
RESOLUTIONS = 5  # that are shown, the images' own among them
ROWS = 5  # of images that are shown ever coarser


def from_network(subject: Subject) -> Shown:
    """Return the images, the constants of the normalisation, and what the network makes of coarse images."""
    tested = subject.counted
    shown = some(subject.test, ROWS, subject.digit).images
    return Shown(
        drawings={
            "digit-as-numbers": partial(draw_digit_as_numbers, subject=subject),
            "resolution": partial(draw_resolution, subtitle=subject.training, images=shown),
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
    return Shown(values={"size": times((side, side)), "smallest": times((smallest, smallest))})


def draw_digit_as_numbers(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw the image that is followed, and the numbers of the part of it that varies most."""
    image = subject.image
    grey = image.ndim == 2
    shown, crop_side = 140, min(CROP, *image.shape[:2])
    cell = width // crop_side, 22 if grey else 3 * LINE + 4
    row, column = busiest(image, crop_side)
    top = HEADING + shown + (34 if grey else 34 + LINE)
    title = f"Test image {subject.digit}, and some of its numbers"
    sheet = Sheet(width, top + crop_side * cell[1] + 4, theme, title, subject.training)
    size = sheet.image(0, HEADING, image, shown)
    sheet.box(
        column * size, HEADING + row * size, crop_side * size, crop_side * size, theme.ink, filled=False
    )
    numbers = "one number each" if grey else "3 numbers each"
    said = (f"{times(image.shape[:2])} pixels, {numbers}", f"class: {subject.actual}")
    for line, text in enumerate(said):
        sheet.text(shown + 14, HEADING + 12 + LINE * line, text, room=width - shown - 14)
    sheet.scale_of_image(shown + 14, HEADING + 60, image)
    last_row, last_column = row + crop_side - 1, column + crop_side - 1
    place = f"The square: rows {row} to {last_row}, columns {column} to {last_column}"
    sheet.text(0, HEADING + shown + 24, place)
    if not grey:
        sheet.text(0, top - 10, "red, green and blue of each pixel, from top to bottom", colour=theme.quiet)
    crop = image[row : row + crop_side, column : column + crop_side]
    colours = shade(crop / 255, theme.activation, theme) if grey else crop
    sheet.colours(0, top, colours.repeat(cell[1] * DENSITY, axis=0).repeat(cell[0] * DENSITY, axis=1))
    for i, j in np.ndindex(crop.shape[:2]):
        for number, byte in enumerate(np.atleast_1d(crop[i, j])):
            x, y = (j + 0.5) * cell[0], top + (i + 0.5) * cell[1]
            y += 0 if grey else (number - 1) * LINE
            sheet.text(
                x, y, str(byte), colour=readable_on(colours[i, j]), align="center", vertical="center",
                size=NORMAL if grey else SMALL,
            )  # fmt: skip
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
    """Draw images `[n, h, w]` or `[n, h, w, 3]` at falling resolution."""
    size, pitch = 56, 71
    height = len(images) * 64
    sheet = Sheet(width, HEADING + 18 + height + 30, theme, "The same images, ever coarser", subtitle)
    for column, block in enumerate(blocks_of(images.shape[1])):
        sheet.text(
            pitch * column + size / 2, HEADING + 10, times(blocks_along(images, block)), align="center"
        )
        for row, image in enumerate(coarse(images, block)):
            sheet.image(pitch * column, HEADING + 18 + 64 * row, image, size)
    sheet.scale_of_image(0, HEADING + 18 + height, images[0])
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
    return table(["your data set", "number"], rows, numbers=1)


def resolution(model: cnn.Sequential, image_set: ImageSet, tested: Labelled) -> str:
    """Return the accuracy of the trained network on ever coarser test images."""
    rows = []
    for block in blocks_of(tested.images.shape[1]):
        answers = model.predict(image_set.normalise(coarse(tested.images, block)))
        shape = blocks_along(tested.images, block)
        numbers = math.prod((*shape, *tested.images.shape[3:]))
        rows.append([times(shape), str(numbers), f"{(answers == tested.labels).mean():.1%}"])
    return table(["pixels", "numbers", "accuracy"], rows, numbers=2)
