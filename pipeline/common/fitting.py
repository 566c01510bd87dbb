"""The training of a recipe, as the train stage and the study carry it out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import cnn
from cnn.training import Record
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled, Normalisation
from pipeline.common.params import Parameters, Recipe
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
) -> list[Record]:
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
            augmentation=make_augmentation(recipe.augmentation),
            epochs=recipe.train.epochs,
            batch_size=recipe.train.batch_size,
            micro_batch_size=recipe.train.micro_batch_size,
            seed=recipe.train.seed,
            workers=parameters.runtime.workers,
            callbacks=[*averaging, *callbacks],
        )
    except ValueError as error:  # about the data or the checkpoint: the parameters have been checked
        raise PipelineError(str(error)) from error
