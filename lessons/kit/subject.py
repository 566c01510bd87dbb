"""What figures of the trained network are about: the network, the images, and one test image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

import cnn
from cnn.types import Array
from lessons.kit import results
from lessons.kit.small_trainings import Layers, TwoTrainings, some, train_small, without_dropout
from lessons.params import Figures, SmallTraining, load_all_parameters
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.images import Bytes, ImageSet, Labelled, load_part
from pipeline.common.model import load_model_and_test_images

CLASSES = 20  # that a figure lists, at most
SMALL_NETWORK = (
    "The recipe that was trained has no layer of the kind that this page explains. The table is of a small "
    "network, trained for it: `figures.overfitting` in `params.yaml`.\n\n"
)


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network, and what one has to know to use it.

    Attributes:
        model: the network.
        image_set: what it was trained on, and how bytes become what it sees.
        recipe: the recipe's name; a small network that is trained for a page has none.
    """

    model: cnn.Sequential
    image_set: ImageSet
    recipe: str | None

    @property
    def training(self) -> str:
        """Data set and recipe, as the figures' subtitles name them."""
        network = f"recipe {self.recipe}" if self.recipe else "a small network"
        return f"{self.image_set.title}, {network}"


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
    def image(self) -> Bytes:
        """The image that is followed, grey `[h, w]` or coloured `[h, w, 3]`."""
        picture: Bytes = self.test.images[self.digit]
        return picture

    @property
    def actual(self) -> str:
        """The class of the image that is followed."""
        return str(self.image_set.class_names[self.test.labels[self.digit]])

    @cached_property
    def x(self) -> Array:
        """The image that is followed as the network takes it, `[1, h, w, c]`."""
        return self.image_set.normalise(self.image[None])

    @cached_property
    def inputs(self) -> list[Array]:
        """What each layer is given for the image that is followed, and last what the network answers."""
        return [self.x, *self.model.activations(self.x)]

    @property
    def logits(self) -> Array:
        """The network's output for the image that is followed, `[classes]`."""
        last: Array = self.inputs[-1][0]
        return last

    @cached_property
    def answers(self) -> Array:
        """The probabilities of the classes of all test images, `[n, classes]`."""
        return self.model.predict_proba(self.image_set.normalise(self.test.images))

    @cached_property
    def with_and_without_dropout(self) -> TwoTrainings:
        """A small training with dropout, and the same one without."""
        training = self.figures.overfitting
        return self.train_twice(training, without_dropout(training.model))

    def train_twice(self, training: SmallTraining, without: Layers) -> TwoTrainings:
        """Train a small model, and the same one with other layers; validate both on some of the images."""
        validation = some(self.validation, self.figures.images)
        with_it, without_it = (
            train_small(training, layers, self.image_set, self.train, validation)
            for layers in (training.model, without)
        )
        return TwoTrainings(training, min(training.images, len(self.train.images)), with_it, without_it)

    def with_layer(self, *kinds: type[cnn.Layer]) -> Subject:
        """Return the subject, with a small network instead of one that has no layer of these kinds."""
        if any(isinstance(layer, kinds) for layer in self.model.layers):
            return self
        return replace(self, model=self.with_and_without_dropout.with_it.model, recipe=None)

    @property
    def note(self) -> str:
        """What a page says above a table of a small network; above one of the trained network, nothing."""
        return "" if self.recipe else SMALL_NETWORK

    @property
    def counted(self) -> Labelled:
        """The test images over which the pages count."""
        return some(self.test, self.figures.images)

    def first_index(self, kind: type[cnn.Layer]) -> int | None:
        """Return the index of the network's first layer of a kind that is given feature maps."""
        for index, layer in enumerate(self.model.layers):
            if isinstance(layer, kind) and self.inputs[index].ndim == 4:
                return index
        return None

    def maps(self, x: Array) -> Array:
        """Return what the first convolution makes of images `[n, h, w, c]`; without one, the images."""
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
    figures = parameters.figures
    model, image_set, test = load_model_and_test_images(processed)
    if figures.digit >= len(test.images):
        raise PipelineError(
            f"figures.digit is {figures.digit}, but there are {len(test.images):,} test images: "
            f"choose one from 0 to {len(test.images) - 1}."
        )
    return Subject(
        model=model,
        image_set=image_set,
        recipe=results.evaluation()["recipe"],
        train=load_part("train", processed),
        validation=load_part("validation", processed),
        test=test,
        figures=figures,
        digit=figures.digit,
    )


def layers_to_probabilities(model: cnn.Sequential) -> list[cnn.Layer]:
    """Return the model's layers; a softmax follows where the loss has it in training."""
    ends_with_probabilities = isinstance(model.layers[-1], cnn.Softmax)
    return [*model.layers] if ends_with_probabilities else [*model.layers, cnn.Softmax()]


def activations_to_probabilities(model: cnn.Sequential, x: Array) -> list[Array]:
    """Return what each of `layers_to_probabilities` gives for these samples."""
    found = model.activations(x)
    return found if isinstance(model.layers[-1], cnn.Softmax) else [*found, model.probabilities(found[-1])]


def foremost(weights: Array, most: int) -> list[int]:
    """Return, in their order, the indices of the `most` largest numbers.

    Example:
        >>> foremost(np.array([0.1, 0.7, 0.0, 0.2]), 2)
        [1, 3]
    """
    return sorted(np.argsort(-weights, kind="stable")[:most].tolist())


def liveliest(maps: Array) -> int:
    """Return which channel of `[n, h, w, c]` varies most.

    Example:
        >>> liveliest(np.array([[0.0, 1.0], [0.1, 9.0]]).reshape(1, 1, 2, 2))
        1
    """
    return int(maps.astype(np.float64).var(axis=(0, 1, 2)).argmax())


def most_like(image: Bytes, maps: Array) -> int:
    """Return which channel of `[1, h, w, c]` answers where the image is bright, seen from afar.

    Args:
        image: the image, grey `[h, w]` or coloured `[h, w, 3]`.
        maps: what a layer makes of it; negative numbers are no answer.
    """
    side = min(7, *maps.shape[1:3])

    def from_afar(values: Array | Bytes) -> Array:
        small = Image.fromarray(values.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
        blurred = np.asarray(small, np.float64)
        centred: Array = blurred - blurred.mean()
        return centred

    # The root lets weak answers count, so that a map of the whole shape beats a map of one bright stroke.
    seen = [from_afar(np.sqrt(np.maximum(maps[0, :, :, k], 0))) for k in range(maps.shape[-1])]
    bright = from_afar(image if image.ndim == 2 else image.mean(axis=2))
    return int(np.argmax([(one * bright).sum() / (np.linalg.norm(one) or 1) for one in seen]))
