"""What figures of the trained network are about: the network, the test images, and one of these images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import cnn
from cnn.types import Array
from pipeline.common.datasets import Dataset
from pipeline.common.images import Bytes, Normalisation


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
    """The trained network and the test images.

    Attributes:
        images: the test images, `[n, 28, 28]`.
        labels: their classes.
        digit: which of the images is followed.
    """

    images: Bytes
    labels: Bytes
    digit: int

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

    def first_place(self, kind: type[cnn.Layer], axes: int = 4) -> int | None:
        """Return the place of the network's first layer of a kind that is given arrays of so many axes."""
        for place, layer in enumerate(self.model.layers):
            if isinstance(layer, kind) and self.inputs[place].ndim == axes:
                return place
        return None

    def maps(self, x: Array) -> Array:
        """Return what the first convolution makes of images `[n, h, w, 1]`; without one, the images."""
        place = self.first_place(cnn.Conv2D)
        for layer in self.model.layers[: 0 if place is None else place + 1]:
            x, _ = layer.forward_pass(x)
        return x


def liveliest(maps: Array) -> int:
    """Return which channel of `[n, h, w, c]` varies most.

    Example:
        >>> liveliest(np.array([[0.0, 1.0], [0.1, 9.0]]).reshape(1, 1, 2, 2))
        1
    """
    return int(maps.astype(np.float64).var(axis=(0, 1, 2)).argmax())
