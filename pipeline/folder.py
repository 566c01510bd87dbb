"""Reads a folder of one's own pictures into the files that `preprocess` expects of a data set.

All pictures get one size and either one channel or three. Nothing is cut off and nothing is stretched: a
picture that is not square gets a margin in the colour of its own border.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from pipeline.common.datasets import DATASETS, PROVENANCE, images_file, labels_file
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_json
from pipeline.common.idx import write_idx
from pipeline.common.images import Bytes, Labelled, Part
from pipeline.common.own_pictures import class_names_in, is_hidden, parts_of, sub_folders
from pipeline.common.params import Data
from pipeline.common.pictures import open_picture

SPARE = 4  # how many times as large as needed a picture stays until it is scaled with care
TOLD = 5  # how many bad pictures are named before the rest are counted

Seen = dict[bytes, tuple[Part, int, Path]]
"""The pictures read so far, by a digest of their pixels: the part, the label and the file."""


def read_folder(data: Data, destination: Path) -> None:
    """Read a folder of pictures, with a sub-folder for each class, and write them as IDX files.

    Args:
        data: the folder, and the size and channels that its pictures get.
        destination: the folder of the IDX files.

    Raises:
        PipelineError: if a picture cannot be read, a class has none, or a picture stands where it must not.
        OSError: if a folder cannot be listed, or the files cannot be written.
    """
    folder = Path(data.folder)
    class_names = class_names_in(folder)
    files = {part: _files_of_classes(path, class_names) for part, path in parts_of(folder).items()}
    seen: Seen = {}
    parts = {part: _read(part, of_part, data, seen) for part, of_part in files.items()}
    with new_folder(destination) as new:
        for part, labelled in parts.items():
            write_idx(new / images_file(part), labelled.images)
            write_idx(new / labels_file(part), labelled.labels)
        write_json(new / PROVENANCE, {"dataset": _name(folder), "class_names": class_names})
    counts = ", ".join(f"{len(labelled.labels):,} in {part}" for part, labelled in parts.items())
    print(f"{folder}: {len(seen):,} pictures of {len(class_names)} classes ({counts}).")


def read_picture(file: Path, size: int, channels: int) -> Bytes:
    """Return a picture as the network sees it, `[size, size]`, or `[size, size, 3]` for three channels.

    Raises:
        PipelineError: if there is no such file, or it cannot be read as a picture.
    """
    return scaled(open_picture(file, at_least=SPARE * size), size, channels)


def scaled(picture: Image.Image, size: int, channels: int) -> Bytes:
    """Return a picture, whole, in the middle of a square whose margins have the colour of its border."""
    # Averages of whole blocks take a tenth of the time of a careful filter over all pixels of a photograph.
    picture = picture.reduce(max(1, max(picture.size) // (SPARE * size)))
    picture = picture.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(border, axis=0).astype(int).tolist()
    margin = colour if channels == 1 else tuple(colour)
    return np.asarray(ImageOps.pad(picture, (size, size), Image.Resampling.LANCZOS, color=margin))


def _name(folder: Path) -> str:
    """Return what the data set is called: like the folder, but never like a data set of somebody else."""
    name = folder.resolve().name or "folder"
    return f"{name} (folder)" if name in DATASETS else name


def _files_of_classes(folder: Path, class_names: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Return the files of one part and their labels, class by class."""
    others = [name for name in sub_folders(folder) if name not in class_names]
    if others:
        raise PipelineError(
            f"{folder} has the class {others[0]}, expected those of the training part only, "
            f"{', '.join(class_names)}: rename or remove it."
        )
    loose = [
        path for path in sorted(folder.iterdir()) if path.suffix.lower() in Image.registered_extensions()
    ]
    if loose:
        _note(f"pictures beside the folders of the classes are not used: {len(loose)}, such as {loose[0]}.")
    return [(file, label) for label, name in enumerate(class_names) for file in _files_in(folder / name)]


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a class in the order of their names, also those in folders below."""
    files: list[Path] = []
    for root, below, names in os.walk(folder, onerror=_fail):
        below[:] = [name for name in below if not is_hidden(name)]
        for name in below:
            if Path(root, name).is_symlink():  # it may lead round in a circle
                raise PipelineError(
                    f"{Path(root, name)} is a link to a folder, expected pictures or a folder itself: "
                    "let the class's folder be the link, or copy what it leads to."
                )
        files += [Path(root, name) for name in names if not is_hidden(name) and Path(root, name).is_file()]
    if not files:
        raise PipelineError(
            f"{folder} has no pictures, expected some of each class: add them, or remove the class "
            "everywhere."
        )
    return sorted(files)


def _fail(error: OSError) -> NoReturn:
    if isinstance(error, FileNotFoundError):
        raise PipelineError(
            f"There is no folder {error.filename}, expected one for each class: add it with pictures, "
            "or remove the class everywhere."
        ) from error
    raise error


def _read(part: Part, files: list[tuple[Path, int]], data: Data, seen: Seen) -> Labelled:
    """Read the pictures of one part; of pictures that are there twice, one is kept."""
    images, labels, doubles, faults = [], [], [], []
    for file, label in tqdm(files, desc=f"read {part}", leave=False, disable=None):
        try:
            image = read_picture(file, data.image_size, data.channels)
        except PipelineError as error:
            faults.append(str(error))
            continue
        digest = hashlib.sha256(image.tobytes()).digest()
        former_part, former_label, former = seen.setdefault(digest, (part, label, file))
        if former_part != part or former_label != label:
            told = "in one class" if former_label != label else f"in {former_part} or in {part}"
            raise PipelineError(
                f"{former} and {file} are the same picture at data.image_size {data.image_size} and "
                f"data.channels {data.channels}, expected it {told} only: remove one of them."
            )
        if former != file:
            doubles.append(file)
            continue
        images.append(image)
        labels.append(label)
    if faults:
        more = [f"… and {len(faults) - TOLD} other files that are no pictures."] if faults[TOLD:] else []
        raise PipelineError("\n".join([*faults[:TOLD], *more]))
    if doubles:
        _note(f"pictures that are there twice are used once: {len(doubles)}, such as {doubles[0]}.")
    return Labelled(np.stack(images), np.array(labels, np.uint8))


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)
