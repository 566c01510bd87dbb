"""The page about images: a digit as numbers, normalisation, and what is lost at a lower resolution."""

from __future__ import annotations

from functools import partial

import numpy as np

import cnn
from lessons.kit.sheet import DENSITY, HEADING, LINE, PIXELS, WIDTH, Sheet
from lessons.kit.shown import Shown
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy
from lessons.kit.themes import Theme, readable_on, shade
from pipeline.common.images import Bytes, ImageSet, Labelled

CROP = 10  # rows and columns of an image that are shown as numbers
BLOCKS = (1, 2, 4, 7, 14)  # the sides of the squares that become one pixel: all that divide 28
ROWS = 5  # of images that are shown ever coarser


def from_network(subject: Subject) -> Shown:
    """Return the images, the constants of the normalisation, and what the network makes of coarse images."""
    tested = subject.counted
    shown = subject.test.images[subject.digit : subject.digit + ROWS]
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


def draw_digit_as_numbers(theme: Theme, subject: Subject) -> Sheet:
    """Draw the image that is followed, and the numbers of the part of it that varies most."""
    image = subject.image
    size, cell = 5, (WIDTH // CROP, 22)
    row, column = busiest(image)
    top = HEADING + 28 * size + 34
    title = f"Test image {subject.digit}, and some of its numbers"
    sheet = Sheet(top + CROP * cell[1] + 4, theme, title, subject.training)
    sheet.picture(0, HEADING, image / 255, theme.activation, 28 * size)
    sheet.box(column * size, HEADING + row * size, CROP * size, CROP * size, theme.ink, filled=False)
    said = (f"{image.shape[0]}×{image.shape[1]} pixels, one number each", f"class: {subject.actual}")
    for line, text in enumerate(said):
        sheet.text(28 * size + 14, HEADING + 12 + LINE * line, text)
    sheet.scale(28 * size + 14, HEADING + 60, theme.activation, PIXELS)
    sheet.text(
        0, top - 10, f"The square: rows {row} to {row + CROP - 1}, columns {column} to {column + CROP - 1}"
    )
    crop = image[row : row + CROP, column : column + CROP]
    cells = (crop / 255).repeat(cell[1] * DENSITY, axis=0).repeat(cell[0] * DENSITY, axis=1)
    sheet.picture(0, top, cells, theme.activation)
    for (i, j), byte in np.ndenumerate(crop):
        colour = readable_on(shade(np.array(byte / 255), theme.activation, theme))
        x, y = (j + 0.5) * cell[0], top + (i + 0.5) * cell[1]
        sheet.text(x, y, str(byte), colour=colour, align="center", vertical="center")
    return sheet


def busiest(image: Bytes) -> tuple[int, int]:
    """Return the row and the column of the crop with the greatest spread."""
    parts = np.lib.stride_tricks.sliding_window_view(image.astype(np.int64), (CROP, CROP))
    spread = CROP**2 * (parts**2).sum(axis=(2, 3)) - parts.sum(axis=(2, 3)) ** 2  # exact: whole numbers
    row, column = np.unravel_index(int(spread.argmax()), spread.shape)
    return int(row), int(column)


def draw_resolution(theme: Theme, subtitle: str, images: Bytes) -> Sheet:
    """Draw images `[n, 28, 28]` at falling resolution."""
    size, pitch = 56, 71
    height = len(images) * 64
    sheet = Sheet(HEADING + 18 + height + 30, theme, "The same images, ever coarser", subtitle)
    for column, block in enumerate(BLOCKS):
        side = 28 // block
        sheet.text(pitch * column + size / 2, HEADING + 10, f"{side}×{side}", align="center")
        for row, image in enumerate(coarse(images, block)):
            sheet.picture(pitch * column, HEADING + 18 + 64 * row, image / 255, theme.activation, size)
    sheet.scale(0, HEADING + 18 + height, theme.activation, PIXELS)
    return sheet


def coarse(images: Bytes, block: int) -> Bytes:
    """Return images `[n, h, w]` in which every pixel of a block has the block's mean.

    Example:
        >>> coarse(np.array([[[0, 4], [4, 4]]], np.uint8), 2).tolist()
        [[[3, 3], [3, 3]]]
    """
    n, h, w = images.shape
    parts = images.reshape(n, h // block, block, w // block, block)
    means = (parts.sum(axis=(2, 4), dtype=np.int64) + block * block // 2) // (block * block)
    pictures: Bytes = means.astype(np.uint8).repeat(block, axis=1).repeat(block, axis=2)
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
    for block in BLOCKS:
        answers = model.predict(image_set.normalise(coarse(tested.images, block)))
        side = 28 // block
        rows.append([f"{side}×{side}", str(side * side), f"{(answers == tested.labels).mean():.1%}"])
    return table(["pixels", "numbers", "accuracy"], rows, numbers=2)
