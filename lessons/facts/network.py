"""Facts about the layers of the trained network: their parameters, and what they do to test images."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.layers import Kinds
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy
from pipeline.common.images import Bytes

CHUNK = 100  # images whose activations are in memory at once


def network_facts(subject: Subject, images: int, probabilities: Array) -> dict[str, str]:
    """Return the facts by their names.

    Args:
        subject: the trained network and the test images.
        images: how many of these are counted over.
        probabilities: what it gives each class, for all of them.
    """
    return {
        "network-activations": activations(subject, images),
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


def activations(subject: Subject, images: int) -> str:
    """Return what activations let through."""
    layers = subject.model.layers
    bends = [i for i, layer in enumerate(layers) if isinstance(layer, cnn.ReLU | cnn.LeakyReLU | cnn.GELU)]
    count = min(images, len(subject.images))
    positive: dict[int, Array] = {}
    for first in range(0, count, CHUNK):
        x = subject.normalisation.apply(subject.images[first : min(first + CHUNK, count)])
        values = [x, *subject.model.activations(x)]
        for place in bends:
            positive[place] = positive.get(place, 0) + (values[place + 1] > 0).sum(axis=0)
    rows = [
        [
            f"{place}. {layers[place].kind}",
            f"{positive[place].size:,}",
            f"{positive[place].sum() / (count * positive[place].size):.1%}",
            f"{(positive[place] == 0).sum():,}",
            f"{(positive[place] == count).sum():,}",
        ]
        for place in bends
    ]
    note = f"\n\nCounted over {count:,} test images."
    head = ["layer", "units", "numbers above 0", "units never above 0", "units always above 0"]
    return table(head, rows, numbers=4) + note if rows else none_of((cnn.ReLU, cnn.LeakyReLU, cnn.GELU))


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
