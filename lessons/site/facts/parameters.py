"""Facts about how the chosen recipe is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lessons.kit.tables import code
from pipeline.common.params import Recipe, load_parameters


def training_recipe() -> str:
    """Return in a sentence or two how the chosen recipe is trained."""
    loaded = load_parameters()
    return f"The recipe that is chosen is {code(loaded.recipe)}. {_training(loaded.chosen)}"


def _training(recipe: Recipe) -> str:
    train = recipe.train
    epochs = "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs"
    optimiser = _made(recipe.optimiser, "optimiser")
    augmentation = _made(recipe.augmentation, "augmentation") if recipe.augmentation else "none"
    average = train.weight_average
    kept = "The weights" if average is None else f"The weights' moving average (decay {average})"
    return (
        f"It trains for {epochs}, in batches of {train.batch_size} images that are cut into micro-batches of "
        f"{train.micro_batch_size}. Optimiser: {optimiser}. Loss: {_made(recipe.loss, 'loss')}. "
        f"Augmentation: {augmentation}. {kept} of the epoch with the best {train.monitor.replace('_', ' ')} "
        f"{'are' if average is None else 'is'} kept."
    )


def _made(config: Mapping[str, Any], what: str) -> str:
    """Return an object's plain data in the form of a call."""
    arguments = ", ".join(
        f"{name}={_made(value, 'schedule').strip('`') if isinstance(value, Mapping) else value}"
        for name, value in config.items()
        if name != what
    )
    return code(f"{config[what]}({arguments})" if arguments else config[what])
