"""What figures of the trained network are about: the network, the images, and one test image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit import results
from lessons.kit.small_trainings import Pair, train_pair, without_dropout
from lessons.params import Figures, load_all_parameters
from pipeline.common import paths
from pipeline.common.datasets import DATASETS, Dataset
from pipeline.common.errors import PipelineError
from pipeline.common.images import Bytes, Labelled, Normalisation, load_normalisation, load_part
from pipeline.common.recipes import load_model

CHUNK = 100  # images whose activations are in memory at once


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network, and what one has to know to use it.

    Attributes:
        model: the network.
        dataset: what it was trained on.
        normalisation: how bytes become what it sees.
        recipe: the recipe's name.
    """

    model: cnn.Sequential
    dataset: Dataset
    normalisation: Normalisation
    recipe: str

    @property
    def training(self) -> str:
        """Data set and recipe, as the figures' subtitles name them."""
        return f"{self.dataset.title}, recipe {self.recipe}"


@dataclass(frozen=True)
class Subject(TrainedNetwork):
    """The trained network and the images.

    Attributes:
        train: the training images.
        validation: the validation images.
        test: the test images.
        figures: the parameters of the figures.
        digit: which of the test images is followed through the network.
    """

    train: Labelled
    validation: Labelled
    test: Labelled
    figures: Figures
    digit: int

    @property
    def images(self) -> Bytes:
        """The test images, `[n, 28, 28]`."""
        return self.test.images

    @property
    def labels(self) -> Bytes:
        """The classes of the test images."""
        return self.test.labels

    @property
    def image(self) -> Bytes:
        """The image that is followed, `[28, 28]`."""
        picture: Bytes = self.images[self.digit]
        return picture

    @property
    def actual(self) -> str:
        """The class of the image that is followed."""
        return str(self.dataset.class_names[self.labels[self.digit]])

    @cached_property
    def x(self) -> Array:
        """The image that is followed as the network takes it, `[1, 28, 28, 1]`."""
        return self.normalisation.apply(self.image[None])

    @cached_property
    def inputs(self) -> list[Array]:
        """What each layer is given for the image that is followed, and last what the network answers."""
        return [self.x, *self.model.activations(self.x)]

    @property
    def logits(self) -> Array:
        """The network's output for the image that is followed, `[classes]`."""
        last: Array = self.inputs[-1][0]
        return last

    @property
    def probabilities(self) -> Array:
        """The probabilities of the classes of the image that is followed, `[classes]`."""
        [row] = self.model.probabilities(self.inputs[-1])
        return np.asarray(row)

    @cached_property
    def answers(self) -> Array:
        """The probabilities of the classes of all test images, `[n, classes]`."""
        return self.model.predict_proba(self.normalisation.apply(self.images))

    @cached_property
    def with_and_without_dropout(self) -> Pair:
        """A small training with dropout, and the same one without."""
        training = self.figures.overfitting
        return train_pair(
            training, without_dropout(training.model), self.normalisation, self.train, self.some
        )

    @property
    def some(self) -> Labelled:
        """The first of the validation images, on which small networks are validated."""
        return Labelled(*(part[: self.figures.images] for part in self.validation))

    @property
    def counted(self) -> Labelled:
        """The first of the test images: those over which the pages count."""
        return Labelled(*(part[: self.figures.images] for part in self.test))

    def activations_of_counted(self) -> Iterator[list[Array]]:
        """Yield what each layer gives for the counted test images, some of them at a time."""
        images = self.counted.images
        for first in range(0, len(images), CHUNK):
            yield self.model.activations(self.normalisation.apply(images[first : first + CHUNK]))

    def first_index(self, kind: type[cnn.Layer], axes: int = 4) -> int | None:
        """Return the index of the network's first layer of a kind that is given arrays of so many axes."""
        for index, layer in enumerate(self.model.layers):
            if isinstance(layer, kind) and self.inputs[index].ndim == axes:
                return index
        return None

    def maps(self, x: Array) -> Array:
        """Return what the first convolution makes of images `[n, h, w, 1]`; without one, the images."""
        index = self.first_index(cnn.Conv2D)
        for layer in self.model.layers[: 0 if index is None else index + 1]:
            x, _ = layer.forward_pass(x)
        return x


def load_subject() -> Subject:
    """Return what the stages before have made.

    Raises:
        PipelineError: if one of them has not been run, or there is no such test image to follow.
    """
    parameters = load_all_parameters()
    processed = paths.PROCESSED / parameters.data.dataset
    figures = figure_parameters()
    normalisation = load_normalisation(processed)
    train, validation, test = (load_part(part, processed) for part in ("train", "validation", "test"))
    if figures.digit >= len(test.images):
        raise PipelineError(
            f"figures.digit is {figures.digit}, but there are {len(test.images):,} test images: "
            f"choose one from 0 to {len(test.images) - 1}."
        )
    return Subject(
        model=load_model(),
        dataset=DATASETS[normalisation.dataset],
        normalisation=normalisation,
        recipe=results.evaluation()["recipe"],
        train=train,
        validation=validation,
        test=test,
        figures=figures,
        digit=figures.digit,
    )


def figure_parameters() -> Figures:
    """Return the parameters of the figures."""
    return load_all_parameters().figures


def liveliest(maps: Array) -> int:
    """Return which channel of `[n, h, w, c]` varies most.

    Example:
        >>> liveliest(np.array([[0.0, 1.0], [0.1, 9.0]]).reshape(1, 1, 2, 2))
        1
    """
    return int(maps.astype(np.float64).var(axis=(0, 1, 2)).argmax())
