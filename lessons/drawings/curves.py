"""The figures of curves: schedules, and the paths of optimisers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessons.kit.sheet import HEADING, WIDTH, Sheet
from lessons.kit.themes import Theme


def draw_optimiser_paths(theme: Theme, valley: Valley) -> Sheet:
    """Draw the valley from above with the path of each optimiser."""
    paths = {name: path(valley, make_optimiser(config)) for name, config in valley.optimisers.items()}
    rows = -(-len(paths) // 2)
    subtitle = f"{valley.steps} steps; w[0] to the right, w[1] up; ×: the lowest point"
    sheet = Sheet(HEADING + rows * 140, theme, "Down a valley", subtitle)
    right, top = 1.1 * valley.along, 2 * valley.across
    across, up = np.meshgrid(np.linspace(-right / 2, right, 45), np.linspace(-top, top, 45))
    heights = height(valley, np.stack((across, up), axis=-1))
    for place, (name, places) in enumerate(paths.items()):
        axes = sheet.axes(28 + 172 * (place % 2), HEADING + 16 + 140 * (place // 2), 140, 98)
        axes.set_title(name)
        levels = (np.linspace(0.12, 1, 8) ** 2 * heights.max()).tolist()
        axes.contour(across, up, heights, levels=levels, colors=theme.quiet, linewidths=0.5)
        axes.plot(places[:, 0], places[:, 1], color=theme.parameter, marker="o", markersize=2.5, linewidth=1)
        axes.plot(0, 0, color=theme.ink, marker="x", markersize=6)
        axes.set(xlim=(-right / 2, right), ylim=(-top, top))
        axes.grid(False)
    return sheet


def draw_learning_rate(theme: Theme, subtitle: str, rates: Sequence[float], steps_an_epoch: int) -> Sheet:
    """Draw the learning rate over the steps of a training."""
    sheet = Sheet(HEADING + 190, theme, "The learning rate, step by step", subtitle)
    axes = sheet.axes(52, HEADING + 10, WIDTH - 66, 130)
    axes.plot(range(len(rates)), rates, color=theme.parameter)
    for step in range(0, len(rates) + 1, steps_an_epoch):
        axes.axvline(step, color=theme.quiet, linestyle=":", linewidth=0.8)
    axes.set(xlim=(0, len(rates)), xlabel="step; dotted: where an epoch ends")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
    return sheet
