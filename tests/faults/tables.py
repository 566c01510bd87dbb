"""The tables of the faults that the tests inject; the site's page is made of the same tables."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.common import paths

ROOT = Path(__file__).parents[2]


def tables() -> dict[str, dict[str, Any]]:
    """Return every table by the name of its group."""
    files = sorted((ROOT / paths.FAULTS).glob("*.yaml"))
    return {file.stem: YAML(typ="safe", pure=True).load(file) for file in files}


def faults(group: str) -> list[str]:
    """Return the names of a group's faults, to parametrise a test by."""
    return list(tables()[group]["faults"])
