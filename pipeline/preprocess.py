"""The preprocess stage: divides the images into training, validation and test; measures how to normalise."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.model_selection import train_test_split

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, PROVENANCE
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_json
from pipeline.common.idx import read_idx
from pipeline.common.images import NORMALISATION, Labelled, Normalisation, Part
from pipeline.common.machine import log_circumstances
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage


def main() -> None:
    """Run the stage."""
    data = load_parameters().data
    log_circumstances("preprocess")
    preprocess(
        paths.RAW / data.dataset, paths.PROCESSED / data.dataset, data.validation_share, data.split_seed
    )


def preprocess(raw: Path, destination: Path, validation_share: float, split_seed: int) -> None:
    """Divide the raw images, and write all parts or none.

    Args:
        raw: the folder of the four IDX files.
        destination: the folder for the parts and `normalisation.json`.
        validation_share: the share of the training images that is held back, the same in each class.
        split_seed: the seed that decides which images these are.

    Raises:
        PipelineError: if the raw files are damaged, or there are too few images for such a share.
    """
    provenance = json.loads((raw / PROVENANCE).read_text(encoding="utf-8"))
    train, test = _read(raw, "train"), _read(raw, "test")
    try:
        kept, held_back = train_test_split(
            np.arange(len(train.labels)),
            test_size=validation_share,
            stratify=train.labels,
            random_state=split_seed,
        )
    except ValueError as error:
        raise PipelineError(f"data.validation_share {validation_share} cannot be used: {error}") from error
    kept, held_back = np.sort(kept), np.sort(held_back)
    for side in (kept, held_back):
        lacking = np.setdiff1d(train.labels, train.labels[side])
        if len(lacking):
            raise PipelineError(
                f"data.validation_share {validation_share} leaves class {lacking[0]} without an image "
                "on one side: choose a share nearer to a half."
            )
    parts: dict[Part, Labelled] = {
        "train": Labelled(train.images[kept], train.labels[kept]),
        "validation": Labelled(train.images[held_back], train.labels[held_back]),
        "test": test,
    }
    normalisation = Normalisation.measured_on(provenance["dataset"], parts["train"].images)
    with new_folder(destination) as folder:
        for name, part in parts.items():
            np.save(folder / f"{name}-images.npy", part.images)
            np.save(folder / f"{name}-labels.npy", part.labels)
        write_json(folder / NORMALISATION, asdict(normalisation))


def _read(raw: Path, split: Literal["train", "test"]) -> Labelled:
    files = next(iter(DATASETS.values())).files  # the names are the same in every data set
    return Labelled(*(read_idx(raw / files[split, kind].name) for kind in ("images", "labels")))


if __name__ == "__main__":
    run_stage(main, stage="preprocess")
