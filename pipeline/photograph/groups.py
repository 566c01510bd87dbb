"""Groups: the parts that make one digit, and which of them are digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.photograph.form import Grey
from pipeline.photograph.parts import Boxed, Part, drawn, parts_of

FAINT = 0.4  # of the strongest part's contrast
THIN = 0.25  # of the middle one's thickness
TALL = 0.6  # of the height of joined parts: two that are as tall are two digits
NEAR = 0.15  # of the largest part's length: what is closer to a digit may belong to it
SMALL_TEXT = 0.4  # of the largest digit's height


@dataclass
class Group(Boxed):
    """Parts that make one digit."""

    parts: list[Part]

    def __post_init__(self) -> None:
        self.row = min(part.row for part in self.parts)
        self.column = min(part.column for part in self.parts)
        self.bottom = max(part.bottom for part in self.parts)
        self.right = max(part.right for part in self.parts)

    @property
    def weight(self) -> float:
        """How much it stands out."""
        return sum(part.weight for part in self.parts)


def _gap(a: Boxed, b: Boxed) -> float:
    """Return the distance between the boxes of two parts."""
    dx = max(a.column - b.right, b.column - a.right, 0)
    dy = max(a.row - b.bottom, b.row - a.bottom, 0)
    return float(np.hypot(dx, dy))


def _belong_together(a: Group, b: Group) -> bool:
    """Tell whether two groups are parts of one digit: a bar and its body, the halves of a dry stroke."""
    large, small = (a, b) if a.height * a.width >= b.height * b.width else (b, a)
    length = max(large.height, large.width)
    shared = min(a.right, b.right) - max(a.column, b.column)
    shared_rows = min(a.bottom, b.bottom) - max(a.row, b.row)
    overlap = shared > 0 and shared_rows > 0 and (shared * shared_rows > 0.5 * small.width * small.height)
    if overlap:
        return True
    if small.height > 0.4 * large.height and shared < 0.2 * small.width:
        return False  # side by side: two digits
    if small.height > 0.6 * large.height and small.width > 0.6 * large.width:
        return False  # one above the other: two digits
    return _gap(a, b) < NEAR * length and max(small.height, small.width) < 0.8 * length


def grouped(parts: Sequence[Part]) -> list[Group]:
    """Put the parts together that make one digit."""
    groups = [Group([part]) for part in parts]
    merged = True
    while merged:
        merged = False
        for i, a in enumerate(groups):
            for b in groups[i + 1 :]:
                if _belong_together(a, b):
                    groups.remove(a)
                    groups.remove(b)
                    groups.append(Group(a.parts + b.parts))
                    merged = True
                    break
            if merged:
                break
    return groups


def _main(parts: Sequence[Part]) -> Part:
    """Return the part that stands out most, which is a line only if there is nothing else."""
    return max([part for part in parts if not part.is_flat] or parts, key=lambda part: part.weight)


def without_underlines(parts: Sequence[Part]) -> list[Part]:
    """Remove flat lines below the middle of the part that stands out most."""
    if not parts:
        return []
    main = _main(parts)
    middle = (main.row + main.bottom) / 2
    return [
        part
        for part in parts
        if part is main or not part.is_flat or part.bottom < middle or part.width < 0.5 * main.width
    ]


def joined(parts: Sequence[Part], levels: Grey, reach: int) -> list[Part]:
    """Join parts that only a gap of a dry pen divides, but not digits that stand close to each other."""
    found = []
    for whole in parts_of(drawn(parts, levels.shape), levels, reach):
        pieces = [
            part
            for part in parts
            if whole.row <= part.row < whole.bottom
            and whole.column <= part.column < whole.right
            and drawn([whole], levels.shape)[part.row : part.bottom, part.column : part.right][
                part.mask
            ].all()
        ]
        tall = [part for part in pieces if part.height > TALL * whole.height]
        found += pieces if len(tall) > 1 else [whole]
    return found


def without_small_text(parts: Sequence[Part]) -> list[Part]:
    """Remove parts that are much smaller than the largest and not close to a large one, such as captions."""
    strokes = [part for part in parts if not (part.at_border or part.is_blob or part.is_flat)]
    largest = max((part.length for part in strokes), default=0)
    large = [part for part in parts if part.length > SMALL_TEXT * largest]
    return [
        part
        for part in parts
        if part.length > SMALL_TEXT * largest or any(_gap(part, one) < NEAR * largest for one in large)
    ]


def digits_of(parts: Sequence[Part]) -> list[Group]:
    """Choose the groups that are digits, and leave out what is around them."""
    inside = [part for part in parts if not part.at_border and not part.is_blob]
    candidates = inside or [part for part in parts if not part.is_blob] or list(parts)
    if not candidates:
        return []
    main = _main(candidates)
    thickness = np.median([part.thickness for part in candidates if part.weight >= 0.2 * main.weight])
    candidates = [
        part for part in candidates if part.level > FAINT * main.level and part.thickness > THIN * thickness
    ]
    groups = grouped(candidates)
    groups = [g for g in groups if g.width < 3.5 * g.height]  # flat: an underline
    if not groups:
        return []
    tallest = max(g.height for g in groups)
    return [g for g in groups if g.height > SMALL_TEXT * tallest]


def in_reading_order(groups: Sequence[Group]) -> list[list[Group]]:
    """Return digits line by line, each line from left to right."""
    lines: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: g.row + g.bottom):
        for line in lines:
            top, bottom = min(g.row for g in line), max(g.bottom for g in line)
            middle = (group.row + group.bottom) / 2
            if top < middle < bottom:
                line.append(group)
                break
        else:
            lines.append([group])
    return [sorted(line, key=lambda g: g.column) for line in lines]
