"""What the stages have written about a training and its test, read back for figures and pages."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.study.results import Study, read

CURVES = {  # the entries of a training's record, and where DVCLive writes them
    "loss": "train/loss",
    "accuracy": "train/accuracy",
    "learning_rate": "train/learning_rate",
    "validation_loss": "validation/loss",
    "validation_accuracy": "validation/accuracy",
}


def evaluation() -> dict[str, Any]:
    """Return what the trained network reached on the test images.

    Raises:
        PipelineError: if there are no results, or damaged ones.
    """
    try:
        found: dict[str, Any] = json.loads(_text(paths.EVALUATION))
    except ValueError as error:
        raise PipelineError(f"{paths.EVALUATION} is damaged: remove it and run `dvc repro`.") from error
    return found


def history() -> list[dict[str, float]]:
    """Return the record of every epoch of the training.

    Raises:
        PipelineError: if there is none, or a damaged one.
    """
    curves = {name: rows(paths.TRAINING_LOG / f"plots/metrics/{file}.tsv") for name, file in CURVES.items()}
    try:
        return [
            {"epoch": float(row["step"])}
            | {name: float(curves[name][index][Path(file).name]) for name, file in CURVES.items()}
            for index, row in enumerate(curves["loss"])
        ]
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise PipelineError(
            f"{paths.TRAINING_LOG} does not tell of every epoch: remove it and run `dvc repro`."
        ) from error


def rows(path: Path) -> list[dict[str, str]]:
    """Return a table's rows by the names of its columns.

    Raises:
        PipelineError: if there is no such table.
    """
    delimiter = "\t" if path.suffix == ".tsv" else ","
    return list(csv.DictReader(_text(path).splitlines(), delimiter=delimiter))


def studies() -> list[Study]:
    """Return what repeated trainings of the recipes reached on the test images."""
    return [study for path in sorted(paths.STUDIES.glob("*.json")) for study in read(path)]


def own_studies() -> list[Study]:
    """Return the same of folders of one's own pictures."""
    return [study for path in sorted(paths.OWN_STUDIES.glob("*/*.json")) for study in read(path)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path}: run `dvc repro` first.") from error
