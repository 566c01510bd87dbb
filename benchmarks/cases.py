"""The cases: what is measured side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cnn.summary import layer_summaries
from pipeline.common.datasets import INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.params import Parameters, Recipe
from pipeline.common.recipes import make_model

BATCHES = 8  # different batches of training images, used again and again
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

Task = Literal["train", "predict", "latency"]


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes:
        name: its name in `results.json` and on the command line.
        title: its name on the page.
        task: training steps, predictions of all images, or predictions of one image after the other.
        layers: the model, as in `params.yaml`.
        optimiser: the optimiser, as in `params.yaml`.
        loss: the loss, as in `params.yaml`.
        images: how many images there are.
        batch_size: the number of images in a training step.
        micro_batch_size: the number of images that one of cnn's workers takes at once.
    """

    name: str
    title: str
    task: Task
    layers: list[dict[str, Any]]
    optimiser: dict[str, Any]
    loss: dict[str, Any]
    images: int
    batch_size: int
    micro_batch_size: int

    @property
    def images_at_once(self) -> int:
        """The number of images in what is timed: a training step, or a prediction."""
        return self.batch_size if self.task == "train" else self.images


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
        _training("train-seed", "the seed's architecture", seed),
        _training("train-small", "a small network", small),
        _training("train-fast", "the `fast` recipe", fast),
        _case("predict", f"Prediction of {PREDICTED:,} images", "predict", seed, PREDICTED),
        _case("latency", "Prediction of a single image", "latency", seed, images=1),
    ]


def operations_per_image(case: Case) -> int:
    """Return the multiplications and additions in the layers' matrix products, for one image.

    A backward pass needs twice as many as the forward pass; only the first layer needs as many, because no
    gradient of the images is computed.

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
            f"params.yaml has no recipe {name!r}, which the benchmarks need: its recipes are "
            f"{', '.join(parameters.recipes)}."
        )
    return parameters.recipes[name]


def _training(name: str, network: str, recipe: Recipe) -> Case:
    size = recipe.train.batch_size
    return _case(name, f"Training step, {network}, batch of {size}", "train", recipe, images=BATCHES * size)


def _case(name: str, title: str, task: Task, recipe: Recipe, images: int) -> Case:
    return Case(
        name=name,
        title=title,
        task=task,
        layers=recipe.model,
        optimiser=recipe.optimiser,
        loss=recipe.loss,
        images=images,
        batch_size=recipe.train.batch_size,
        micro_batch_size=recipe.train.micro_batch_size,
    )
