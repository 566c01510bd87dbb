"""The sheet of paper in a photograph: where it lies on a table, and how it looks from above."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.form import Grey, Mask

SEARCHED_SIDE = 256  # the sheet is searched in a small copy of the picture
WRITING = 15  # pixels of that copy; strokes narrower than half of it vanish in a median filter
STEP = 6  # grey levels between the thresholds tried
SMALLEST_SHEET, LARGEST_SHEET = 0.12, 0.97  # of the picture's area
STRAIGHTEST = 0.93  # area of a sheet, of that of its convex hull
WEAKEST_EDGE = 12.0  # grey levels between sheet and table
ACROSS = 4  # pixels on each side of an edge at which its levels are compared
INSET = 0.015  # of the sheet's sides, which are left out because its edge has a shadow

Corners = NDArray[np.float32]


@dataclass(frozen=True)
class Sheet:
    """A sheet in a picture.

    Attributes:
        corners: of the polygon that it fills, `[n, 2]` as x and y.
        whole: whether all of it is visible, with four corners.
        contrast: the grey levels by which its weakest edge differs from the table.
        area: its part of the picture.
    """

    corners: Corners
    whole: bool
    contrast: float
    area: float

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """Return which pixels of the picture lie on the sheet."""
        canvas = np.zeros(shape, np.uint8)
        cv2.fillConvexPoly(canvas, np.rint(self.corners).astype(np.int32), 1)
        return canvas.astype(bool)

    def from_above(self, grey: Grey) -> Grey:
        """Return the sheet as it looks from above."""
        top_left, top_right, bottom_right, bottom_left = corners = _in_order(self.corners)
        width = (np.hypot(*(top_right - top_left)) + np.hypot(*(bottom_right - bottom_left))) / 2
        height = (np.hypot(*(bottom_left - top_left)) + np.hypot(*(bottom_right - top_right))) / 2
        dx, dy = INSET * width, INSET * height
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - (dx, dy)
        view = cv2.getPerspectiveTransform(corners, flat.astype(np.float32))
        size = max(1, round(width - 2 * dx)), max(1, round(height - 2 * dy))
        return np.asarray(cv2.warpPerspective(grey, view, size, flags=cv2.INTER_LINEAR), np.float32)


def find_sheet(grey: Grey) -> Sheet | None:
    """Find what is most clearly a sheet, light or dark: an area with straight edges all round."""
    scale = SEARCHED_SIDE / max(grey.shape)
    if scale > 1:
        return None
    h, w = (max(1, round(scale * side)) for side in grey.shape)
    small = cv2.resize(grey, (w, h), interpolation=cv2.INTER_AREA).clip(0, 255).astype(np.uint8)
    blank = cv2.medianBlur(small, WRITING).astype(np.uint8)
    found: list[Sheet] = []
    for threshold in range(int(blank.min()) + STEP, int(blank.max()), STEP):
        light = (blank > threshold).astype(np.uint8)
        for area in (light, 1 - light):
            outlines, _ = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            for outline in outlines:
                if cv2.contourArea(outline) < SMALLEST_SHEET * h * w:
                    continue
                sheet = _sheet(outline, blank)
                if sheet is not None:
                    found.append(Sheet(sheet.corners / scale, sheet.whole, sheet.contrast, sheet.area))
    return max(found, key=lambda sheet: sheet.contrast * sheet.area**0.5, default=None)


def _sheet(outline: cv2.typing.MatLike, blank: NDArray[np.uint8]) -> Sheet | None:
    """Return the sheet with this outline, or None if it is none."""
    h, w = blank.shape
    hull = cv2.convexHull(outline)
    area = cv2.contourArea(hull)
    if cv2.contourArea(outline) < STRAIGHTEST * area or area > LARGEST_SHEET * h * w:
        return None
    corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)[:, 0].astype(np.float32)
    if not 4 <= len(corners) <= 6:
        return None
    sharp = _sharpened(corners, outline[:, 0].astype(np.float32))
    if sharp is None or not 0.95 < cv2.contourArea(sharp) / area < 1.08:
        return None
    corners = sharp
    edges = [(a, b) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    inner = [(a, b) for a, b in edges if not _along_border(a, b, h, w)]
    contrasts = [_edge_contrast(a, b, corners.mean(axis=0), blank) for a, b in inner]
    if not contrasts or min(map(abs, contrasts)) < WEAKEST_EDGE or len({c > 0 for c in contrasts}) > 1:
        return None
    whole = len(corners) == 4 and len(inner) == 4
    return Sheet(corners, whole, min(map(abs, contrasts)), area / (h * w))


def _sharpened(corners: Corners, outline: Corners) -> Corners | None:
    """Return where straight lines along the edges meet: the median filter has rounded the corners off."""
    lines = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (b - a) / max(np.hypot(*(b - a)), 1)
        distance = np.abs((outline - a) @ np.array([-along[1], along[0]]))
        place = (outline - a) @ along / max(np.hypot(*(b - a)), 1)
        points = outline[(distance < 6) & (place > 0.15) & (place < 0.85)]
        if len(points) < 5:
            return None
        dx, dy, x, y = cv2.fitLine(points, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append(np.array([dy, -dx, dy * x - dx * y]))  # dy · x − dx · y = constant
    met = []
    for first, second in zip(np.roll(lines, 1, axis=0), lines, strict=True):
        if abs(first[0] * second[1] - first[1] * second[0]) < 0.1:
            return None  # nearly parallel
        met.append(np.linalg.solve(np.array([first[:2], second[:2]]), np.array([first[2], second[2]])))
    return np.array(met, np.float32)


def _along_border(a: Corners, b: Corners, h: int, w: int) -> bool:
    near = 3
    return bool(
        max(a[0], b[0]) < near
        or max(a[1], b[1]) < near
        or min(a[0], b[0]) > w - 1 - near
        or min(a[1], b[1]) > h - 1 - near
    )


def _edge_contrast(a: Corners, b: Corners, middle: Corners, blank: NDArray[np.uint8]) -> float:
    """Return by how much the picture is lighter on the inner side of an edge; 0 where that varies."""
    normal = np.array([b[1] - a[1], a[0] - b[0]]) / max(np.hypot(*(b - a)), 1)
    if np.dot(normal, middle - a) < 0:
        normal = -normal
    points = a + np.linspace(0.1, 0.9, 20)[:, None] * (b - a)
    inside, outside = (_levels_at(points + sign * ACROSS * normal, blank) for sign in (1, -1))
    differences = inside - outside
    return float(np.median(differences)) if abs(np.sign(differences).sum()) >= 16 else 0.0


def _levels_at(points: Corners, blank: NDArray[np.uint8]) -> Grey:
    columns, rows = np.rint(points).astype(int).T
    h, w = blank.shape
    return np.asarray(blank[rows.clip(0, h - 1), columns.clip(0, w - 1)], np.float32)


def _in_order(corners: Corners) -> Corners:
    """Return four corners clockwise from the top left."""
    middle = corners.mean(axis=0)
    angles = np.arctan2(*(corners - middle).T[::-1])
    clockwise = corners[np.argsort(angles)]  # from the left, upwards: y grows downwards
    first = int(np.argmin(clockwise.sum(axis=1)))
    return np.roll(clockwise, -first, axis=0)
