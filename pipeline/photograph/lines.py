"""Long straight thin lines: the ruling of paper, squares, margins, underlines and the sides of boxes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.form import Mask

Bytes = NDArray[np.uint8]
SHORTEST_LINE = 0.3  # of the picture's shorter side
THICKEST_LINE = 1 / 60  # of the picture's longer side
LONG_LINE = 0.6  # of the shorter side: longer than a digit's straight strokes
NEAR_BORDER = 0.06  # of the shorter side
LARGEST_GAP = 0.03  # within a line, of the picture's shorter side


def without_lines(ink: Mask) -> Mask:
    """Remove long straight thin lines, and repair the strokes that they cross.

    Args:
        ink: which pixels hold ink, `[h, w]`.

    Returns:
        The ink without the lines.
    """
    h, w = ink.shape
    thickest = max(2, round(THICKEST_LINE * max(h, w)))
    pixels = ink.astype(np.uint8)
    # Thick strokes and blobs hold many straight lines that nobody drew.
    square = np.ones((thickest, thickest), np.uint8)
    thick = cv2.dilate(cv2.erode(pixels, square), np.ones((thickest + 2, thickest + 2), np.uint8)) > 0
    thin = (ink & ~thick).astype(np.uint8)
    shortest = SHORTEST_LINE * min(h, w)
    segments = cv2.HoughLinesP(
        thin,
        1,
        np.pi / 360,
        threshold=round(0.6 * shortest),
        minLineLength=shortest,
        maxLineGap=LARGEST_GAP * min(h, w),
    )
    if segments is None:
        return ink
    cleaned = pixels.copy()
    for x1, y1, x2, y2 in segments.reshape(-1, 4)[:200]:
        if _is_ruling(np.array([x1, y1, x2, y2], float), h, w):
            _erase(cleaned, pixels, (int(x1), int(y1)), (int(x2), int(y2)), thickest)
    return cleaned.astype(bool)


def _is_ruling(segment: NDArray[np.float64], h: int, w: int) -> bool:
    """Tell whether a segment is longer than a digit's stroke, or reaches the border."""
    start, end = segment[:2], segment[2:]
    if np.hypot(*(end - start)) > LONG_LINE * min(h, w):
        return True
    near = NEAR_BORDER * min(h, w)
    return any(x < near or y < near or x > w - near or y > h - near for x, y in (start, end))


def _erase(cleaned: Bytes, ink: Bytes, start: tuple[int, int], end: tuple[int, int], thickest: int) -> None:
    """Erase one line from `cleaned`, where `ink` is not thicker than the line."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1])) + 1
    x, y = np.linspace(start[0], end[0], steps), np.linspace(start[1], end[1], steps)
    flat = abs(end[0] - start[0]) >= abs(end[1] - start[1])
    across = np.arange(-thickest - 2, thickest + 3)
    rows = np.rint(y[:, None] + (across if flat else 0 * across)).astype(int).clip(0, ink.shape[0] - 1)
    columns = np.rint(x[:, None] + (0 * across if flat else across)).astype(int).clip(0, ink.shape[1] - 1)
    profile = ink[rows, columns]  # one row for each step along the line, across it
    # The run of ink around the middle of each profile
    middle = thickest + 2
    before = np.cumprod(profile[:, middle::-1], axis=1).sum(axis=1)
    after = np.cumprod(profile[:, middle:], axis=1).sum(axis=1)
    run = np.maximum(before + after - 1, 0)
    inked = run > 0
    if not inked.any():
        return
    typical = np.median(run[inked])
    if typical > thickest:
        return
    line = run <= typical + 2  # where it is thicker, a stroke crosses
    band = np.abs(across) <= typical // 2 + 2
    r, c = rows[line][:, band], columns[line][:, band]
    cleaned[r, c] = 0
