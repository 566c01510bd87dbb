"""The lessons that are still to be written, by way of the modules that they are going to dissolve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np

import cnn
from cnn.callbacks import best_epoch
from lessons.drawings.curves import draw_activation_curves, draw_learning_rate, draw_optimiser_paths
from lessons.drawings.images import (
    draw_augmentation,
    draw_digit_as_numbers,
    draw_resolution,
)
from lessons.drawings.layers import (
    draw_batch_normalisation,
    draw_dense_evidence,
    draw_pooling,
    draw_softmax_loss,
)
from lessons.drawings.results import draw_training
from lessons.drawings.trainings import draw_overfitting
from lessons.facts.network import network_facts
from lessons.facts.small_trainings import small_facts
from lessons.kit import results
from lessons.kit.layers import shapes
from lessons.kit.shown import Drawing, Shown
from lessons.kit.small_trainings import train_pair, without_activations
from lessons.kit.subject import Subject, figure_parameters
from lessons.params import load_all_parameters
from lessons.site.facts import FACTS
from lessons.widgets.curves import curves
from lessons.widgets.traces import traces
from pipeline.common.params import Recipe
from pipeline.common.recipes import make_augmentation, make_optimiser


def from_network(subject: Subject) -> Shown:
    """Return what the pages show of the trained network, and of small ones trained for them."""
    chosen, parameters = subject.figures, load_all_parameters()
    dropout, linear = subject.with_and_without_dropout, chosen.linear
    activations = train_pair(
        linear, without_activations(linear.model), subject.normalisation, subject.train, subject.some
    )
    few = f"{subject.dataset.title}: {dropout.images:,} images, a small network"
    sure = subject.answers
    least_sure = int(sure.max(axis=1).argmin())
    drawings: dict[str, Drawing] = {
        "training": _training(subject.training, parameters.chosen.train.monitor),
        "augmentation": partial(
            draw_augmentation,
            subject=subject,
            augmentation=cast("cnn.Augmentation", make_augmentation(chosen.augmentation)),
            seed=chosen.seed,
        ),
        "batch-normalisation": partial(draw_batch_normalisation, subject=subject),
        "dense-evidence": partial(draw_dense_evidence, subject=subject),
        "digit-as-numbers": partial(draw_digit_as_numbers, subject=subject),
        "learning-rate": _learning_rate(parameters.chosen, subject.training, len(subject.train.images)),
        "overfitting": partial(draw_overfitting, subtitle=few, pair=dropout),
        "pooling": partial(draw_pooling, subject=subject),
        "resolution": partial(draw_resolution, subject=subject),
        "softmax-loss": partial(draw_softmax_loss, subject=replace(subject, digit=least_sure)),
    }
    facts = network_facts(subject, chosen.images, sure) | small_facts(
        chosen, dropout, activations, len(subject.train.images)
    )
    pooling = (cnn.MaxPool2D, cnn.AveragePool2D, cnn.GlobalAveragePool2D)
    facts |= {
        "shapes-pooling": shapes(subject.model, pooling),
        "shapes-flatten": shapes(subject.model, (cnn.Flatten,)),
        "shapes-dense": shapes(subject.model, (cnn.Dense,)),
    }
    return Shown(drawings, _values(facts))


def from_code() -> Shown:
    """Return what the pages show of code, parameters and results."""
    valley = figure_parameters().valley
    made = {f"curves/{name}.json": json.dumps(one).encode() for name, one in curves(valley).items()}
    return Shown(
        drawings={
            "activation-curves": draw_activation_curves,
            "optimiser-paths": partial(draw_optimiser_paths, valley=valley),
        },
        values=_values({name: fact() for name, fact in FACTS.items()}),
        files=traces() | made,
    )


def _values(facts: Mapping[str, str]) -> dict[str, Any]:
    return {name.replace("-", "_"): fact for name, fact in facts.items()}


def _training(training: str, monitor: str) -> Drawing:
    history = results.history()
    kept = best_epoch(history, monitor)
    return partial(
        draw_training,
        subtitle=f"{training}: the weights of epoch {kept} of {len(history)} were kept",
        history=history,
        kept=kept,
    )


def _learning_rate(recipe: Recipe, trained: str, images: int) -> Drawing:
    optimiser, train = make_optimiser(recipe.optimiser), recipe.train
    steps_an_epoch = -(-images // train.batch_size)
    steps = train.epochs * steps_an_epoch
    rates = np.array([optimiser.rate_at(step / steps) for step in range(steps)])
    return partial(draw_learning_rate, subtitle=trained, rates=rates.tolist(), steps_an_epoch=steps_an_epoch)
