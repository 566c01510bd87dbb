"""Facts about a recipe's model: its layers, and what they hold and cost."""

from __future__ import annotations

import math

import numpy as np

import cnn
from cnn.summary import LayerSummary, layer_summaries
from lessons.kit.tables import code, table, times
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.params import Recipe, load_parameters
from pipeline.common.recipes import make_model


def architecture() -> str:
    """Return the chosen recipe's layers."""
    return layers_table(load_parameters().chosen)


def layers_table(recipe: Recipe) -> str:
    """Return a recipe's layers with what each gives, holds, costs and sees."""
    _, lines = _built(recipe)
    rows = [
        [
            f"{place}. {_layer(config)}",
            times(line.output_shape),
            f"{line.parameters:,}",
            f"{line.multiply_adds:,}",
            times(line.receptive_field or ()),
        ]
        for place, (config, line) in enumerate(zip(recipe.model, lines, strict=True))
    ]
    held = sum(line.parameters for line in lines)
    cost = sum(line.multiply_adds for line in lines)
    rows.append(["all", "", f"{held:,}", f"{cost:,}", ""])
    return table(["layer", "output", "parameters", "multiply-adds", "receptive field"], rows, numbers=4)


def parameter_counts() -> str:
    """Return the parameters of the chosen model's layers, and what its convolutions would hold if dense."""
    model, lines = _built(load_parameters().chosen)
    shapes = [INPUT_SHAPE, *(line.output_shape for line in lines)]
    rows = []
    for layer, line, before in zip(model.layers, lines, shapes, strict=False):
        if not line.parameters:
            continue
        n_in, n_out = math.prod(before), math.prod(line.output_shape)
        dense = f"{n_in * n_out + n_out:,}" if isinstance(layer, cnn.Conv2D) else ""
        rows.append(
            [f"{line.layer}, {times(before)} → {times(line.output_shape)}", f"{line.parameters:,}", dense]
        )
    return table(["layer", "parameters", "were it dense"], rows, numbers=2)


def _built(recipe: Recipe) -> tuple[cnn.Sequential, list[LayerSummary]]:
    model = make_model(recipe.model)
    model.build(INPUT_SHAPE, np.random.default_rng(0))
    return model, layer_summaries(model.layers, INPUT_SHAPE)


def _layer(config: dict[str, object]) -> str:
    """Return a layer as it stands in `params.yaml`."""
    arguments = ", ".join(f"{name}: {value}" for name, value in config.items() if name != "layer")
    return f"{config['layer']} {code(arguments)}" if arguments else str(config["layer"])
