"""Facts about the small trainings, beside their figures."""

from __future__ import annotations

import cnn
from lessons.kit.small_trainings import Pair, Trained
from lessons.kit.tables import table
from lessons.params import Figures, SmallTraining


def small_facts(chosen: Figures, activations: Pair, images: int) -> dict[str, str]:
    """Return the facts by their names.

    Args:
        chosen: the parameters of the figures.
        activations: trainings with activations and without.
        images: how many training images there are.
    """
    return {
        "linear-network": linear(activations) + "\n\n" + _made(chosen.linear, activations, images),
    }


def linear(pair: Pair) -> str:
    """Return what networks with and without activations reach."""
    rows = [
        [
            name,
            _layers(one),
            f"{one.history[-1]['accuracy']:.1%}",
            f"{one.history[-1]['validation_accuracy']:.1%}",
        ]
        for name, one in (("with activations", pair.with_it), ("without", pair.without))
    ]
    head = ["network", "layers", "right of the training images", "of the validation images"]
    return table(head, rows, numbers=2)


def _layers(trained: Trained) -> str:
    return " → ".join(
        f"{layer.kind} {layer.units}" if isinstance(layer, cnn.Dense) else layer.kind
        for layer in trained.model.layers
    )


def _made(training: SmallTraining, pair: Pair, images: int) -> str:
    seen, parameters = min(training.images, images), sum(p.size for p in pair.with_it.model.params.values())
    return (
        f"A small network of {parameters:,} parameters, trained twice from seed {training.seed} on the same "
        f"{seen:,} training images: {training.epochs} epochs, batches of {training.batch_size}, Adam with a "
        f"learning rate of {training.learning_rate:g}."
    )
