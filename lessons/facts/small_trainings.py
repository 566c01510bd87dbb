"""Facts about the small trainings, beside their figures."""

from __future__ import annotations

import numpy as np

from lessons.kit.small_trainings import Pair
from lessons.kit.tables import table
from lessons.params import Figures, SmallTraining


def small_facts(chosen: Figures, dropout: Pair, images: int) -> dict[str, str]:
    """Return the facts by their names.

    Args:
        chosen: the parameters of the figures.
        dropout: trainings with dropout and without.
        images: how many training images there are.
    """
    return {
        "optimiser-paths": optimiser_paths(chosen.valley),
        "overfitting": overfitting(dropout) + "\n\n" + _made(chosen.overfitting, dropout, images),
    }


def overfitting(pair: Pair) -> str:
    """Return the losses at the end, the best one, and the accuracy."""
    rows = []
    for name, one in (("without dropout", pair.without), ("with dropout", pair.with_it)):
        last = one.history[-1]
        best = min(one.history, key=lambda record: record["validation_loss"])
        rows.append(
            [
                name,
                f"{last['loss']:.3f}",
                f"{last['validation_loss']:.3f}",
                f"{best['validation_loss']:.3f} (epoch {best['epoch']:g})",
                f"{last['validation_accuracy']:.1%}",
            ]
        )
    head = ["", "training loss", "validation loss", "lowest validation loss", "validation accuracy"]
    return table(head, rows, numbers=4)


def optimiser_paths(valley: Valley) -> str:
    """Return how far each optimiser comes."""
    rows = []
    for name, config in valley.optimisers.items():
        optimiser = make_optimiser(config)
        places = path(valley, optimiser)
        losses = height(valley, places)
        there = np.flatnonzero(losses > losses[0] / 100)[-1] + 1
        steps = f"{there}" if there < len(losses) else f"more than {valley.steps}"
        way = np.sqrt((np.diff(places, axis=0) ** 2).sum(axis=1)).sum()
        settings = ", ".join(
            key if value is True else f"{key} {value}" for key, value in config.items() if key != "optimiser"
        )
        rows.append([name, settings.replace("_", " "), steps, f"{way:.1f}"])
    head = [
        "optimiser",
        "settings",
        "steps until the loss stays below 1% of the start's",
        "length of its path",
    ]
    return table(head, rows, numbers=2)


def _made(training: SmallTraining, pair: Pair, images: int) -> str:
    seen, parameters = min(training.images, images), sum(p.size for p in pair.with_it.model.params.values())
    return (
        f"A small network of {parameters:,} parameters, trained twice from seed {training.seed} on the same "
        f"{seen:,} training images: {training.epochs} epochs, batches of {training.batch_size}, Adam with a "
        f"learning rate of {training.learning_rate:g}."
    )
