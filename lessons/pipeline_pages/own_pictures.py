"""The page about one's own pictures: what the recipes reached on its two sets, and two real refusals."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from lessons.kit import results
from lessons.kit.shown import Shown
from lessons.kit.tables import code, table
from pipeline.common.errors import PipelineError
from pipeline.common.own_pictures import class_names_in
from pipeline.common.params import load_parameters
from pipeline.folder import read_folder
from pipeline.study.results import mean_and_deviation

FOLDER = "pictures/pets"


def from_repository() -> Shown:
    """Return a table of the repeated trainings, and what is said of two folders that cannot be used."""
    measured = ("test_accuracy", "seconds")
    rows = [
        [
            study["dataset"],
            code(study["recipe"]),
            *(mean_and_deviation(study, name) if name in study["summary"] else "" for name in measured),
        ]
        for study in results.own_studies()
    ]
    return Shown(
        values={
            "studies": table(["pictures", "recipe", "test pictures right, in %", "seconds"], rows),
            "one_class": refusal(["cat"], class_names_in),
            "doubles": refusal(["cat", "dog"], _read),
        }
    )


def refusal(classes: list[str], use: Callable[[Path], object]) -> str:
    """Return what is said when one uses a folder of these classes, each of which has the same picture.

    Example:
        >>> refusal(["cat"], class_names_in)[:36]
        'pictures/pets has the one class cat,'
    """
    with TemporaryDirectory() as root:
        for name in classes:
            folder = Path(root, FOLDER, name)
            folder.mkdir(parents=True)
            Image.new("RGB", (32, 32)).save(folder / f"a {name}.png")
        try:
            use(Path(root, FOLDER))
        except PipelineError as error:
            return str(error).replace(f"{root}{os.sep}", "").replace(os.sep, "/")
    raise AssertionError(f"A folder with {classes} was not refused.")


def _read(folder: Path) -> None:
    own = {"dataset": "folder", "folder": str(folder), "image_size": 28, "channels": 1}
    read_folder(load_parameters().data.model_copy(update=own), folder.parent / "read")
