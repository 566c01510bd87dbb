"""The images as the stages after `preprocess` read them: their parts, and how bytes are normalised.

On disk the images are bytes, which take a quarter of the space; they become float32 when they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from pipeline.common.datasets import DIGITS, MNIST, MNIST_SAMPLE, title_of
from pipeline.common.errors import PipelineError

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
Bytes = NDArray[np.uint8]

IMAGE_SET = "image-set.json"
REMEDY = "remove it and run `dvc repro`"


class Labelled(NamedTuple):
    """Images, grey `[n, h, w]` or coloured `[n, h, w, 3]`, and their labels `[n]`, as bytes."""

    images: Bytes
    labels: Bytes


@dataclass(frozen=True)
class ImageSet:
    """What one has to know of a set of images, besides the images; a model's file holds it too.

    Bytes become the numbers that the network sees as (byte − mean) / standard_deviation.

    Attributes:
        dataset: what was measured, such as `mnist`, `mnist-sample`, or the name of a folder.
        class_names: the name of each class, in the order of the labels.
        mean: the mean of all bytes of the training part.
        standard_deviation: their standard deviation.

    Example:
        >>> image_set = ImageSet("pets", ("cat", "dog"), mean=100.0, standard_deviation=50.0)
        >>> image_set.normalise(np.full((1, 28, 28), 200, np.uint8))[0, 0, 0]
        array([2.], dtype=float32)
    """

    dataset: str
    class_names: Annotated[tuple[str, ...], Field(min_length=2)]
    mean: Annotated[float, Field(ge=0, le=255)]
    standard_deviation: Annotated[float, Field(gt=0, le=255)]

    @classmethod
    def measured_on(cls, dataset: str, class_names: Sequence[str], images: Bytes) -> ImageSet:
        """Measure the constants; sums of whole numbers make them exact, and equal on every machine."""
        total = int(images.sum(dtype=np.int64))
        squares = int(np.square(images, dtype=np.int64).sum())
        variance = (squares * images.size - total * total) / images.size**2
        if variance == 0:
            raise PipelineError(
                "All pixels of the training images are the same, expected pictures of something."
            )
        return cls(dataset, tuple(class_names), total / images.size, sqrt(variance))

    @property
    def handwritten(self) -> bool:
        """Whether these are MNIST's digits."""
        return self.dataset in {MNIST.name, MNIST_SAMPLE.name} and self.class_names == DIGITS

    @property
    def title(self) -> str:
        """The name that figures show."""
        return title_of(self.dataset)

    def normalise(self, images: Bytes) -> NDArray[np.float32]:
        """Return images `[n, h, w]` or `[n, h, w, 3]` as the network takes them: float32, `[n, h, w, c]`."""
        scaled = (images.astype(np.float32) - np.float32(self.mean)) / np.float32(self.standard_deviation)
        return scaled[..., None] if scaled.ndim == 3 else scaled


def load_part(part: Part, processed: Path) -> Labelled:
    """Return one part of the images.

    Args:
        part: `"train"`, `"validation"` or `"test"`.
        processed: the folder that the stage `preprocess` wrote.

    Raises:
        PipelineError: if the part is missing or damaged.
    """
    images, labels = (_load_bytes(processed / f"{part}-{kind}.npy") for kind in Labelled._fields)
    if images.shape[:1] != labels.shape or images.shape[3:] not in {(), (3,)} or images.ndim < 3:
        raise PipelineError(
            f"The {part} part in {processed} has images of {images.shape} and labels of {labels.shape}, "
            f"expected [n, h, w] or [n, h, w, 3] and [n]: {REMEDY}."
        )
    classes = len(load_image_set(processed).class_names)
    if labels.max(initial=0) >= classes:
        path = processed / f"{part}-labels.npy"
        raise PipelineError(f"{path} holds the label {labels.max()}, expected 0 to {classes - 1}: {REMEDY}.")
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


def load_image_set(processed: Path) -> ImageSet:
    """Return what is known of the images.

    Raises:
        PipelineError: if the file is missing or damaged.
    """
    path = processed / IMAGE_SET
    try:
        return image_set_of(path.read_bytes())
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path}: run `dvc repro` first.") from error
    except ValueError as error:
        raise PipelineError(f"{path} is damaged ({error}): {REMEDY}.") from error


def image_set_of(text: bytes | str) -> ImageSet:
    """Return the image set that stands in a text as JSON.

    Raises:
        ValueError: if it is something else.
    """
    try:
        return TypeAdapter(ImageSet).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(" ".join(map(str, (*first["loc"], first["msg"])))) from error
