"""Facts about the layers of the trained network: their parameters, and what they do to test images."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.layers import Kinds
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy
from pipeline.common.images import Bytes


def network_facts(subject: Subject, probabilities: Array) -> dict[str, str]:
    """Return the facts by their names.

    Args:
        subject: the trained network and the test images.
        probabilities: what it gives each class, for all of these.
    """
    return {
        "network-batch-normalisation": batch_normalisation(subject.model),
        "network-softmax-cross-entropy": answers(probabilities, subject.labels),
    }


def none_of(kinds: Kinds) -> str:
    """Return what is said where the trained network has no layer of these kinds."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return f"The recipe that was trained has no layer of this kind ({names})."


def batch_normalisation(model: cnn.Sequential) -> str:
    """Return what each batch normalisation has learned and measured, from the least to the largest."""
    rows = [
        [f"{place}. {layer.kind}", str(layer.params["scale"].size)]
        + [
            f"{tidy(array.min())} to {tidy(array.max())}"
            for array in (*layer.params.values(), *layer.state.values())
        ]
        for place, layer in enumerate(model.layers)
        if isinstance(layer, cnn.BatchNorm)
    ]
    if not rows:
        return none_of((cnn.BatchNorm,))
    head = ["layer", "channels", "`scale`", "`shift`", "running mean", "running variance"]
    return table(head, rows, numbers=5)


def answers(probabilities: Array, labels: Bytes) -> str:
    """Return how sure the network was of its right and of its wrong answers, and what these cost."""
    right = probabilities.argmax(axis=1) == labels
    of_class = probabilities[np.arange(len(labels)), labels]
    losses = -np.log(np.maximum(of_class, np.finfo(np.float32).tiny))
    sure = probabilities.max(axis=1)
    rows = []
    for name, these in (("right", right), ("wrong", ~right), ("all", right | ~right)):
        if these.any():
            total = losses[these].sum(dtype=np.float64) / losses.sum(dtype=np.float64)
            rows.append(
                [
                    name,
                    f"{these.sum():,}",
                    f"{sure[these].mean(dtype=np.float64):.1%}",
                    f"{of_class[these].mean(dtype=np.float64):.1%}",
                    f"{losses[these].mean(dtype=np.float64):.4f}",
                    f"{total:.0%}",
                ]
            )
    head = [
        "answers",
        "test images",
        "p of the answer",
        "p of the true class",
        "mean loss",
        "share of the loss",
    ]
    return table(head, rows, numbers=5)
