"""The images as the stages after `preprocess` read them: their parts, and how bytes are normalised.

On disk the images are bytes, which take a quarter of the space; they become float32 when they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from pipeline.common.datasets import CLASSES, IMAGE_SHAPE
from pipeline.common.errors import PipelineError

Part = Literal["train", "validation", "test"]
Bytes = NDArray[np.uint8]

NORMALISATION = "normalisation.json"
REMEDY = "remove it and run `dvc repro`"


class Labelled(NamedTuple):
    """Images `[n, 28, 28]` and their labels `[n]`, as bytes."""

    images: Bytes
    labels: Bytes


@dataclass(frozen=True)
class Normalisation:
    """How bytes become the numbers that the network sees: (byte − mean) / standard_deviation.

    Attributes:
        dataset: the data set that was measured, such as `mnist` or `mnist-sample`.
        mean: the mean of all bytes of the training part.
        standard_deviation: their standard deviation.

    Example:
        >>> normalisation = Normalisation("mnist", mean=100.0, standard_deviation=50.0)
        >>> normalisation.apply(np.full((1, 28, 28), 200, np.uint8))[0, 0, 0]
        array([2.], dtype=float32)
    """

    dataset: str
    mean: Annotated[float, Field(ge=0, le=255)]
    standard_deviation: Annotated[float, Field(gt=0, le=255)]

    @classmethod
    def measured_on(cls, dataset: str, images: Bytes) -> Normalisation:
        """Measure the constants; sums of whole numbers make them exact, and equal on every machine."""
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
        processed: the folder that the stage `preprocess` wrote.

    Raises:
        PipelineError: if the part is missing or damaged.
    """
    images, labels = (_load_bytes(processed / f"{part}-{kind}.npy") for kind in Labelled._fields)
    if images.shape != (*labels.shape, *IMAGE_SHAPE):
        raise PipelineError(
            f"The {part} part in {processed} has images of {images.shape} and labels of {labels.shape}, "
            f"expected [n, 28, 28] and [n]: {REMEDY}."
        )
    if labels.max(initial=0) >= CLASSES:
        path = processed / f"{part}-labels.npy"
        raise PipelineError(f"{path} holds the label {labels.max()}, expected 0 to {CLASSES - 1}: {REMEDY}.")
    return Labelled(images, labels)


def _load_bytes(path: Path) -> Bytes:
    try:
        # A map of the file needs no memory, however large an array the file claims to hold.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path}: run `dvc repro` first.") from error
    except Exception as error:  # decoders of damaged files raise errors of any kind
        raise PipelineError(f"{path} is damaged ({error}): {REMEDY}.") from error
    if array.dtype != np.uint8:
        raise PipelineError(f"{path} holds {array.dtype}, expected uint8: {REMEDY}.")
    return np.array(array)


def load_normalisation(processed: Path) -> Normalisation:
    """Return how the images are normalised.

    Raises:
        PipelineError: if the file is missing or damaged.
    """
    path = processed / NORMALISATION
    try:
        return TypeAdapter(Normalisation).validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path}: run `dvc repro` first.") from error
    except ValidationError as error:
        first = error.errors()[0]
        fault = " ".join(map(str, (*first["loc"], first["msg"])))
        raise PipelineError(f"{path} is damaged ({fault}): {REMEDY}.") from error
