"""Facts about shapes: what each layer of a kind takes and gives in the trained network."""

from __future__ import annotations

from collections.abc import Mapping

import cnn
from cnn.summary import layer_summaries
from cnn.types import Shape
from lessons.kit.tables import table, times

KINDS: Mapping[str, tuple[type[cnn.Layer], ...]] = {
    "convolution": (cnn.Conv2D,),
    "pooling": (cnn.MaxPool2D, cnn.AveragePool2D, cnn.GlobalAveragePool2D),
    "dropout": (cnn.Dropout,),
    "flatten": (cnn.Flatten,),
    "dense": (cnn.Dense,),
}
"""The kinds of layer that a page is about."""


def shape_facts(model: cnn.Sequential) -> dict[str, str]:
    """Return a fact for each kind of layer by its name."""
    return {f"shapes-{page}": shapes(model, kinds) for page, kinds in KINDS.items()}


def shapes(model: cnn.Sequential, kinds: tuple[type[cnn.Layer], ...]) -> str:
    """Return what the layers of these kinds take, hold and give, and how much of the image they see."""
    along, lines = shapes_along(model), layer_summaries(model.layers, model.built_for())
    rows = [
        [
            f"{place}. {line.layer}",
            times(along[place]),
            ", ".join(f"{name} {times(array.shape)}" for name, array in layer.params.items()) or "none",
            times(along[place + 1]),
            times(line.receptive_field or ()),
        ]
        for place, (layer, line) in enumerate(zip(model.layers, lines, strict=True))
        if isinstance(layer, kinds)
    ]
    if not rows:
        return none_of(kinds)
    return table(["layer", "`x`, one sample", "parameters", "`y`, one sample", "receptive field"], rows)


def shapes_along(model: cnn.Sequential) -> list[Shape]:
    """Return one sample's shape before the first layer and behind each."""
    built_for = model.built_for()
    return [built_for, *(line.output_shape for line in layer_summaries(model.layers, built_for))]


def none_of(kinds: tuple[type[cnn.Layer], ...]) -> str:
    """Return what is said where the trained network has no layer of these kinds."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return f"The recipe that was trained has no layer of this kind ({names})."
