"""Facts about what can go wrong: the faults that the tests inject, and what happens then."""

from __future__ import annotations

import json

from ruamel.yaml import YAML

from lessons.kit.tables import table
from pipeline.common import paths


def faults() -> str:
    """Return a table of each group of faults; one whose cases no run has counted yet has none."""
    counts = json.loads(paths.FAULT_COUNTS.read_text(encoding="utf-8"))
    parts = []
    for file in sorted(paths.FAULTS.glob("*.yaml")):
        group = YAML(typ="safe", pure=True).load(file)
        rows = [
            [entry["fault"], entry["outcome"], f"{counts.get(file.stem, {}).get(name, 0):,}"]
            for name, entry in group["faults"].items()
        ]
        parts += [
            f"## {group['title']}",
            group["about"],
            table(["fault", "what happens", "cases tried"], rows, numbers=1),
        ]
    total = sum(sum(group.values()) for group in counts.values())
    return "\n\n".join([f"The tests inject {total:,} faults.", *parts])
