"""The layers of a network: their shapes, and tables of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import cnn
from cnn.summary import layer_summaries
from cnn.types import Shape
from lessons.kit.tables import code, table, times
from pipeline.common.params import Recipe
from pipeline.common.recipes import make_model


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


def layers_table(recipe: Recipe, input_shape: Shape) -> str:
    """Return a recipe's layers, with each layer's output, parameters, multiply-adds and receptive field."""
    model = make_model(recipe.model)
    model.build(input_shape, np.random.default_rng(0))  # only a layer that is built has parameters
    lines = layer_summaries(model.layers, input_shape)
    rows = [
        [
            f"{index}. {_layer(config)}",
            times(line.output_shape),
            f"{line.parameters:,}",
            f"{line.multiply_adds:,}",
            times(line.receptive_field or ()),
        ]
        for index, (config, line) in enumerate(zip(recipe.model, lines, strict=True))
    ]
    parameters = sum(line.parameters for line in lines)
    multiply_adds = sum(line.multiply_adds for line in lines)
    rows.append(["all", "", f"{parameters:,}", f"{multiply_adds:,}", ""])
    return table(["layer", "output", "parameters", "multiply-adds", "receptive field"], rows, numbers=4)


def _layer(config: Mapping[str, Any]) -> str:
    """Return a layer as it stands in `params.yaml`."""
    arguments = ", ".join(f"{name}: {value}" for name, value in config.items() if name != "layer")
    return f"{config['layer']} {code(arguments)}" if arguments else str(config["layer"])
