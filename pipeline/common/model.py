"""A recipe's model: untrained, trained, and loaded from its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

import cnn
from cnn.history import History
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.images import ImageSet, Labelled, image_set_of, load_image_set, load_part
from pipeline.common.params import Parameters
from pipeline.common.paths import MODEL
from pipeline.common.recipes import make_augmentation, make_loss, make_model, make_optimiser


def untrained_model(parameters: Parameters) -> cnn.Sequential:
    """Return the chosen recipe's model with the weights that training starts from: its seed decides them."""
    recipe = parameters.chosen
    model = make_model(recipe.model)
    model.build(parameters.data.input_shape, np.random.default_rng(recipe.train.seed))
    return model


def fit_recipe(
    model: cnn.Sequential,
    parameters: Parameters,
    image_set: ImageSet,
    training: Labelled,
    validation: Labelled,
    callbacks: Sequence[cnn.Callback],
) -> History:
    """Train a model as the chosen recipe says.

    Args:
        model: the recipe's untrained model; training changes its weights.
        parameters: the parameters.
        image_set: how bytes become the numbers that the network sees.
        training: the images to train with.
        validation: the images to evaluate the model on after each epoch.
        callbacks: the callbacks that follow the training.

    Returns:
        One record for each epoch.

    Raises:
        PipelineError: if the images or a checkpoint do not fit.
        FloatingPointError: if training diverges.
    """
    recipe = parameters.chosen
    decay = recipe.train.weight_average
    averaging = [] if decay is None else [cnn.WeightAverage(decay)]
    try:
        return model.fit(
            image_set.normalise(training.images),
            training.labels,
            validation_data=(image_set.normalise(validation.images), validation.labels),
            optimiser=make_optimiser(recipe.optimiser),
            loss=make_loss(recipe.loss),
            augmentation=None if recipe.augmentation is None else make_augmentation(recipe.augmentation),
            epochs=recipe.train.epochs,
            batch_size=recipe.train.batch_size,
            micro_batch_size=recipe.train.micro_batch_size,
            seed=recipe.train.seed,
            workers=parameters.runtime.workers,
            callbacks=[*averaging, *callbacks],
            progress=False,
        )
    except ValueError as error:  # about the data or the checkpoint: the parameters have been checked
        raise PipelineError(str(error)) from error


def save_model(model: cnn.Sequential, image_set: ImageSet, path: Path = MODEL) -> None:
    """Write a trained model to a file, with what one has to know of its images to use it."""
    model.metadata = asdict(image_set)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)


def load_model(path: Path = MODEL) -> tuple[cnn.Sequential, ImageSet]:
    """Return a trained model, and what it was trained on.

    Raises:
        PipelineError: if there is none, its file is damaged, or it does not say what its classes are.
    """
    try:
        model = cnn.Sequential.load(path)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no trained model at {path}: run `dvc repro` first.") from error
    except ValueError as error:
        raise PipelineError(f"{error} {_remedy(path)}") from error
    try:
        image_set = image_set_of(json.dumps(model.metadata))
    except ValueError as error:
        raise PipelineError(
            f"{path} does not say what its model was trained on, expected a model that `dvc repro` trained. "
            f"{_remedy(path)}"
        ) from error
    shape = model.built_for()
    output_shape, classes = model.output_shape(shape), len(image_set.class_names)
    known = shape == INPUT_SHAPE if image_set.handwritten else len(shape) == 3 and shape[0] == shape[1]
    if output_shape != (classes,) or not known:
        raise PipelineError(
            f"{path} holds a model from {shape} to {output_shape}, expected one from square images"
            f"{f' of {INPUT_SHAPE}' if image_set.handwritten else ''} to {(classes,)}, a number for each of "
            f"its classes. {_remedy(path)}"
        )
    return model, image_set


def _remedy(path: Path) -> str:
    if path == MODEL:
        return "Remove it and run `dvc repro`."
    return f"Give a file like {MODEL}, which `dvc repro` writes."


def load_model_and_test_images(processed: Path) -> tuple[cnn.Sequential, ImageSet, Labelled]:
    """Return the trained model, what it was trained on, and the test images.

    Raises:
        PipelineError: if one of them is missing or damaged, or if the images are not of the model's kind.
    """
    model, image_set = load_model()
    test, found = load_part("test", processed), load_image_set(processed)
    x = image_set.normalise(test.images[:1])
    if (found.dataset, found.class_names) != (image_set.dataset, image_set.class_names) or (
        x.shape[1:] != model.built_for()
    ):
        raise PipelineError(
            f"{MODEL} was trained on {image_set.dataset}, {model.built_for()}, but the images in {processed} "
            f"are of {found.dataset}, {x.shape[1:]}: run `dvc repro`."
        )
    return model, image_set, test
