"""Opening a picture file, whatever its format."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.common.errors import PipelineError

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its warnings go nowhere: our errors say the same
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def open_picture(path: Path, at_least: int | None = None) -> Image.Image:
    """Return a picture, upright, grey (`L`) or coloured (`RGB`); what is transparent becomes white.

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.
        at_least: how many pixels on each side are enough; a JPEG file is then decoded smaller, which takes a
            tenth of the time for a large photograph.

    Raises:
        PipelineError: if there is no such file, or it cannot be read as a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata does not matter here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opened by its name instead, a TIFF that is turned by its metadata is decoded wrongly.
            with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
                if at_least is not None:
                    image.draft(None, (at_least, at_least))
                ImageOps.exif_transpose(image, in_place=True)
                return _in_bytes(image)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no file {path}.") from error
    except Exception as error:  # decoders of damaged files raise errors of any kind
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "unknown format"
        raise PipelineError(
            f"{path} cannot be read as a picture ({reason}): give a PNG, a JPEG or another common format."
        ) from error


def _in_bytes(image: Image.Image) -> Image.Image:
    if image.mode.startswith(
        ("I", "F")
    ):  # 16 bits or more, of which a picture may use only a part of the range
        levels = np.asarray(image.convert("F"))
        if not np.isfinite(levels).all():
            raise ValueError("it holds numbers that are not finite")
        stretched = np.interp(levels, (levels.min(), levels.max()), (0, 255))
        return Image.fromarray(stretched.round().astype(np.uint8))
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), coloured).convert("RGB")
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")
