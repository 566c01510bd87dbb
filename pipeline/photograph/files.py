"""Opening a picture file: any format, turned upright, in grey levels, not larger than needed."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.common.errors import PipelineError

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its warnings go nowhere: our errors say the same
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
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
    try:
        picture = _decoded(path)
        picture.thumbnail((WORKING_SIDE, WORKING_SIDE))
        return _levels(picture)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no file {path}: check its name and its folder.") from error
    except Exception as error:  # decoders of damaged files raise errors of any kind
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "unknown format"
        raise PipelineError(
            f"{path} cannot be read as a picture ({reason}): give a PNG, a JPEG or another common format."
        ) from error


def _decoded(path: Path) -> Image.Image:
    """Return the picture, upright, in mode L or F, or LA if parts of it are transparent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata does not matter here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Opened by its name instead, a TIFF that is turned by its metadata is decoded wrongly.
        with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
            # A JPEG of many megapixels is decoded at a half or a quarter of its size, which is much faster.
            image.draft(None, (WORKING_SIDE, WORKING_SIDE))
            ImageOps.exif_transpose(image, in_place=True)
            if image.mode.startswith(("I", "F")):
                return image.convert("F")
            if image.has_transparency_data:
                return (image if image.mode == "RGBA" else image.convert("RGBA")).convert("LA")
            return image.convert("L")


def _levels(picture: Image.Image) -> Grey:
    if picture.mode == "F":  # 16 bits or more, of which a picture may use only a part of the range
        levels = np.asarray(picture)
        if not np.isfinite(levels).all():
            raise ValueError("it holds numbers that are not finite")
        stretched: Grey = np.interp(levels, (levels.min(), levels.max()), (0, 255)).astype(np.float32)
        return stretched
    return np.asarray(_opaque(picture) if picture.mode == "LA" else picture, np.float32)


def _opaque(picture: Image.Image) -> Image.Image:
    """Put the picture on a background on which it is visible: its own paper, or else black or white."""
    grey, alpha = picture.split()
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
