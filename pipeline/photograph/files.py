"""Opening a picture file in grey levels, not larger than needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.common.pictures import open_picture

WORKING_SIDE = 1000

Grey = NDArray[np.float32]


def read_grey(path: Path) -> Grey:
    """Return a picture's grey levels, upright, with at most 1,000 pixels on the longer side.

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.

    Returns:
        Levels from 0 to 255, `[h, w]`.

    Raises:
        PipelineError: if there is no such file, or it cannot be read.
    """
    picture = open_picture(path, WORKING_SIDE, _visible).convert("L")
    picture.thumbnail((WORKING_SIDE, WORKING_SIDE))
    return np.asarray(picture, np.float32)


def _visible(picture: Image.Image) -> Image.Image:
    """Put a transparent picture on its own paper, or else on black or white, where it can be seen."""
    grey, alpha = picture.convert("LA").split()
    levels, opacity = np.asarray(grey, np.float32), np.asarray(alpha, np.float32)
    opaque_rim = rim(levels)[rim(opacity) > 127]
    if opaque_rim.size > rim(levels).size / 2:
        background = int(np.median(opaque_rim))
    else:
        background = 255 if (levels * opacity).sum() < 127 * opacity.sum() else 0
    return Image.composite(grey, Image.new("L", grey.size, background), alpha)


def rim(levels: Grey) -> Grey:
    """Return the outermost pixels of a picture `[h, w]`, as one row."""
    return np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
