"""The figures of images: as numbers, coarser, distorted, and where the network looks."""

from __future__ import annotations

import numpy as np

import cnn
from lessons.kit.sheet import DENSITY, HEADING, LINE, SMALL, WIDTH, Sheet
from lessons.kit.subject import Subject
from lessons.kit.themes import Theme, readable_on, shade
from pipeline.common.images import Bytes

CROP = 10  # rows and columns of an image that are shown as numbers
BLOCKS = (1, 2, 4, 7, 14)  # the sides of the squares that become one pixel: all that divide 28
PIXELS = ("pixel 0", "255")


def draw_digit_as_numbers(theme: Theme, subject: Subject) -> Sheet:
    """Draw an image, and the numbers of that part of it in which most happens."""
    image, size, cell = subject.image, 5, (WIDTH // CROP, 22)
    row, column = busiest(image)
    top = HEADING + 28 * size + 34
    title = f"Test image {subject.digit}, and some of its numbers"
    sheet = Sheet(top + CROP * cell[1] + 4, theme, title, subject.training)
    sheet.picture(0, HEADING, image / 255, theme.activation, 28 * size)
    sheet.box(column * size, HEADING + row * size, CROP * size, CROP * size, theme.ink, filled=False)
    for line, text in enumerate(
        (f"{image.shape[0]}×{image.shape[1]} pixels, one number each", f"class: {subject.actual}")
    ):
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
    """Return row and column at which the part of the image begins whose numbers vary most."""
    parts = np.lib.stride_tricks.sliding_window_view(image.astype(np.int64), (CROP, CROP))
    spread = CROP**2 * (parts**2).sum(axis=(2, 3)) - parts.sum(axis=(2, 3)) ** 2  # exact: whole numbers
    row, column = np.unravel_index(int(spread.argmax()), spread.shape)
    return int(row), int(column)


def coarse(images: Bytes, block: int) -> Bytes:
    """Return images `[n, h, w]` of which each block has its mean everywhere.

    Example:
        >>> coarse(np.array([[[0, 4], [4, 4]]], np.uint8), 2).tolist()
        [[[3, 3], [3, 3]]]
    """
    n, h, w = images.shape
    parts = images.reshape(n, h // block, block, w // block, block)
    means = (parts.sum(axis=(2, 4), dtype=np.int64) + block * block // 2) // (block * block)
    pictures: Bytes = means.astype(np.uint8).repeat(block, axis=1).repeat(block, axis=2)
    return pictures


def draw_resolution(theme: Theme, subject: Subject) -> Sheet:
    """Draw test images at falling resolution."""
    size, pitch, rows = 56, 71, min(5, len(subject.images) - subject.digit)
    sheet = Sheet(HEADING + 18 + rows * 64 + 30, theme, "The same images, ever coarser", subject.training)
    images = subject.images[subject.digit : subject.digit + rows]
    for column, block in enumerate(BLOCKS):
        side = 28 // block
        sheet.text(pitch * column + size / 2, HEADING + 10, f"{side}×{side}", align="center")
        for row, image in enumerate(coarse(images, block)):
            sheet.picture(pitch * column, HEADING + 18 + 64 * row, image / 255, theme.activation, size)
    sheet.scale(0, HEADING + 18 + rows * 64, theme.activation, PIXELS)
    return sheet


def draw_augmentation(theme: Theme, subject: Subject, augmentation: cnn.Augmentation, seed: int) -> Sheet:
    """Draw an image and distorted copies of it."""
    columns, rows, size, pitch = 4, 2, 79, 87
    draws = np.random.default_rng(seed).random((columns * rows, augmentation.numbers))
    x = subject.image[None, :, :, None].repeat(len(draws), axis=0).astype(np.float32)
    copies = augmentation(x, draws)[..., 0]
    copies[0] = subject.image
    kind = type(augmentation).__name__
    subtitle = f"{subject.dataset.title}: test image {subject.digit}"
    height = size + LINE + 10
    sheet = Sheet(HEADING + rows * height + 30, theme, f"An image and copies by {kind}", subtitle)
    for place, copy in enumerate(copies):
        x_place, y = pitch * (place % columns), HEADING + height * (place // columns)
        sheet.picture(x_place, y, copy / 255, theme.activation, size)
        name = f"copy {place}" if place else "as it is"
        sheet.text(x_place, y + size + 8, name, size=SMALL, colour=theme.quiet)
    sheet.scale(0, HEADING + rows * height, theme.activation, PIXELS)
    return sheet
