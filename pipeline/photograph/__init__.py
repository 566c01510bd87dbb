"""Digits in a photograph, each brought into the form of MNIST's digits.

The steps, one module each: open the file (`files`), find the ink on its paper (`ink`), remove long straight
lines (`lines`), put together the parts of each digit and leave out all else (`parts`), bring each digit into
MNIST's form (`form`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.files import Grey, read_grey
from pipeline.photograph.form import Mask, mnist_form
from pipeline.photograph.ink import contrast, inked, noise_level
from pipeline.photograph.lines import without_lines
from pipeline.photograph.parts import Group, Part, digits_of, doubt_about, in_reading_order, parts_of, without_frames
from pipeline.photograph.sheet import find_sheets


SOFTEST_EDGE = 0.03  # of the part's contrast, in each pixel
SOFT = 0.2  # of full ink: where a stroke's soft edge ends


@dataclass(frozen=True)
class Digit:
    """A digit found in a photograph.

    Attributes:
        picture: it in MNIST's form, `[28, 28]`.
        doubt: why its shape may not be a digit's; empty if nothing speaks against it.
    """

    picture: NDArray[np.uint8]
    doubt: str = ""


def read_digits(path: Path) -> list[Digit]:
    """Find the digits in a photograph, dark on light or light on dark.

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.

    Returns:
        The digits line by line, from left to right; none if there is nothing that looks like one.

    Raises:
        PipelineError: if there is no such file, or it cannot be read.
    """
    grey = read_grey(path)
    everywhere = np.ones(grey.shape, bool)
    levels, groups = _clearest(grey, everywhere)
    for sheet in find_sheets(grey)[:1]:
        if sheet.whole:
            flat = sheet.from_above(grey)
            on_sheet = _clearest(flat, np.ones(flat.shape, bool))
        else:
            mask = sheet.mask(grey.shape)
            if any(_crosses(group, mask) for group in groups):  # the edge of a shadow
                continue
            on_sheet = _clearest(grey, _inset(mask))
            if _weight(on_sheet) < 0.5 * _weight((levels, groups)):
                continue
        if on_sheet[1]:
            levels, groups = on_sheet
    return [Digit(_in_form(levels, group), doubt_about(group)) for group in in_reading_order(groups)]


def _inset(mask: Mask) -> Mask:
    inset = round(0.02 * max(mask.shape)) * 2 + 1
    return cv2.erode(mask.astype(np.uint8), np.ones((inset, inset), np.uint8), borderValue=1).astype(bool)


def _crosses(group: Group, mask: Mask) -> bool:
    """Tell whether a digit lies partly on a sheet and partly beside it, as it does at the edge of a shadow."""
    return bool(0.1 < mask[group.mask(mask.shape)].mean() < 0.9)


def _clearest(grey: Grey, inside: Mask) -> tuple[Grey, list[Group]]:
    """Find the digits that are darker than their paper, or those that are lighter, whichever there is more of."""
    return max((_found(grey, light, inside) for light in (False, True)), key=_weight)


def _weight(found: tuple[Grey, list[Group]]) -> float:
    return sum(group.weight for group in found[1])


def _found(grey: Grey, light: bool, inside: Mask) -> tuple[Grey, list[Group]]:
    """Find the digits that are darker than their paper, or lighter."""
    levels = np.where(inside, contrast(grey, light), 0)

    def is_ink(part: Part) -> bool:
        return part.sharpness > SOFTEST_EDGE and _stands_out(part, grey, light)

    ink = inked(levels)
    drawn = without_frames(list(filter(is_ink, parts_of(ink, levels))), levels)
    unframed = np.zeros_like(ink)
    for part in drawn:
        unframed[part.row : part.bottom, part.column : part.right] |= part.mask
    for strokes in (without_lines(unframed), unframed):
        parts = list(filter(is_ink, parts_of(strokes, levels)))
        if parts:
            pen = max(parts, key=lambda part: part.weight).thickness
            parts = parts_of(strokes, levels, round(0.4 * pen))
        groups = digits_of(without_frames(parts, levels))
        if groups:
            return levels, groups
    return levels, []


def _stands_out(part: Part, grey: Grey, light: bool) -> bool:
    """Tell whether a part differs from most of what surrounds it, as ink does, and paper between ink does not."""
    around = part.length
    box = np.s_[max(0, part.row - around) : part.bottom + around, max(0, part.column - around) : part.right + around]
    own = grey[part.row : part.bottom, part.column : part.right][part.mask].mean()
    paper = np.median(grey[box])
    difference = own - paper if light else (paper - own) * 255 / max(paper, 32)
    return bool(difference > 0.4 * part.level)


def _in_form(levels: Grey, group: Group) -> NDArray[np.uint8]:
    mask: Mask = group.mask(levels.shape)
    noise = noise_level(levels)
    full = np.percentile(levels[mask], 95)
    ink = np.clip((levels - noise) / max(float(full) - noise, 1), 0, 1).astype(np.float32)
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return mnist_form(ink, mask | (near & (ink > SOFT)))
