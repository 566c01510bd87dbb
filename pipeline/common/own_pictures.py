"""A folder of one's own pictures: a sub-folder for each class, under `train`, `validation`, `test` or not."""

from __future__ import annotations

from pathlib import Path

from pipeline.common.errors import PipelineError
from pipeline.common.images import PARTS, Part

LAYOUT = "expected a sub-folder of pictures for each class, at least two"


def parts_of(folder: Path) -> dict[Part, Path]:
    """Return the folders of a folder's parts: the folder itself if it is not divided.

    Raises:
        PipelineError: if there is no such folder, or it has parts but none to train with.
    """
    if not folder.is_dir():
        raise PipelineError(f"there is no folder {folder}, {LAYOUT}; set data.folder to yours.")
    divided: dict[Part, Path] = {part: folder / part for part in PARTS if (folder / part).is_dir()}
    if not divided:
        return {"train": folder}
    if "train" not in divided:
        raise PipelineError(f"{folder} has {' and '.join(divided)}, but no sub-folder train beside them.")
    return divided


def class_names_in(folder: Path) -> tuple[str, ...]:
    """Return the names of the classes of a folder of pictures, in the order of their labels.

    Raises:
        PipelineError: if there is no such folder, or it has fewer than two classes or too many.
    """
    part = parts_of(folder)["train"]
    names = tuple(sorted(path.name for path in part.iterdir() if path.is_dir() and not is_hidden(path)))
    if not 2 <= len(names) <= 256:
        found = f"the one class {names[0]}" if len(names) == 1 else f"{len(names) or 'no'} sub-folders"
        raise PipelineError(f"{part} has {found}, {LAYOUT} and at most 256.")
    return names


def is_hidden(path: Path) -> bool:
    """Tell whether a file or folder is one that a system leaves there, not a person."""
    return path.name.startswith((".", "__")) or path.name.lower() in {"thumbs.db", "desktop.ini"}
