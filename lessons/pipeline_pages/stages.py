"""The page about the stages: those of `dvc.yaml`, and the files that flow between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lessons.kit.shown import Shown
from lessons.kit.tables import code, table

STAGES = Path("dvc.yaml")
CODE = "code"  # nearly all stages depend on it

Stages = Mapping[str, Mapping[str, Any]]


def from_repository() -> Shown:
    """Return a table of the stages."""
    stages: Stages = YAML(typ="safe", pure=True).load(STAGES)["stages"]
    rows = [
        [
            f"[{name}](#{name})",
            stage["desc"],
            ", ".join(before(name, stages)),
            ", ".join(map(code, written(stage))),
        ]
        for name, stage in stages.items()
    ]
    return Shown(values={"table": table(["stage", "what it does", "reads what these write", "writes"], rows)})


def before(name: str, stages: Stages) -> list[str]:
    """Return the stages whose files a stage reads."""
    return [
        writer
        for writer, stage in stages.items()
        if writer != CODE
        and any(
            Path(read).is_relative_to(output)
            for read in stages[name].get("deps", [])
            for output in written(stage)
        )
    ]


def written(stage: Mapping[str, Any]) -> list[str]:
    """Return the files and folders that a stage writes."""
    entries = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
