"""What pages tell about a recipe of `params.yaml`: its layers, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import cnn
from cnn.summary import layer_summaries
from lessons.kit.tables import code, table, times
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.params import Recipe
from pipeline.common.recipes import make_model


def untrained_model(recipe: Recipe) -> cnn.Sequential:
    """Return a recipe's model, built for the images and not trained."""
    model = make_model(recipe.model)
    model.build(INPUT_SHAPE, np.random.default_rng(0))
    return model


def layers_table(recipe: Recipe) -> str:
    """Return a recipe's layers, with each layer's output, parameters, multiply-adds and receptive field."""
    lines = layer_summaries(untrained_model(recipe).layers, INPUT_SHAPE)
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


def training(recipe: Recipe) -> dict[str, Any]:
    """Return what a page tells about how a recipe is trained, each piece as text."""
    train, augmentation = recipe.train, recipe.augmentation
    return {
        "epochs": "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs",
        "batch_size": str(train.batch_size),
        "micro_batch_size": str(train.micro_batch_size),
        "optimiser": _as_call(recipe.optimiser, "optimiser"),
        "loss": _as_call(recipe.loss, "loss"),
        "augmentation": _as_call(augmentation, "augmentation") if augmentation else "",
        "monitor": train.monitor.replace("_", " "),
        "weight_average": "" if train.weight_average is None else str(train.weight_average),
    }


def _layer(config: Mapping[str, Any]) -> str:
    """Return a layer as it stands in `params.yaml`."""
    arguments = ", ".join(f"{name}: {value}" for name, value in config.items() if name != "layer")
    return f"{config['layer']} {code(arguments)}" if arguments else str(config["layer"])


def _as_call(config: Mapping[str, Any], kind: str) -> str:
    """Return an object's plain data in the form of a call.

    Example:
        >>> _as_call({"optimiser": "SGD", "momentum": 0.9}, "optimiser")
        'SGD(momentum=0.9)'
    """
    arguments = ", ".join(
        f"{name}={_as_call(value, 'schedule') if isinstance(value, Mapping) else value}"
        for name, value in config.items()
        if name != kind
    )
    return f"{config[kind]}({arguments})" if arguments else str(config[kind])
