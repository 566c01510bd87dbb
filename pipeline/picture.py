"""A user's own picture, brought into the form of MNIST's digits.

MNIST's digits are light strokes on black, 20 pixels long on their longer side and centred by mass in 28 × 28
pixels (LeCun et al., *Gradient-based learning applied to document recognition*, 1998). The network knows
nothing else, so pictures are brought into the same form: the paper and its shadows go, the strokes stay.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from scipy import ndimage

from pipeline.common.errors import PipelineError

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its warnings go nowhere: our errors say the same
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
SIDE = 28
DIGIT_SIDE = 20
MARGIN = 2  # pixels of the result around the digit, where strokes fade out
WORKING_SIDE = 512
THINNEST_STROKE = 1.2  # pixels of the result; nearly all of MNIST's strokes are wider
THICKENED_STROKE = 2.2

FAINTEST_INK = 16.0  # grey levels between paper and ink
SOFT_EDGE = 0.2  # of full ink

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[slice, slice]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture of one digit, dark on light or light on dark, and return it in MNIST's form.

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.

    Returns:
        Light strokes on black, `[28, 28]`.

    Raises:
        PipelineError: if it cannot be read, or nothing is drawn on it.
    """
    ink = _ink(_read_grey(path))
    strokes = _strokes(ink)
    if not strokes.any():
        raise PipelineError(
            f"{path} shows no strokes that stand out from their background: "
            "draw one digit, dark on light or light on dark, with a margin around it."
        )
    return _centred(_scaled(*_drawn(ink, strokes)))


def _read_grey(path: Path) -> Grey:
    """Return the picture's grey levels, 0 to 255, upright and not much larger than needed."""
    try:
        picture = _decoded(path)
        picture.thumbnail((WORKING_SIDE, WORKING_SIDE))
        return _levels(picture)
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
    opaque_rim = _rim(levels)[_rim(opacity) > 127]
    if opaque_rim.size > _rim(levels).size / 2:
        background = int(np.median(opaque_rim))
    else:
        background = 255 if (levels * opacity).sum() < 127 * opacity.sum() else 0
    return Image.composite(grey, Image.new("L", grey.size, background), alpha)


def _rim(array: Grey) -> Grey:
    return np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])


def _ink(grey: Grey) -> Grey:
    """Return how much ink each pixel holds, 0 to 1, whatever light falls on the paper.

    The picture is continued beyond its border by the grey levels there, which are taken for paper.
    Strokes are narrower than half the picture. A morphological opening or closing removes everything that is
    so narrow; the paper with its shadows remains.
    """
    longer_side = max(grey.shape)
    around = ndimage.uniform_filter(grey, 3 * longer_side // 4 + 1, mode="nearest")
    light_on_dark = ((grey - around) ** 3).mean() > 0  # few pixels, but far from their surroundings
    window = longer_side // 2 + 1
    inside = np.s_[window:-window, window:-window]
    rim = _rim(grey)
    level = np.median(rim)
    if (rim == level).mean() > 0.5:  # flat paper: a drawing, perhaps cropped to the ink, not a photograph
        continued = np.pad(grey, window, constant_values=level)
    else:
        continued = np.pad(grey, window, mode="edge")
    if light_on_dark:
        contrast = grey - ndimage.grey_opening(continued, (window, window))[inside]
    else:
        paper = ndimage.grey_closing(continued, (window, window))[inside]
        contrast = (paper - grey) * (255 / np.maximum(paper, 32))  # ink in a shadow counts as much
    return _stretched(contrast)


def _stretched(contrast: Grey) -> Grey:
    """Stretch the contrast so that noise becomes 0 and ink 1; without ink, everything becomes 0."""
    half = contrast.max() / 2
    paper = contrast[contrast <= half]
    level = np.median(paper)
    noise = level + 6 * np.median(np.abs(paper - level))  # four standard deviations
    full = np.percentile(contrast[contrast >= half], 99)
    if full - noise < FAINTEST_INK:
        return np.zeros_like(contrast)
    ink: Grey = np.clip((contrast - noise) / (full - noise), 0, 1)
    return ink


def _strokes(ink: Grey) -> Mask:
    """Return where the digit is: all ink except specks and what reaches in from beyond the border."""
    inked = ink > SOFT_EDGE
    joined = ndimage.distance_transform_edt(~inked) <= max(ink.shape) / 100  # a dry pen leaves gaps
    parts, n_parts = ndimage.label(joined, np.ones((3, 3)))
    parts[~inked] = 0
    lengths = np.zeros(n_parts + 1)
    for part, box in enumerate(ndimage.find_objects(parts), start=1):
        if ink[box][parts[box] == part].max() > 0.5:
            lengths[part] = _longer_side(box)
    lengths_inside = lengths.copy()
    lengths_inside[_rim(parts)] = 0
    if lengths_inside.max() > 0.3 * lengths.max():
        lengths = lengths_inside
    shortest = max(3, max(ink.shape) / 25, 0.15 * lengths.max())
    strokes: Mask = (lengths >= shortest)[parts]
    return strokes


def _box(strokes: Mask) -> Box:
    box: Box = ndimage.find_objects(strokes.astype(np.int8))[0]
    return box


def _longer_side(box: Box) -> int:
    length: int = max(side.stop - side.start for side in box)
    return length


def _drawn(ink: Grey, strokes: Mask) -> tuple[Grey, Mask]:
    """Keep only the ink of the strokes, and draw thin strokes again with a thicker pen.

    A thin stroke of a large picture would fade to a grey that no digit of MNIST has.
    """
    length = _longer_side(_box(strokes))
    scale = DIGIT_SIDE / length
    beyond = length // 5 + 2  # room for the margin and the thicker pen
    ink, strokes = np.pad(ink, beyond), np.pad(strokes, beyond)
    # Averaged over a stroke of width w, the distance to its edge is w / 4 + 1 / 2 pixels.
    depth = ndimage.distance_transform_edt(ndimage.binary_closing(strokes, np.ones((3, 3))))
    width = (4 * depth[strokes].mean() - 2) * scale
    distance = ndimage.distance_transform_edt(~strokes)
    if width < THINNEST_STROKE:
        strokes = distance <= (THICKENED_STROKE - width) / 2 / scale
        return strokes.astype(np.float32), strokes
    return np.where(distance <= MARGIN / scale, ink, 0), strokes


def _scaled(ink: Grey, strokes: Mask) -> Grey:
    """Scale the ink so that its strokes are 20 pixels long, with a margin all round."""
    rows, columns = box = _box(strokes)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    scale = DIGIT_SIDE / _longer_side(box)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    margin_y, margin_x = MARGIN * height / new_height, MARGIN * width / new_width
    scaled = Image.fromarray(ink).resize(
        (new_width + 2 * MARGIN, new_height + 2 * MARGIN),
        Image.Resampling.BICUBIC,
        (columns.start - margin_x, rows.start - margin_y, columns.stop + margin_x, rows.stop + margin_y),
    )
    return np.asarray(scaled).clip(0, 1)


def _centred(ink: Grey) -> NDArray[np.uint8]:
    """Return the ink as bytes, with its centre of mass in the middle of 28 × 28 pixels."""
    row, column = (round(middle) for middle in ndimage.center_of_mass(ink))
    window = np.s_[row + SIDE // 2 :, column + SIDE // 2 :]
    levels = np.pad(ink, SIDE)[window][:SIDE, :SIDE]
    digit: NDArray[np.uint8] = (255 * levels / levels.max()).round().astype(np.uint8)
    return digit
