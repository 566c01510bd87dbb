"""What the pages show of the trained network, and of small ones trained for them: figures and facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

import cnn
from lessons.drawings.architecture import draw_architecture, draw_parameter_counts
from lessons.drawings.curves import draw_activation_curves, draw_learning_rate, draw_optimiser_paths
from lessons.drawings.images import (
    draw_augmentation,
    draw_digit_as_numbers,
    draw_resolution,
    draw_saliency,
)
from lessons.drawings.layers import (
    draw_batch_normalisation,
    draw_dense_evidence,
    draw_dropout,
    draw_one_filter,
    draw_pooling,
    draw_softmax_loss,
)
from lessons.drawings.trainings import draw_confidence, draw_overfitting, draw_weights_dropout
from lessons.facts.network import network_facts
from lessons.facts.shapes import shape_facts
from lessons.facts.small_trainings import small_facts
from lessons.kit.sheet import Sheet
from lessons.kit.small_trainings import Pair, train_small, without_activations, without_dropout
from lessons.kit.subject import Subject
from lessons.kit.themes import Theme
from lessons.params import AllParameters
from pipeline.common.images import Labelled, load_part
from pipeline.common.params import Recipe
from pipeline.common.recipes import make_augmentation, make_optimiser

Drawing = Callable[[Theme], Sheet]


def gallery(
    parameters: AllParameters, subject: Subject, processed: Path
) -> tuple[dict[str, Drawing], dict[str, str]]:
    """Return the drawings and the facts by their names.

    Args:
        parameters: the parameters.
        subject: the trained network and the test images.
        processed: the folder with the images.

    Raises:
        PipelineError: if the images are not there.
    """
    chosen = parameters.figures
    train, validation = load_part("train", processed), load_part("validation", processed)
    validation = Labelled(*(part[: chosen.images] for part in validation))
    fit = partial(train_small, normalisation=subject.normalisation, train=train, validation=validation)
    dropout, linear = chosen.overfitting, chosen.linear
    with_dropout = Pair(
        fit(dropout, dropout.model), without=fit(dropout, layers=without_dropout(dropout.model))
    )
    with_activations = Pair(
        fit(linear, linear.model), without=fit(linear, layers=without_activations(linear.model))
    )
    few = f"{subject.dataset.title}: {min(dropout.images, len(train.images)):,} images, a small network"
    sure = subject.model.predict_proba(subject.normalisation.apply(subject.images))
    right = sure.argmax(axis=1) == subject.labels
    least_sure = int(sure.max(axis=1).argmin())
    drawings: dict[str, Drawing] = {
        "activation-curves": draw_activation_curves,
        "architecture": partial(draw_architecture, subject=subject),
        "augmentation": partial(
            draw_augmentation,
            subject=subject,
            augmentation=cast("cnn.Augmentation", make_augmentation(chosen.augmentation)),
            seed=chosen.seed,
        ),
        "batch-normalisation": partial(draw_batch_normalisation, subject=subject),
        "confidence": partial(
            draw_confidence,
            subtitle=subject.training,
            probabilities=sure.max(axis=1),
            right=right,
            bins=parameters.evaluate.calibration_bins,
        ),
        "dense-evidence": partial(draw_dense_evidence, subject=subject),
        "digit-as-numbers": partial(draw_digit_as_numbers, subject=subject),
        "dropout": partial(draw_dropout, subject=subject, seed=chosen.seed),
        "learning-rate": _learning_rate(parameters.chosen, subject.training, len(train.images)),
        "one-filter": partial(draw_one_filter, subject=subject),
        "optimiser-paths": partial(draw_optimiser_paths, valley=chosen.valley),
        "overfitting": partial(draw_overfitting, subtitle=few, pair=with_dropout),
        "parameter-counts": partial(draw_parameter_counts, subject=subject),
        "pooling": partial(draw_pooling, subject=subject),
        "resolution": partial(draw_resolution, subject=subject),
        "saliency": partial(draw_saliency, subject=subject),
        "softmax-loss": partial(draw_softmax_loss, subject=replace(subject, digit=least_sure)),
        "weights-dropout": partial(draw_weights_dropout, subtitle=few, pair=with_dropout),
    }
    facts = (
        shape_facts(subject.model)
        | network_facts(subject, chosen.images, sure)
        | small_facts(chosen, with_dropout, with_activations, len(train.images))
    )
    return drawings, facts


def _learning_rate(recipe: Recipe, trained: str, images: int) -> Drawing:
    optimiser, train = make_optimiser(recipe.optimiser), recipe.train
    steps_an_epoch = -(-images // train.batch_size)
    steps = train.epochs * steps_an_epoch
    rates = np.array([optimiser.rate_at(step / steps) for step in range(steps)])
    return partial(draw_learning_rate, subtitle=trained, rates=rates.tolist(), steps_an_epoch=steps_an_epoch)
