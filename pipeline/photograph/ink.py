"""Ink: how much darker (or lighter) than its paper each pixel is, whatever light falls on it."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.photograph.files import rim
from pipeline.photograph.form import Grey, Mask

WIDEST_STROKE = 0.2  # of the picture's longer side
FAINTEST_INK = 12.0  # grey levels between paper and ink
SOFT_EDGE = 0.3  # of the strongest ink nearby
NEARBY = 8  # part of the picture


def contrast(grey: Grey, light: bool, widest: float = WIDEST_STROKE) -> Grey:
    """Return the grey levels between each pixel and the paper around it.

    A morphological closing fills everything dark that is narrower than its window with the levels around it,
    so it removes strokes and leaves the paper with its shadows. An opening does the same to light strokes.

    Args:
        grey: grey levels of a picture, `[h, w]`.
        light: whether the strokes are lighter than their paper.
        widest: the width of the widest stroke, of the picture's longer side.

    Returns:
        Levels of at least 0, `[h, w]`.
    """
    side = max(grey.shape)
    if side > 250:  # smaller pictures have no pixels to spare
        grain = np.median(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))) * 255 / max(np.median(grey), 32)
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), side / 1000 * float(np.clip(grain / 3, 1, 4))))
    # On bytes, OpenCV's morphology is several times as fast.
    grey = np.rint(grey).clip(0, 255).astype(np.uint8)
    window = round(widest * side) | 1
    around = rim(grey)
    level = np.median(around)
    if (around == level).mean() > 0.5:  # flat paper: a drawing, perhaps cropped to the ink, not a photograph
        padded = np.pad(grey, window, constant_values=level)
    else:
        padded = np.pad(grey, window, mode="edge")
    operation = cv2.MORPH_OPEN if light else cv2.MORPH_CLOSE
    rectangle = np.ones((window, window), np.uint8)
    paper = cv2.morphologyEx(padded, operation, rectangle)[window:-window, window:-window].astype(np.float32)
    if light:
        return np.asarray(grey - paper)
    return np.asarray((paper - grey) * (255 / np.maximum(paper, 32)))  # ink in a shadow counts as much


def noise_level(levels: Grey) -> float:
    """Return the contrast that the paper's grain reaches: four standard deviations above its median."""
    paper = levels[levels <= levels.max() / 2]
    level = float(np.median(paper))
    return level + 6 * float(np.median(np.abs(paper - level)))


def inked(levels: Grey) -> Mask:
    """Return which pixels hold ink: more than the paper's grain, and no mere soft edge of stronger ink."""
    nearby = max(levels.shape) // NEARBY | 1
    strongest = cv2.dilate(levels, np.ones((nearby, nearby), np.uint8))
    floor = max(noise_level(levels), FAINTEST_INK)
    return np.asarray((levels > floor) & (levels > floor + SOFT_EDGE * (strongest - floor)))
