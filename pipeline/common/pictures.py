"""Opening a picture file, whatever its format."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.common.errors import PipelineError

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its warnings go nowhere: our errors say the same
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def on_white(picture: Image.Image) -> Image.Image:
    """Return a picture of mode RGBA on white paper."""
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def open_picture(
    path: Path, at_least: int, opaque: Callable[[Image.Image], Image.Image] = on_white
) -> Image.Image:
    """Return a picture, upright, grey (`L`) or coloured (`RGB`).

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.
        at_least: how many pixels on each side are enough; a JPEG file is then decoded smaller, which takes a
            tenth of the time for a large photograph.
        opaque: what makes a picture of mode RGBA opaque.

    Raises:
        PipelineError: if there is no such file, or it cannot be read as a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata does not matter here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opened by its name instead, a TIFF that is turned by its metadata is decoded wrongly.
            with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
                image.draft(None, (at_least, at_least))
                ImageOps.exif_transpose(image, in_place=True)
                if image.mode.startswith(("I", "F")):
                    return _stretched(image, at_least)
                if image.has_transparency_data:
                    return opaque(image.convert("RGBA"))
                return image.convert("L" if image.mode in {"1", "L"} else "RGB")
    except FileNotFoundError as error:
        raise PipelineError(f"There is no file {path}: check its name and its folder.") from error
    except Exception as error:  # decoders of damaged files raise errors of any kind
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "unknown format"
        raise PipelineError(
            f"{path} cannot be read as a picture ({reason}): give a PNG, a JPEG or another common format."
        ) from error


def _stretched(image: Image.Image, at_least: int) -> Image.Image:
    """Return a picture of 16 bits or more in bytes, not much larger; it may use only a part of its range."""
    # A large one takes gigabytes as numbers of eight bytes.
    levels = np.asarray(image.convert("F").reduce(max(1, min(image.size) // at_least)))
    if not np.isfinite(levels).all():
        raise ValueError("it holds numbers that are not finite")
    stretched = np.interp(levels, (levels.min(), levels.max()), (0, 255))
    return Image.fromarray(stretched.round().astype(np.uint8))
