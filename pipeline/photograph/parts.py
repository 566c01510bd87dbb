"""Parts: ink that hangs together, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.form import Grey, Mask

SMALLEST = 1 / 50  # of the picture's longer side
LARGEST_PARTS = 300
BLOB = 0.6  # twice the greatest depth of a part, of its length


class Boxed:
    """What has a box in the picture.

    Attributes:
        row: the first row.
        column: the first column.
        bottom: the row after the last.
        right: the column after the last.
    """

    row: int
    column: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """How many rows the box has."""
        return self.bottom - self.row

    @property
    def width(self) -> int:
        """How many columns the box has."""
        return self.right - self.column


@dataclass
class Part(Boxed):
    """Ink that hangs together.

    Attributes:
        row: its first row in the picture.
        column: its first column.
        mask: its pixels within the box that begins there, `[h, w]`.
        level: its mean contrast to the paper.
        sharpness: how much of that contrast lies between one pixel of its edge and the next.
        at_border: whether it touches the picture's border.
    """

    row: int
    column: int
    mask: Mask
    level: float
    sharpness: float
    at_border: bool

    def __post_init__(self) -> None:
        self.bottom = self.row + self.mask.shape[0]
        self.right = self.column + self.mask.shape[1]

    @property
    def length(self) -> int:
        """The longer side of its box."""
        return max(self.height, self.width)

    @property
    def weight(self) -> float:
        """How much it stands out: long sharp edges of strong ink weigh more than a large faint shadow."""
        return self.level**2 * self.sharpness * float(rim_of(self.mask).sum())

    @cached_property
    def thickness(self) -> float:
        """The width of its widest stroke."""
        padded = np.pad(self.mask, 1).astype(np.uint8)
        return 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())

    @property
    def is_blob(self) -> bool:
        """Whether it is a filled area instead of strokes: a hole, a finger."""
        return self.thickness > BLOB * self.length

    @cached_property
    def is_flat(self) -> bool:
        """Whether it is a line from left to right, as no digit is."""
        _, sides, _ = cv2.minAreaRect(self.hull)
        return self.width > 2 * self.height and max(sides) > 4 * min(sides)

    @cached_property
    def hull(self) -> cv2.typing.MatLike:
        """Its convex hull, as x and y within its box."""
        points = np.argwhere(self.mask)[:, ::-1].astype(np.int32)
        return cv2.convexHull(points)

    @cached_property
    def outline(self) -> Mask:
        """Which pixels of the box are near the part's convex hull's outline."""
        canvas = np.zeros(self.mask.shape, np.uint8)
        cv2.polylines(canvas, [self.hull], True, 1, 1)
        return canvas.astype(bool)


def rim_of(mask: Mask) -> Mask:
    """Return the outermost pixels of a mask."""
    pixels = np.pad(mask, 1).astype(np.uint8)
    return np.asarray((pixels - cv2.erode(pixels, np.ones((3, 3), np.uint8)))[1:-1, 1:-1] > 0)


def parts_of(ink: Mask, levels: Grey, reach: int = 0) -> list[Part]:
    """Divide the ink into parts that hang together, the largest first; specks are left out.

    Args:
        ink: which pixels hold ink, `[h, w]`.
        levels: their contrast to the paper, `[h, w]`.
        reach: half the width in pixels of gaps that do not divide a part, such as those of a dry pen.
    """
    h, w = ink.shape
    pixels = ink.astype(np.uint8)
    if reach > 0:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        labels = np.where(ink, cv2.connectedComponents(cv2.dilate(pixels, disc), connectivity=8)[1], 0)
        stats = _boxes(labels)
    else:
        labels, stats = map(np.asarray, cv2.connectedComponentsWithStats(pixels, connectivity=8)[1:3])
    found = []
    smallest = max(3, SMALLEST * max(h, w))
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:LARGEST_PARTS] + 1
    for label in order:
        x, y, width, height = (int(value) for value in stats[label, :4])
        if max(width, height) < smallest:
            continue
        box = np.s_[y : y + height, x : x + width]
        mask = labels[box] == label
        at_border = x == 0 or y == 0 or x + width == w or y + height == h
        level, rim = float(levels[box][mask].mean()), rim_of(mask)
        sharpness = float(np.median(_steepness(levels, y, x, height, width)[rim])) / level
        found.append(Part(y, x, mask, level, sharpness, at_border))
    return found


def _steepness(levels: Grey, row: int, column: int, height: int, width: int) -> Grey:
    """Return how much the levels change from pixel to pixel within a box, `[height, width]`."""
    top, left = max(row - 1, 0), max(column - 1, 0)
    around = levels[top : row + height + 1, left : column + width + 1]
    dx, dy = (cv2.Scharr(around, cv2.CV_32F, *axes) / 32 for axes in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(dx, dy)[row - top :, column - left :][:height, :width])


def _boxes(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the box and the area of each label, as OpenCV's statistics of components have them."""
    rows, columns = np.nonzero(labels)
    values = labels[rows, columns]
    count = int(labels.max()) + 1
    low = np.full((2, count), max(labels.shape), np.int32)
    high = np.full((2, count), -1, np.int32)
    for axis, places in enumerate((columns, rows)):
        np.minimum.at(low[axis], values, places)
        np.maximum.at(high[axis], values, places)
    area = np.bincount(values, minlength=count)
    size = high - low + 1
    return np.stack([low[0], low[1], size[0], size[1], area], axis=1).astype(np.int32)


def drawn(parts: Sequence[Part], shape: tuple[int, ...]) -> Mask:
    """Return the pixels of all parts in a picture of the given shape."""
    mask = np.zeros(shape, bool)
    for part in parts:
        mask[part.row : part.bottom, part.column : part.right] |= part.mask
    return mask
