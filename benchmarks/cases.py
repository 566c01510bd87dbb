"""The cases: what is measured side by side."""

from __future__ import annotations

from typing import Any

from benchmarks.job import Case
from cnn.summary import layer_summaries
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.params import Parameters, Recipe
from pipeline.common.recipes import make_model

BATCHES = 8  # of training images, which are gone through again and again
PREDICTED = 10_000
SMALL_MICRO_BATCH = 64  # faster for the small network than the 32 of the recipe `seed`

SMALL_NETWORK: list[dict[str, Any]] = [
    {"layer": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same"},
    {"layer": "ReLU"},
    {"layer": "MaxPool2D", "pool_size": 2},
    {"layer": "Conv2D", "filters": 32, "kernel_size": 3, "padding": "same"},
    {"layer": "ReLU"},
    {"layer": "MaxPool2D", "pool_size": 2},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 64},
    {"layer": "ReLU"},
    {"layer": "Dense", "units": 10},
]


def all_cases(parameters: Parameters) -> list[Case]:
    """Return the five cases.

    Args:
        parameters: where the recipes `seed` and `fast` come from.

    Raises:
        PipelineError: if one of these recipes is missing.
    """
    seed, fast = (_recipe(parameters, name) for name in ("seed", "fast"))
    train = seed.train.model_copy(update={"micro_batch_size": SMALL_MICRO_BATCH})
    small = seed.model_copy(update={"model": SMALL_NETWORK, "train": train})
    return [
        training("train-seed", "the seed's architecture", seed),
        training("train-small", "a small network", small),
        training("train-fast", "the `fast` recipe", fast),
        predicting("predict", PREDICTED, seed),
        predicting("latency", 1, seed),
    ]


def training(name: str, network: str, recipe: Recipe) -> Case:
    """Return the case of training steps as a recipe takes them, without augmentation and weight average."""
    batch_size = recipe.train.batch_size
    return Case(
        name=name,
        title=f"Training step, {network}, batch of {batch_size}",
        task="train",
        layers=recipe.model,
        optimiser=recipe.optimiser,
        loss=recipe.loss,
        images=BATCHES * batch_size,
        batch_size=batch_size,
        micro_batch_size=recipe.train.micro_batch_size,
    )


def predicting(name: str, images: int, recipe: Recipe) -> Case:
    """Return the case of predictions of so many images, or of a single one's latency."""
    return Case(
        name=name,
        title=f"Prediction of {images:,} images" if images > 1 else "Prediction of a single image",
        task="predict" if images > 1 else "latency",
        layers=recipe.model,
        optimiser=recipe.optimiser,
        loss=recipe.loss,
        images=images,
        batch_size=recipe.train.batch_size,
        micro_batch_size=recipe.train.micro_batch_size,
    )


def operations_per_image(case: Case) -> int:
    """Return the multiplications and additions of the layers' matrix products, for one image.

    The way back takes twice those of the way forward, but for the first layer, whose input needs no gradient.

    Example:
        >>> dense = [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}]
        >>> forward = Case("", "", "predict", dense, {}, {}, images=1, batch_size=1, micro_batch_size=1)
        >>> operations_per_image(forward) == 2 * 28 * 28 * 10
        True
    """
    lines = layer_summaries(make_model(case.layers).layers, INPUT_SHAPE)
    products = [line.multiply_adds for line in lines if line.multiply_adds]
    return 2 * (3 * sum(products) - products[0] if case.task == "train" else sum(products))


def _recipe(parameters: Parameters, name: str) -> Recipe:
    if name not in parameters.recipes:
        raise PipelineError(
            f"params.yaml has no recipe {name!r}, which is one of the cases: there are "
            f"{', '.join(parameters.recipes)}."
        )
    return parameters.recipes[name]
