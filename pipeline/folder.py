"""Reads a folder of one's own pictures into the files that `preprocess` expects of a data set.

All pictures get one size and either one channel or three. Nothing is cut off and nothing is stretched: a
picture that is not square gets a margin in the colour of its own border.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from pipeline.common.datasets import PROVENANCE, images_file, labels_file
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_json
from pipeline.common.idx import write_idx
from pipeline.common.images import Bytes, Labelled, Part
from pipeline.common.own_pictures import class_names_in, is_hidden, parts_of
from pipeline.common.params import Data
from pipeline.common.pictures import open_picture

Seen = dict[bytes, tuple[Part, int, Path]]
"""The pictures read so far, by their pixels: the part, the label and the file."""


def read_folder(data: Data, destination: Path) -> None:
    """Read a folder of pictures, with a sub-folder for each class, and write them as IDX files.

    Args:
        data: the folder, and the size and channels that its pictures get.
        destination: the folder of the IDX files.

    Raises:
        PipelineError: if a picture cannot be read, a class has none, or a picture stands where it must not.
        OSError: if the files cannot be written.
    """
    folder = Path(data.folder)
    class_names = class_names_in(folder)
    seen: Seen = {}
    parts = {part: _read(part, path, class_names, data, seen) for part, path in parts_of(folder).items()}
    with new_folder(destination) as new:
        for part, labelled in parts.items():
            write_idx(new / images_file(part), labelled.images)
            write_idx(new / labels_file(part), labelled.labels)
        write_json(new / PROVENANCE, {"dataset": folder.resolve().name, "class_names": class_names})
    counts = ", ".join(f"{len(labelled.labels):,} in {part}" for part, labelled in parts.items())
    print(f"{folder}: {len(seen):,} pictures of {len(class_names)} classes ({counts}).")


def scaled(picture: Image.Image, size: int, channels: int) -> Bytes:
    """Return a picture as the network sees it, `[size, size]` or `[size, size, 3]`."""
    picture = picture.convert("L" if channels == 1 else "RGB")
    border = np.asarray(picture)
    around = np.concatenate([border[0], border[-1], border[:, 0], border[:, -1]])
    colour = np.median(around, axis=0).astype(int).tolist()
    margin = colour if channels == 1 else tuple(colour)
    return np.asarray(ImageOps.pad(picture, (size, size), Image.Resampling.LANCZOS, color=margin))


def _read(part: Part, folder: Path, class_names: tuple[str, ...], data: Data, seen: Seen) -> Labelled:
    """Read the pictures of one part; of pictures that are there twice, one is kept."""
    _refuse_other_classes(folder, class_names)
    files = [(file, label) for label, name in enumerate(class_names) for file in _files_in(folder / name)]
    images, labels, doubles = [], [], []
    for file, label in tqdm(files, desc=f"read {part}", leave=False, disable=None):
        image = scaled(open_picture(file), data.image_size, data.channels)
        former_part, former_label, former = seen.setdefault(image.tobytes(), (part, label, file))
        if former_part != part or former_label != label:
            told = "in one class" if former_label != label else f"in {former_part} or in {part}"
            raise PipelineError(
                f"{former} and {file} are the same picture, expected it {told} only: remove one of them."
            )
        if former != file:
            doubles.append(file)
            continue
        images.append(image)
        labels.append(label)
    if doubles:
        print(
            f"note: {len(doubles)} pictures are there twice, such as {doubles[0]}; one of each is used.",
            file=sys.stderr,
        )
    return Labelled(np.stack(images), np.array(labels, np.uint8))


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a class in the order of their names, also those in folders below."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not is_hidden(path))
    if not files:
        raise PipelineError(
            f"{folder} has no pictures, expected some of each class: add them, or remove the folder."
        )
    return files


def _refuse_other_classes(folder: Path, class_names: tuple[str, ...]) -> None:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not is_hidden(path) and path.name not in class_names:
            raise PipelineError(
                f"{folder} has the class {path.name}, expected those of the training part only, "
                f"{', '.join(class_names)}: rename or remove it."
            )
