"""Small networks, trained within seconds, that show what one choice makes of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import cnn
from cnn.history import Record
from lessons.params import SmallTraining
from pipeline.common.images import ImageSet, Labelled
from pipeline.common.recipes import make_model

Layers = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Trained:
    """A small network and the record of its training."""

    model: cnn.Sequential
    history: Sequence[Record]


def without_dropout(layers: Layers) -> Layers:
    """Return the layers with every rate of dropout set to 0.

    Example:
        >>> without_dropout([{"layer": "Dropout", "rate": 0.5}])
        [{'layer': 'Dropout', 'rate': 0.0}]
    """
    return [layer | {"rate": 0.0} if layer["layer"] == "Dropout" else layer for layer in map(dict, layers)]


def some(images: Labelled, most: int, start: int = 0) -> Labelled:
    """Return some of the images: the next ones, or some of each class if they are sorted by class.

    Args:
        images: the images to take from.
        most: how many, at most.
        start: the first one's number.

    Example:
        >>> by_class = Labelled(np.zeros((6, 4, 4), np.uint8), np.array([0, 0, 0, 1, 1, 1], np.uint8))
        >>> some(by_class, 2, start=1).labels.tolist()
        [0, 1]
    """
    n = len(images.labels)
    count = min(most, n)
    by_class = bool((images.labels[:-1] <= images.labels[1:]).all())
    chosen = (start + np.arange(count) * (n // count if by_class else 1)) % n
    return Labelled(images.images[chosen], images.labels[chosen])


def train_small(
    training: SmallTraining,
    layers: Layers,
    image_set: ImageSet,
    train: Labelled,
    validation: Labelled,
) -> Trained:
    """Train layers on some of the training images.

    Args:
        training: how.
        layers: the model's layers.
        image_set: how bytes become numbers.
        train: the training images, of which some are taken.
        validation: the images to evaluate the model on after each epoch.
    """
    chosen = some(train, training.images)
    model, x = make_model(layers), image_set.normalise(chosen.images)
    model.build(x.shape[1:], np.random.default_rng(training.seed))
    history = model.fit(
        x,
        chosen.labels.astype(np.int64),
        epochs=training.epochs,
        optimiser=cnn.Adam(learning_rate=training.learning_rate),
        batch_size=training.batch_size,
        validation_data=(image_set.normalise(validation.images), validation.labels.astype(np.int64)),
        progress=False,
        seed=training.seed,
    )
    return Trained(model, history)


@dataclass(frozen=True)
class TwoTrainings:
    """The same training twice: as it is, and without something.

    Attributes:
        training: how both were trained.
        images: how many images both saw.
        with_it: the training as it is.
        without: the training without something.
    """

    training: SmallTraining
    images: int
    with_it: Trained
    without: Trained

    def described(self) -> dict[str, str]:
        """Return the numbers that a page tells about the two trainings."""
        return {
            "parameters": f"{sum(array.size for array in self.with_it.model.params.values()):,}",
            "seed": str(self.training.seed),
            "images": f"{self.images:,}",
            "epochs": str(self.training.epochs),
            "batch_size": str(self.training.batch_size),
            "learning_rate": f"{self.training.learning_rate:g}",
        }
