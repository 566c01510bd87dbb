"""Parts of the ink that hang together, and which of them are digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.form import Grey, Mask

SMALLEST = 1 / 50  # of the picture's longer side
LARGEST_PARTS = 300
BLOB = 0.6  # twice the greatest depth of a part, of its length
MOST_PARTS = 12  # of a digit that a dry pen wrote
ENCLOSED = 0.35  # of a frame's length: the least length of what it was drawn around
TOUCHING = 0.2  # of the edge of what it was drawn around
FAINT = 0.4  # of the strongest part's contrast
THIN = 0.25  # of the middle one's thickness
SMALL_TEXT = 0.4  # of the largest digit's height


@dataclass
class Part:
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

    @property
    def height(self) -> int:
        return self.mask.shape[0]

    @property
    def width(self) -> int:
        return self.mask.shape[1]

    @property
    def length(self) -> int:
        """The longer side of its box."""
        return max(self.mask.shape)

    @property
    def bottom(self) -> int:
        return self.row + self.height

    @property
    def right(self) -> int:
        return self.column + self.width

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
    def hull(self) -> cv2.typing.MatLike:
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
        _, labels = cv2.connectedComponents(cv2.dilate(pixels, disc), connectivity=8)
        labels[~ink] = 0
        stats = _boxes(labels)
    else:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(pixels, connectivity=8)
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
        dx, dy = (cv2.Scharr(levels[box], cv2.CV_32F, *axes)[rim] / 32 for axes in ((1, 0), (0, 1)))
        found.append(Part(y, x, mask, level, float(np.median(np.hypot(dx, dy))) / level, at_border))
    return found


def _boxes(labels: NDArray[np.int32]) -> NDArray[np.int32]:
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


def without_frames(parts: Sequence[Part], levels: Grey) -> list[Part]:
    """Remove boxes, circles and cells drawn around other parts, also those that touch what they enclose."""
    kept = []
    for part in parts:
        reach = max(3, round(0.08 * part.length))
        near = cv2.dilate(part.outline.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        inked_near = cv2.dilate(part.mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        coverage = inked_near[part.outline].mean()
        if coverage < 0.8:
            kept.append(part)
            continue
        inside = [
            other
            for other in parts
            if other is not part
            and other.length >= 0.25 * min(part.height, part.width)
            and _encloses(part, other)
        ]
        hugging = part.mask[near].sum() / part.mask.sum()
        if hugging > 0.8 and inside:
            continue
        if coverage < 0.97:
            kept.append(part)
            continue
        rest = part.mask & ~near
        enclosed = [
            other
            for other in parts_of(rest, levels[part.row : part.bottom, part.column : part.right])
            if other.length > ENCLOSED * part.length and _hardly_touches(other, part.mask & near)
        ]
        if enclosed:
            kept += [replace(p, row=p.row + part.row, column=p.column + part.column) for p in enclosed]
        else:
            kept.append(part)
    return kept


def _hardly_touches(part: Part, frame: Mask) -> bool:
    """Tell whether little of a part's edge touches its frame `[h, w]`, in whose box the part lies."""
    beside = cv2.dilate(frame.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rim = rim_of(part.mask)
    touching = beside[part.row : part.bottom, part.column : part.right] & rim
    return bool(touching.sum() < TOUCHING * rim.sum())


def _encloses(outer: Part, inner: Part) -> bool:
    """Tell whether the inner part lies within the outer one's convex hull."""
    corners = [
        (inner.column + dx * inner.width - outer.column, inner.row + dy * inner.height - outer.row)
        for dx in (0.1, 0.9)
        for dy in (0.1, 0.9)
    ]
    return all(cv2.pointPolygonTest(outer.hull, corner, False) > 0 for corner in corners)


@dataclass
class Group:
    """Parts that make one digit."""

    parts: list[Part]

    @property
    def row(self) -> int:
        return min(part.row for part in self.parts)

    @property
    def column(self) -> int:
        return min(part.column for part in self.parts)

    @property
    def bottom(self) -> int:
        return max(part.bottom for part in self.parts)

    @property
    def right(self) -> int:
        return max(part.right for part in self.parts)

    @property
    def height(self) -> int:
        return self.bottom - self.row

    @property
    def width(self) -> int:
        return self.right - self.column

    @property
    def weight(self) -> float:
        return sum(part.weight for part in self.parts)

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """Return its pixels in a picture of the given shape."""
        mask = np.zeros(shape, bool)
        for part in self.parts:
            mask[part.row : part.bottom, part.column : part.right] |= part.mask
        return mask


def _gap(a: Part | Group, b: Part | Group) -> float:
    """Return the distance between the boxes of two parts."""
    dx = max(a.column - b.right, b.column - a.right, 0)
    dy = max(a.row - b.bottom, b.row - a.bottom, 0)
    return float(np.hypot(dx, dy))


def _belong_together(a: Group, b: Group) -> bool:
    """Tell whether two groups are parts of one digit: a bar and its body, the halves of a dry stroke."""
    large, small = (a, b) if a.height * a.width >= b.height * b.width else (b, a)
    length = max(large.height, large.width)
    shared = min(a.right, b.right) - max(a.column, b.column)
    shared_rows = min(a.bottom, b.bottom) - max(a.row, b.row)
    overlap = shared > 0 and shared_rows > 0 and (
        shared * shared_rows > 0.3 * small.width * small.height
    )
    if overlap:
        return True
    if small.height > 0.4 * large.height and shared < 0.2 * small.width:
        return False  # side by side: two digits
    if small.height > 0.6 * large.height and small.width > 0.6 * large.width:
        return False  # one above the other: two digits
    return _gap(a, b) < 0.15 * length and max(small.height, small.width) < 0.8 * length


def grouped(parts: Sequence[Part]) -> list[Group]:
    """Put the parts together that make one digit."""
    groups = [Group([part]) for part in parts]
    merged = True
    while merged:
        merged = False
        for i, a in enumerate(groups):
            for b in groups[i + 1 :]:
                if _belong_together(a, b):
                    groups.remove(a)
                    groups.remove(b)
                    groups.append(Group(a.parts + b.parts))
                    merged = True
                    break
            if merged:
                break
    return groups


def _underlines(part: Part, other: Part) -> bool:
    """Tell whether a part is a flat line below the other part's middle."""
    if part is other or part.row + part.height / 2 < other.row + other.height / 2:
        return False
    _, sides, _ = cv2.minAreaRect(part.hull)
    return part.width > 2 * part.height and max(sides) > 4 * min(sides) and part.width > 0.5 * other.width


def digits_of(parts: Sequence[Part]) -> list[Group]:
    """Choose the groups that are digits, and leave out what is around them."""
    inside = [part for part in parts if not part.at_border and not part.is_blob]
    candidates = inside or [part for part in parts if not part.is_blob] or list(parts)
    if not candidates:
        return []
    main = max(candidates, key=lambda part: part.weight)
    thickness = np.median([part.thickness for part in candidates if part.weight > 0.2 * main.weight])
    candidates = [
        part
        for part in candidates
        if part.level > FAINT * main.level
        and part.thickness > THIN * thickness
        and not _underlines(part, main)
    ]
    groups = grouped(candidates)
    groups = [g for g in groups if g.width < 3.5 * g.height]  # flat: an underline
    if not groups:
        return []
    tallest = max(g.height for g in groups)
    return [g for g in groups if g.height > SMALL_TEXT * tallest]


def in_reading_order(groups: Sequence[Group]) -> list[Group]:
    """Sort digits line by line, from left to right."""
    lines: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.row + g.bottom):
        for line in lines:
            top, bottom = min(g.row for g in line), max(g.bottom for g in line)
            middle = (group.row + group.bottom) / 2
            if top < middle < bottom:
                line.append(group)
                break
        else:
            lines.append([group])
    return [group for line in lines for group in sorted(line, key=lambda g: g.column)]


def doubt_about(group: Group) -> str:
    """Say why a group may be no digit; nothing if its shape does not speak against it."""
    if any(part.at_border for part in group.parts):
        return "it is cut off by the edge of the picture"
    if any(part.is_blob and part.length > 0.5 * group.height for part in group.parts):
        return "it is a filled area, not strokes"
    if len(group.parts) > MOST_PARTS:
        return "it has more parts than a digit"
    return ""
