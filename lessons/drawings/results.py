"""The figures of the training, and of what the trained model has learned and gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.themes import Theme


def draw_training(theme: Theme, subtitle: str, history: Sequence[Mapping[str, float]], kept: int) -> Sheet:
    """Draw loss, accuracy and learning rate by epoch.

    Args:
        theme: the colours.
        subtitle: data set and recipe.
        history: one record an epoch, as `Sequential.fit` returns them.
        kept: the epoch whose weights became the model.
    """
    sheet = Sheet(HEADING + 312, theme, "Training, epoch by epoch", subtitle)
    training = {"color": theme.quiet, "linestyle": "--", "marker": "o", "label": "training"}
    validation = {"color": theme.output, "marker": "s", "label": "validation"}
    rate = {"color": theme.parameter, "marker": "D"}
    panels: tuple[tuple[str, str, int, dict[str, dict[str, Any]]], ...] = (
        ("loss", "epoch", 1, {"loss": training, "validation_loss": validation}),
        ("accuracy in %", "epoch", 100, {"accuracy": training, "validation_accuracy": validation}),
        ("learning rate × 1,000", "epoch, at its start", 1000, {"learning_rate": rate}),
    )
    epochs = [record["epoch"] for record in history]
    for place, (title, label, factor, lines) in enumerate(panels):
        axes = sheet.axes(34 + 174 * (place % 2), HEADING + 16 + 166 * (place // 2), 130, 94)
        axes.set_title(title)
        axes.set_xlabel(label)
        for name, look in lines.items():
            values = [factor * record[name] for record in history]
            axes.plot(epochs, values, markevery=1 + len(epochs) // 20, clip_on=False, **look)
        axes.axvline(kept, color=theme.ink, linestyle=":", label="weights kept")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
        if "accuracy" not in lines:
            axes.set_ylim(bottom=0)
        if place == 0:
            axes.legend(loc="upper left", bbox_to_anchor=(174 / 130, 1 - 166 / 94))
    return sheet
