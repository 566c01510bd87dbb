"""MNIST's form: light strokes on black, 20 pixels on their longer side, centred by mass in 28 × 28 pixels.

This is how MNIST's digits were made (LeCun et al., *Gradient-based learning applied to document recognition*,
1998). The network knows nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28
DIGIT_SIDE = 20
MARGIN = 2  # pixels of the result around the digit, where strokes fade out
THINNEST_STROKE = 1.2  # pixels of the result; nearly all of MNIST's strokes are wider
THICKENED_STROKE = 2.2

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]


def mnist_form(ink: Grey, strokes: Mask) -> NDArray[np.uint8]:
    """Bring a digit into MNIST's form.

    Args:
        ink: how much ink each pixel of a picture holds, 0 to 1, `[h, w]`.
        strokes: which pixels belong to the digit, `[h, w]`; at least one.

    Returns:
        Light strokes on black, `[28, 28]`.
    """
    return _centred(_scaled(*_drawn(ink, strokes)))


def _distance_to(strokes: Mask) -> Grey:
    """Return each pixel's distance to the nearest pixel of the strokes, `[h, w]`."""
    return np.asarray(cv2.distanceTransform((~strokes).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def stroke_width(strokes: Mask) -> float:
    """Return the mean width of strokes `[h, w]`, in pixels."""
    closed = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    depth = _distance_to(~np.pad(closed.astype(bool), 1))[1:-1, 1:-1]
    # Averaged over a stroke of width w, the distance to its edge is w / 4 + 1 / 2 pixels.
    return float(4 * depth[strokes].mean() - 2)


def _box(strokes: Mask) -> tuple[int, int, int, int]:
    """Return the first row, the first column, the height and the width of the strokes."""
    column, row, width, height = cv2.boundingRect(strokes.astype(np.uint8))
    return row, column, height, width


def _drawn(ink: Grey, strokes: Mask) -> tuple[Grey, Mask]:
    """Keep only the ink of the strokes, and draw thin strokes again with a thicker pen.

    A thin stroke of a large picture would fade to a grey that no digit of MNIST has.
    """
    length = max(_box(strokes)[2:])
    scale = DIGIT_SIDE / length
    beyond = length // 5 + 2  # room for the margin and the thicker pen
    ink, strokes = np.pad(ink, beyond), np.pad(strokes, beyond)
    width = stroke_width(strokes) * scale
    distance = _distance_to(strokes)
    if width < THINNEST_STROKE:
        strokes = distance <= (THICKENED_STROKE - width) / 2 / scale
        return strokes.astype(np.float32), strokes
    return np.where(distance <= MARGIN / scale, ink, 0), strokes


def _scaled(ink: Grey, strokes: Mask) -> Grey:
    """Scale the ink so that its strokes are 20 pixels long, with a margin all round."""
    row, column, height, width = _box(strokes)
    scale = DIGIT_SIDE / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    margin_y, margin_x = MARGIN * height / new_height, MARGIN * width / new_width
    # Pillow's filter reaches over all pixels that become one, and its box may begin within a pixel.
    scaled = Image.fromarray(ink).resize(
        (new_width + 2 * MARGIN, new_height + 2 * MARGIN),
        Image.Resampling.BICUBIC,
        (column - margin_x, row - margin_y, column + width + margin_x, row + height + margin_y),
    )
    return np.asarray(scaled).clip(0, 1)


def _centred(ink: Grey) -> NDArray[np.uint8]:
    """Return the ink as bytes, with its centre of mass in the middle of 28 × 28 pixels."""
    rows, columns = np.indices(ink.shape)
    row, column = (round(float((ink * index).sum() / ink.sum())) for index in (rows, columns))
    window = np.s_[row + SIDE // 2 :, column + SIDE // 2 :]
    levels = np.pad(ink, SIDE)[window][:SIDE, :SIDE]
    digit: NDArray[np.uint8] = (255 * levels / levels.max()).round().astype(np.uint8)
    return digit
