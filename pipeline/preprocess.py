"""The preprocess stage: divides the images into training, validation and test; measures how to normalise."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, PROVENANCE, images_file, labels_file
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_json
from pipeline.common.idx import read_idx
from pipeline.common.images import IMAGE_SET, PARTS, ImageSet, Labelled, Part
from pipeline.common.machine import log_circumstances
from pipeline.common.params import Data, load_parameters
from pipeline.common.running import run_stage


def main() -> None:
    """Run the stage."""
    data = load_parameters().data
    log_circumstances("preprocess")
    preprocess(paths.RAW / data.dataset, paths.PROCESSED / data.dataset, data)


def preprocess(raw: Path, destination: Path, data: Data) -> None:
    """Divide the raw images, and write all parts or none.

    A part that the raw images have already stays as it is.

    Args:
        raw: the folder of the IDX files.
        destination: the folder for the parts and `image-set.json`.
        data: which shares of the training images are held back, the same in each class, and the seed that
            decides which images these are.

    Raises:
        PipelineError: if the raw files are damaged, or there are too few images for such a share.
    """
    provenance = json.loads((raw / PROVENANCE).read_text(encoding="utf-8"))
    dataset = provenance["dataset"]
    class_names = provenance.get("class_names") or DATASETS[dataset].class_names
    parts = {part: _read(raw, part) for part in PARTS if (raw / images_file(part)).exists()}
    if "test" not in parts:
        parts["train"], parts["test"] = _divided(parts["train"], "test_share", data, class_names)
    if "validation" not in parts:
        parts["train"], parts["validation"] = _divided(parts["train"], "validation_share", data, class_names)
    image_set = ImageSet.measured_on(dataset, class_names, parts["train"].images)
    with new_folder(destination) as folder:
        for name, labelled in parts.items():
            np.save(folder / f"{name}-images.npy", labelled.images)
            np.save(folder / f"{name}-labels.npy", labelled.labels)
        write_json(folder / IMAGE_SET, asdict(image_set))


def _read(raw: Path, part: Part) -> Labelled:
    return Labelled(read_idx(raw / images_file(part)), read_idx(raw / labels_file(part)))


def _divided(
    images: Labelled, parameter: str, data: Data, class_names: Sequence[str]
) -> tuple[Labelled, Labelled]:
    """Return the images that stay, and those that are held back: a share of each class."""
    share = getattr(data, parameter)
    classes, counts = np.unique(images.labels, return_counts=True)
    if counts.min() < 2:
        raise PipelineError(
            f"class {class_names[classes[counts.argmin()]]} has only 1 image for data.{parameter} to divide, "
            "expected at least 2: add some."
        )

    def leaves_out(which: str) -> PipelineError:
        return PipelineError(
            f"data.{parameter} {share} of {len(images.labels):,} images leaves {which} without an image on "
            "one side, expected one of each class: choose a share nearer to a half, or add images."
        )

    try:
        sides = train_test_split(
            np.arange(len(images.labels)),
            test_size=share,
            stratify=images.labels,
            random_state=data.split_seed,
        )
    except ValueError as error:
        raise leaves_out("some of the classes") from error
    for side in sides:
        lacking = np.setdiff1d(classes, images.labels[side])
        if len(lacking):
            raise leaves_out(f"class {class_names[lacking[0]]}")
    kept, held_back = (Labelled(images.images[side], images.labels[side]) for side in map(np.sort, sides))
    return kept, held_back


if __name__ == "__main__":
    run_stage(main, stage="preprocess")
