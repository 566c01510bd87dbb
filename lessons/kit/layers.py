"""The shapes along a network, and a table of them for the layers of some kinds."""

from __future__ import annotations

import cnn
from cnn.summary import layer_summaries
from cnn.types import Shape
from lessons.kit.tables import table, times


def shapes(model: cnn.Sequential, kinds: tuple[type[cnn.Layer], ...]) -> str:
    """Return what the layers of these kinds take, hold and give, and how much of the image they see.

    Without such a layer the text is empty.
    """
    along, lines = shapes_along(model), layer_summaries(model.layers, model.built_for())
    rows = [
        [
            f"{index}. {line.kind}",
            times(along[index]),
            ", ".join(f"{name} {times(array.shape)}" for name, array in layer.params.items()) or "none",
            times(along[index + 1]),
            times(line.receptive_field or ()),
        ]
        for index, (layer, line) in enumerate(zip(model.layers, lines, strict=True))
        if isinstance(layer, kinds)
    ]
    return table(["layer", "`x`, one sample", "parameters", "`y`, one sample", "receptive field"], rows)


def shapes_along(model: cnn.Sequential) -> list[Shape]:
    """Return one sample's shape before the first layer and behind each layer."""
    built_for = model.built_for()
    return [built_for, *(line.output_shape for line in layer_summaries(model.layers, built_for))]
