"""Digits in a photograph, each brought into the form of MNIST's digits.

The steps, one module each: open the file (`files`), find the sheet and look at it from above (`sheet`), find
the ink on its paper (`ink`), divide it into parts (`parts`), remove what is drawn around digits (`frames`)
and long straight lines (`lines`), put together the parts of each digit and leave out all else (`groups`), and
bring each digit into MNIST's form (`form`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.photograph.files import Grey, read_grey, rim
from pipeline.photograph.form import Mask, mnist_form
from pipeline.photograph.frames import without_frames
from pipeline.photograph.groups import (
    Group,
    digits_of,
    in_reading_order,
    joined,
    without_small_text,
    without_underlines,
)
from pipeline.photograph.ink import FAINTEST_INK, contrast, inked, noise_level
from pipeline.photograph.lines import without_lines
from pipeline.photograph.parts import Part, drawn, parts_of
from pipeline.photograph.sheet import find_sheet

SMALLEST_PHOTOGRAPH = 64  # pixels of the longer side
SOFTEST_EDGE = 0.03  # of the part's contrast, in each pixel
DRY = 0.4  # of a pen's width: half the gaps that it leaves when it is dry
SOFT = 0.2  # of full ink: where a stroke's soft edge ends


@dataclass(frozen=True)
class Digit:
    """A digit found in a photograph.

    Attributes:
        picture: it in MNIST's form, `[28, 28]`.
        parts: of how many parts that do not touch it consists.
        width: its width, in heights.
        filled: the part of its box that is ink.
        cut_off: whether it reaches the edge of the picture.
        line: the number of the line in which it is written, from 0.
    """

    picture: NDArray[np.uint8]
    parts: int
    width: float
    filled: float
    cut_off: bool
    line: int = 0


def read_digits(path: Path) -> list[Digit]:
    """Find the digits in a photograph, dark on light or light on dark.

    Args:
        path: a picture in any format, size and colours that Pillow reads; of several frames, the first.

    Returns:
        The digits line by line, from left to right; none if there is nothing that looks like one.

    Raises:
        PipelineError: if there is no such file, or it cannot be read.
    """
    grey = _with_margin(read_grey(path))
    if max(grey.shape) < SMALLEST_PHOTOGRAPH:
        return _only_digit(grey)
    levels, groups = _on_sheet(grey, _clearest(grey, np.ones(grey.shape, bool)))
    return [
        _digit(levels, group, number)
        for number, line in enumerate(in_reading_order(groups))
        for group in line
    ]


def _with_margin(grey: Grey) -> Grey:
    """Return a drawing that was cropped to its ink with a margin; any other picture as it is."""
    level = np.median(rim(grey))
    sides = grey[0], grey[-1], grey[:, 0], grey[:, -1]
    cropped = all(np.abs(side - level).max() > FAINTEST_INK for side in sides)
    if not cropped or (rim(grey) == level).mean() < 0.5:
        return grey
    return np.pad(grey, max(grey.shape) // 10, constant_values=level)


def _on_sheet(grey: Grey, anywhere: tuple[Grey, list[Group]]) -> tuple[Grey, list[Group]]:
    """Find the digits on the sheet of paper in a picture; without one, return those found anywhere."""
    sheet = find_sheet(grey)
    if sheet is None:
        return anywhere
    if sheet.whole:
        flat = sheet.from_above(grey)
        found = _clearest(flat, np.ones(flat.shape, bool))
        return found if found[1] else anywhere
    mask = sheet.mask(grey.shape)
    if any(_crosses(group, mask) for group in anywhere[1]):  # the edge of a shadow
        return anywhere
    found = _clearest(grey, _inset(mask))
    return found if found[1] and _weight(found) >= 0.5 * _weight(anywhere) else anywhere


def _only_digit(grey: Grey) -> list[Digit]:
    """Return the digit that fills a tiny picture, such as MNIST's own."""
    light = bool(grey.mean() > np.median(rim(grey)))
    levels = contrast(grey, light, widest=0.5)
    noise = noise_level(levels)
    full = float(levels.max())
    if full - noise < FAINTEST_INK:
        return []
    parts = parts_of(levels - noise > SOFT * (full - noise), levels)
    longest = max((part.length for part in parts), default=0)
    group = Group([part for part in parts if part.length > 0.15 * longest])
    return [_digit(levels, group)] if group.parts else []


def _inset(mask: Mask) -> Mask:
    inset = round(0.02 * max(mask.shape)) * 2 + 1
    return cv2.erode(mask.astype(np.uint8), np.ones((inset, inset), np.uint8), borderValue=1).astype(bool)


def _crosses(group: Group, mask: Mask) -> bool:
    """Tell whether a digit lies partly on a sheet and partly beside it, as at the edge of a shadow."""
    return bool(0.1 < mask[drawn(group.parts, mask.shape)].mean() < 0.9)


def _clearest(grey: Grey, inside: Mask) -> tuple[Grey, list[Group]]:
    """Find the digits that are darker than their paper or those that are lighter: what stands out more."""
    return max((_found(grey, light, inside) for light in (False, True)), key=_weight)


def _weight(found: tuple[Grey, list[Group]]) -> float:
    return sum(group.weight for group in found[1])


def _found(grey: Grey, light: bool, inside: Mask) -> tuple[Grey, list[Group]]:
    """Find the digits that are darker than their paper, or lighter."""
    levels = np.where(inside, contrast(grey, light), 0)

    def is_ink(part: Part) -> bool:
        return part.sharpness > SOFTEST_EDGE and _stands_out(part, grey, light)

    ink = inked(levels)
    unframed = drawn(without_frames(list(filter(is_ink, parts_of(ink, levels))), levels), ink.shape)
    for strokes in (without_lines(unframed), unframed):
        parts = list(filter(is_ink, parts_of(strokes, levels)))
        parts = without_underlines(without_small_text(parts))
        if parts:
            pen = max(parts, key=lambda part: part.weight).thickness
            parts = joined(parts, levels, round(DRY * pen))
        groups = digits_of(without_frames(parts, levels))
        if groups:
            return levels, groups
    return levels, []


def _stands_out(part: Part, grey: Grey, light: bool) -> bool:
    """Tell whether a part differs from most of what surrounds it; paper between strokes does not."""
    around = part.length
    box = np.s_[
        max(0, part.row - around) : part.bottom + around, max(0, part.column - around) : part.right + around
    ]
    own = grey[part.row : part.bottom, part.column : part.right][part.mask].mean()
    paper = np.median(grey[box])
    difference = own - paper if light else (paper - own) * 255 / max(paper, 32)
    return bool(difference > 0.4 * part.level)


def _digit(levels: Grey, group: Group, line: int = 0) -> Digit:
    ink = sum(int(part.mask.sum()) for part in group.parts)
    return Digit(
        _in_form(levels, group),
        parts=len(group.parts),
        width=group.width / group.height,
        filled=ink / (group.width * group.height),
        cut_off=any(part.at_border for part in group.parts),
        line=line,
    )


def _in_form(levels: Grey, group: Group) -> NDArray[np.uint8]:
    mask: Mask = drawn(group.parts, levels.shape)
    noise = noise_level(levels)
    full = np.percentile(levels[mask], 95)
    ink = np.clip((levels - noise) / max(float(full) - noise, 1), 0, 1).astype(np.float32)
    reach = 2 * max(1, max(group.height, group.width) // 40) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    return mnist_form(ink, mask | (near & (ink > SOFT)))
