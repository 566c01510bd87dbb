"""Frames: boxes, circles and cells that are drawn around digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from pipeline.photograph.form import Grey, Mask
from pipeline.photograph.parts import Part, parts_of, rim_of

ENCLOSED = 0.35  # of a frame's length: the least length of what it was drawn around
TOUCHING = 0.2  # of the edge of what it was drawn around


def without_frames(parts: Sequence[Part], levels: Grey) -> list[Part]:
    """Remove boxes, circles and cells drawn around other parts, also those that touch what they enclose."""
    kept = []
    for part in parts:
        reach = max(3, round(0.08 * part.length))
        near = (
            cv2.dilate(part.outline.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        )
        inked_near = (
            cv2.dilate(part.mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
        )
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
