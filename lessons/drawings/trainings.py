"""The figures of trainings: overfitting, weights with dropout and without, and how sure the network is."""

from __future__ import annotations

from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.small_trainings import Pair, Trained
from lessons.kit.themes import Theme


def draw_overfitting(theme: Theme, subtitle: str, pair: Pair) -> Sheet:
    """Draw training and validation loss by epoch, with dropout and without."""
    sheet = Sheet(HEADING + 200, theme, "Few images, much time", subtitle)
    highest = max(max(_losses(one, "validation_loss")) for one in (pair.with_it, pair.without))
    for place, (name, trained) in enumerate(
        (("without dropout", pair.without), ("with dropout", pair.with_it))
    ):
        axes = sheet.axes(28 + 166 * place, HEADING + 16, 146, 116)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        epochs = [record["epoch"] for record in trained.history]
        axes.plot(epochs, _losses(trained, "loss"), color=theme.quiet, linestyle="--", label="training loss")
        axes.plot(epochs, _losses(trained, "validation_loss"), color=theme.output, label="validation loss")
        axes.set_ylim(0, 1.05 * highest)
        if place:
            axes.tick_params(labelleft=False)
        else:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.32), ncols=2)
    return sheet


def _losses(trained: Trained, name: str) -> list[float]:
    return [record[name] for record in trained.history]
