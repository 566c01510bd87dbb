"""A folder of one's own pictures: a sub-folder for each class, under `train`, `validation`, `test` or not."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.common.errors import PipelineError
from pipeline.common.images import PARTS, Part
from pipeline.common.paths import FIGURES, MODEL, PROCESSED, RAW

LAYOUT = "expected a sub-folder of pictures for each class, from two to 256"
LIKE_PARTS = {*PARTS, "training", "val", "valid", "testing"}
"""Names that are meant for a part, in lower case."""

WRITTEN = (RAW, PROCESSED, MODEL, FIGURES)
"""What a folder of pictures must not hold, since it is made from them."""

NOT_FOR_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Line ends and the like, and bytes of a name that are no UTF-8."""


def parts_of(folder: Path) -> dict[Part, Path]:
    """Return the folders of a folder's parts: the folder itself, for training, if it is not divided.

    Raises:
        PipelineError: if there is no such folder, it has parts but none to train with, or something else
            beside its parts.
    """
    if any(one.resolve().is_relative_to(folder.resolve()) for one in WRITTEN):
        raise PipelineError(
            f"{folder} holds what the pipeline writes, expected a folder of your pictures only; "
            "set data.folder to one."
        )
    if not folder.is_dir():
        found = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
        written_out = ", written out without the ~" if folder.parts[:1] == ("~",) else ""
        raise PipelineError(f"{found}, {LAYOUT}; set data.folder to yours{written_out}.")
    names = sub_folders(folder)
    divided: dict[Part, Path] = {part: folder / part for part in PARTS if part in names}
    others = [name for name in names if name not in divided]
    like_parts = bool(names) and LIKE_PARTS.issuperset(name.lower() for name in names)
    if like_parts and (others or "train" not in divided):
        raise PipelineError(
            f"{folder} has {' and '.join(names)}, expected the parts to be called train, validation and "
            "test, of which train must be there: rename them."
        )
    if divided and others:
        raise PipelineError(
            f"{folder} has the folder {next(iter(divided))}, which is a part of a set, and beside it "
            f"{others[0]}, expected either parts (train, validation, test) or classes: move or rename one."
        )
    return divided or {"train": folder}


def class_names_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the classes of a folder of pictures, in the order of their labels.

    Raises:
        PipelineError: if there is no such folder, it has fewer than two classes or too many, or a class has
            a name that no file or figure can show.
    """
    part = parts_of(folder)["train"]
    names = sub_folders(part)
    if not 2 <= len(names) <= 256:
        found = f"the one class {names[0]}" if len(names) == 1 else f"{len(names) or 'no'} sub-folders"
        raise PipelineError(f"{part} has {found}, {LAYOUT}.")
    for name in names:
        if NOT_FOR_TEXT.search(name):
            raise PipelineError(f"{part} has the class {name!r}, expected a name of plain text: rename it.")
    return tuple(names)


def sub_folders(folder: Path) -> list[str]:
    """Return the names of a folder's sub-folders, in order, without hidden ones."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not is_hidden(path.name))


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder is one that a system leaves there, not a person."""
    return name.startswith((".", "__")) or name.lower() in {"thumbs.db", "desktop.ini"}
