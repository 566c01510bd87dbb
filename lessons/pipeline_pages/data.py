"""The page about the data: the files of each data set, and where they are fetched from."""

from __future__ import annotations

from typing import Any

from lessons.kit.shown import Shown
from lessons.kit.tables import code, table
from pipeline.common.datasets import DATASETS, Dataset


def from_repository() -> Shown:
    """Return the data sets."""
    return Shown(values={"datasets": [described(dataset) for dataset in DATASETS.values()]})


def described(dataset: Dataset) -> dict[str, Any]:
    """Return a data set's title, its mirrors, and a table of its files with their sizes and digests."""
    rows = [[code(file.name), f"{file.size:,}", code(file.sha256)] for file in dataset.files.values()]
    return {
        "title": dataset.title,
        "mirrors": list(dataset.mirrors),
        "files": table(["file, unpacked", "bytes", "SHA-256"], rows),
    }
