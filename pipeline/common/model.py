"""A recipe's model: untrained, trained, and loaded from its file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import cnn
from cnn.history import History
from pipeline.common.datasets import CLASSES, INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled, Normalisation
from pipeline.common.params import Parameters, Recipe
from pipeline.common.paths import MODEL
from pipeline.common.recipes import make_augmentation, make_loss, make_model, make_optimiser


def untrained_model(recipe: Recipe) -> cnn.Sequential:
    """Return the recipe's model with the weights that training starts from, which its seed determines."""
    model = make_model(recipe.model)
    model.build(INPUT_SHAPE, np.random.default_rng(recipe.train.seed))
    return model


def fit_recipe(
    model: cnn.Sequential,
    parameters: Parameters,
    normalisation: Normalisation,
    training: Labelled,
    validation: Labelled,
    callbacks: Sequence[cnn.Callback],
) -> History:
    """Train a model as the chosen recipe says.

    Args:
        model: the recipe's untrained model; training changes its weights.
        parameters: the parameters.
        normalisation: how bytes become the numbers that the network sees.
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
            normalisation.apply(training.images),
            training.labels,
            validation_data=(normalisation.apply(validation.images), validation.labels),
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


def load_model() -> cnn.Sequential:
    """Return the trained model.

    Raises:
        PipelineError: if there is none, its file is damaged, or it was made for other images or classes.
    """
    try:
        model = cnn.Sequential.load(MODEL)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no trained model at {MODEL}: run `dvc repro` first.") from error
    except ValueError as error:
        raise PipelineError(f"{error} Remove it and run `dvc repro`.") from error
    input_shape = model.built_for()
    output_shape = model.output_shape(input_shape)
    if (input_shape, output_shape) != (INPUT_SHAPE, (CLASSES,)):
        raise PipelineError(
            f"{MODEL} holds a model from {input_shape} to {output_shape}, expected one from {INPUT_SHAPE} to "
            f"{(CLASSES,)}: remove it and run `dvc repro`."
        )
    return model
