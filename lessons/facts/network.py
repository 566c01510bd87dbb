"""Facts about the layers of the trained network: their parameters, and what they do to test images."""

from __future__ import annotations

import math

import numpy as np

import cnn
from cnn.types import Array
from lessons.drawings.images import BLOCKS, coarse
from lessons.kit.layers import Kinds, shapes_along, weights
from lessons.kit.subject import Subject
from lessons.kit.tables import table, tidy, times

CHUNK = 100  # images whose activations are in memory at once


def network_facts(subject: Subject, images: int) -> dict[str, str]:
    """Return the facts by their names.

    Args:
        subject: the trained network and the test images.
        images: how many of these are counted over.
    """
    activations, pooling = _counted(subject, images)
    return {
        "network-activations": activations,
        "network-dense": weights(subject.model, (cnn.Dense,)),
        "network-flatten": flatten(subject.model),
        "network-pooling": pooling,
        "normalisation": normalisation(subject),
        "resolution": resolution(subject, images),
    }


def none_of(kinds: Kinds) -> str:
    """Return what is said where the trained network has no layer of these kinds."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return f"The recipe that was trained has no layer of this kind ({names})."


def flatten(model: cnn.Sequential) -> str:
    """Return how long the row is, and what the dense layer behind it holds."""
    shapes, all_parameters = shapes_along(model), sum(array.size for array in model.params.values())
    rows = []
    for place, layer in enumerate(model.layers):
        if isinstance(layer, cnn.Flatten):
            behind = next((one for one in model.layers[place:] if isinstance(one, cnn.Dense)), None)
            held = sum(array.size for array in behind.params.values()) if behind else 0
            rows.append(
                [
                    times(shapes[place]),
                    f"{math.prod(shapes[place]):,}",
                    f"{held:,}",
                    f"{held / all_parameters:.0%}",
                ]
            )
    if not rows:
        return none_of((cnn.Flatten,))
    head = ["feature maps", "numbers in the row", "parameters of the dense layer behind", "of all"]
    return table(head, rows, numbers=3)


def _counted(subject: Subject, images: int) -> tuple[str, str]:
    """Return what activations let through, and from which place of their windows maxima come."""
    layers = subject.model.layers
    bends = [i for i, layer in enumerate(layers) if isinstance(layer, cnn.ReLU | cnn.LeakyReLU | cnn.GELU)]
    pools = [i for i, layer in enumerate(layers) if isinstance(layer, cnn.MaxPool2D)]
    count = min(images, len(subject.images))
    positive: dict[int, Array] = {}
    kept = dict.fromkeys(pools, 0.0)
    for first in range(0, count, CHUNK):
        x = subject.normalisation.apply(subject.images[first : min(first + CHUNK, count)])
        values = [x, *subject.model.activations(x)]
        for place in bends:
            positive[place] = positive.get(place, 0) + (values[place + 1] > 0).sum(axis=0)
        for place in pools:
            kept[place] += float((values[place + 1] != 0).mean()) * len(x)
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
    shapes = shapes_along(subject.model)
    pooled = [
        [
            f"{place}. {layers[place].kind}",
            times(shapes[place]),
            times(shapes[place + 1]),
            f"{1 - math.prod(shapes[place + 1]) / math.prod(shapes[place]):.0%}",
            f"{kept[place] / count:.1%}",
        ]
        for place in pools
    ]
    note = f"\n\nCounted over {count:,} test images."
    head = ["layer", "units", "numbers above 0", "units never above 0", "units always above 0"]
    activations = (
        table(head, rows, numbers=4) + note if rows else none_of((cnn.ReLU, cnn.LeakyReLU, cnn.GELU))
    )
    head = ["layer", "before", "behind", "numbers left out", "maxima that are not 0"]
    return activations, table(head, pooled, numbers=4) + note if pooled else none_of((cnn.MaxPool2D,))


def normalisation(subject: Subject) -> str:
    """Return the constants, and what black and white become."""
    constants = subject.normalisation
    ends = constants.apply(np.array([[[0, 255]]], np.uint8)).ravel()
    rows = [
        ["mean of the training images' pixels", f"{constants.mean:.3f}"],
        ["their standard deviation", f"{constants.standard_deviation:.3f}"],
        ["a pixel of 0 becomes", tidy(ends[0], 3)],
        ["a pixel of 255 becomes", tidy(ends[1], 3)],
    ]
    return table(["your data set", "number"], rows, numbers=1)


def resolution(subject: Subject, images: int) -> str:
    """Return the accuracy of the trained network on ever coarser test images."""
    pictures, labels = subject.images[:images], subject.labels[:images]
    rows = []
    for block in BLOCKS:
        answers = subject.model.predict(subject.normalisation.apply(coarse(pictures, block)))
        side = 28 // block
        rows.append([f"{side}×{side}", str(side * side), f"{(answers == labels).mean():.1%}"])
    note = f"\n\nAccuracy on {len(labels):,} test images."
    return table(["pixels", "numbers", "accuracy"], rows, numbers=2) + note
