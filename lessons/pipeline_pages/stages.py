"""The page about the stages: the graph of `dvc.yaml`, as a drawing and as a table."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lessons.kit.shown import Shown
from lessons.kit.tables import code, table

STAGES = Path("dvc.yaml")
NOT_DRAWN = "code"  # nearly all stages depend on it

# In the drawing's units, which are a CSS pixel at its full size.
WIDTH, ROW, HEIGHT = 220, 66, 34
LEFT, BOX = 92, 110  # where the boxes begin, and how wide they are
LANE = 16  # from one arrow to the next, on the boxes' left

Stages = Mapping[str, Mapping[str, Any]]
Edge = tuple[str, str]


def from_code() -> Shown:
    """Return the stages, and the files that flow between them."""
    stages: Stages = YAML(typ="safe", pure=True).load(STAGES)["stages"]
    drawn = {name: stage for name, stage in stages.items() if name != NOT_DRAWN}
    rows = [
        [f"[{name}](#{name})", stage["desc"], ", ".join(map(code, written(stage)))]
        for name, stage in stages.items()
    ]
    return Shown(
        values={
            "drawing": draw(list(drawn), edges(drawn)),
            "table": table(["stage", "what it does", "what it writes"], rows),
        }
    )


def edges(stages: Stages) -> list[Edge]:
    """Return each pair of stages of which the second reads what the first wrote."""
    return [
        (writer, reader)
        for reader, stage in stages.items()
        for writer, other in stages.items()
        if any(
            Path(read).is_relative_to(output) for read in stage.get("deps", []) for output in written(other)
        )
    ]


def written(stage: Mapping[str, Any]) -> list[str]:
    """Return the files and folders that a stage writes."""
    entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def draw(names: Sequence[str], arrows: Sequence[Edge]) -> str:
    """Return a drawing in SVG: the stages as boxes, one below the other, and arrows between them."""
    described = "; ".join(
        f"{name} reads files of {', '.join(before)}"
        for name in names
        if (before := [first for first, second in arrows if second == name])
    )
    parts = [_box(index, name) for index, name in enumerate(names)]
    lanes = 0
    for start, end in arrows:
        first, last = names.index(start), names.index(end)
        if last == first + 1:
            parts.append(_straight(first))
        else:
            lanes += 1
            parts.append(_around(first, last, lanes))
    height = ROW * (len(names) - 1) + HEIGHT + 4
    return (
        f'<figure class="dag"><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{html.escape(described)}">'
        '<defs><marker id="dag-end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(parts)}</svg></figure>'
    )


def _box(index: int, name: str) -> str:
    top = 2 + index * ROW
    return (
        f'<rect x="{LEFT}" y="{top}" width="{BOX}" height="{HEIGHT}" rx="4"/>'
        f'<text x="{LEFT + BOX // 2}" y="{top + HEIGHT // 2 + 5}">{html.escape(name)}</text>'
    )


def _straight(index: int) -> str:
    """Return an arrow to the next box."""
    middle, top = LEFT + BOX // 2, 2 + index * ROW + HEIGHT
    return f'<path d="M{middle} {top}V{top + ROW - HEIGHT}"/>'


def _around(first: int, last: int, lane: int) -> str:
    """Return an arrow that passes other boxes on their left."""
    turn = LEFT - lane * LANE - 8
    start, end = (2 + index * ROW + HEIGHT // 2 for index in (first, last))
    return f'<path d="M{LEFT} {start + 6}H{turn}V{end - 6}H{LEFT}"/>'
