"""Tables about the layers of one kind in a network: their shapes, and how their weights are spread."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.summary import layer_summaries
from cnn.types import Shape
from lessons.kit.tables import table, tidy, times

Kinds = tuple[type[cnn.Layer], ...]


def shapes(model: cnn.Sequential, kinds: Kinds) -> str:
    """Return what the layers of these kinds take, hold and give, and how much of the image they see.

    Without such a layer the text is empty.
    """
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
    return table(["layer", "`x`, one sample", "parameters", "`y`, one sample", "receptive field"], rows)


def weights(model: cnn.Sequential, kinds: Kinds) -> str:
    """Return how weights and biases of the layers of these kinds are spread; empty without such a layer."""
    rows = []
    for place, layer in enumerate(model.layers):
        if isinstance(layer, kinds):
            weight, bias = (layer.params[name].astype(np.float64) for name in ("weight", "bias"))
            ends = f"{tidy(weight.min())} to {tidy(weight.max())}"
            share = f"{(weight > 0).mean():.0%}"
            spread, biases = tidy(weight.std(), 3), f"{tidy(bias.min())} to {tidy(bias.max())}"
            rows.append([f"{place}. {layer.kind}", times(weight.shape), ends, spread, share, biases])
    head = ["layer", "`weight`", "its numbers", "their standard deviation", "above 0", "biases"]
    return table(head, rows, numbers=4)


def shapes_along(model: cnn.Sequential) -> list[Shape]:
    """Return one sample's shape before the first layer and behind each layer."""
    built_for = model.built_for()
    return [built_for, *(line.output_shape for line in layer_summaries(model.layers, built_for))]
