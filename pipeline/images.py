"""The images as the stages after `preprocess` read them: the parts, and how bytes are normalised.

The images stay bytes on disk, a quarter of the size; they become float32 when they are used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError

Part = Literal["train", "validation", "test"]
Bytes = NDArray[np.uint8]

NORMALISATION = "normalisation.json"


class Labelled(NamedTuple):
    """Images `[n, 28, 28]` and their labels `[n]`, as bytes."""

    images: Bytes
    labels: Bytes


@dataclass(frozen=True)
class Normalisation:
    """How bytes become the numbers that the network sees: (byte − mean) / standard_deviation.

    Attributes:
        dataset: what the constants were measured on, such as `mnist` or `mnist-sample`.
        mean: of all bytes of the training part.
        standard_deviation: of the same.

    Example:
        >>> normalisation = Normalisation("mnist", mean=100.0, standard_deviation=50.0)
        >>> normalisation.apply(np.full((1, 28, 28), 200, np.uint8))[0, 0, 0]
        array([2.], dtype=float32)
    """

    dataset: str
    mean: float
    standard_deviation: float

    @classmethod
    def measured_on(cls, dataset: str, images: Bytes) -> Normalisation:
        """Measure the constants; whole-number sums make them exact, and the same on every machine."""
        total = int(images.sum(dtype=np.int64))
        squares = int(np.square(images, dtype=np.int64).sum())
        variance = (squares * images.size - total * total) / images.size**2
        if variance == 0:
            raise PipelineError(
                "All pixels of the training images are the same, expected pictures of something."
            )
        return cls(dataset, total / images.size, sqrt(variance))

    def apply(self, images: Bytes) -> NDArray[np.float32]:
        """Return the images `[n, h, w]` as the network takes them: float32, `[n, h, w, 1]`."""
        scaled = (images.astype(np.float32) - np.float32(self.mean)) / np.float32(self.standard_deviation)
        return scaled[..., None]


def load_part(part: Part, processed: Path) -> Labelled:
    """Return one part of the images.

    Args:
        part: `"train"`, `"validation"` or `"test"`.
        processed: the folder that the stage wrote.

    Raises:
        PipelineError: if the part is not there.
    """
    try:
        return Labelled(*(np.load(processed / f"{part}-{kind}.npy") for kind in Labelled._fields))
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {error.filename}: run `dvc repro` first.") from error


def load_normalisation(processed: Path) -> Normalisation:
    """Return how the images are normalised.

    Raises:
        PipelineError: if the file is not there.
    """
    path = processed / NORMALISATION
    if not path.exists():
        raise PipelineError(f"There is no {path}: run `dvc repro` first.")
    return Normalisation(**json.loads(path.read_text(encoding="utf-8")))
