"""The figures of curves: activations, schedules, and the paths of optimisers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.sheet import HEADING, WIDTH, Sheet
from lessons.kit.themes import Theme
from lessons.params import Valley
from lessons.valley import height, path
from pipeline.common.recipes import make_optimiser

ACTIVATIONS: Mapping[str, cnn.Layer] = {
    "ReLU": cnn.ReLU(),
    "leaky ReLU, slope 0.1": cnn.LeakyReLU(0.1),
    "sigmoid": cnn.Sigmoid(),
    "tanh": cnn.Tanh(),
    "GELU": cnn.GELU(),
}


def curve_and_slope(layer: cnn.Layer, x: Array) -> tuple[Array, Array]:
    """Return what an activation makes of numbers `[n]`, and its derivative there."""
    y, cache = layer.forward_pass(x[None])
    slope, _ = layer.backward_pass(np.ones_like(y), cache)
    return y[0], slope[0]


def draw_activation_curves(theme: Theme) -> Sheet:
    """Draw each activation's curve and its derivative."""
    x = np.linspace(-4, 4, 161, dtype=np.float32)
    sheet = Sheet(HEADING + 3 * 142, theme, "Activations and their derivatives", "y = f(x)")
    for place, (name, layer) in enumerate(ACTIVATIONS.items()):
        axes = sheet.axes(24 + 172 * (place % 2), HEADING + 16 + 142 * (place // 2), 140, 94)
        y, slope = curve_and_slope(layer, x)
        axes.set_title(name)
        axes.plot(x, y, color=theme.output, label="the curve, f(x)")
        axes.plot(x, slope, color=theme.gradient, linestyle="--", label="its derivative")
        axes.set(xlim=(-4, 4), ylim=(-1.2, 2.2), xticks=[-4, -2, 0, 2, 4])
        if place == len(ACTIVATIONS) - 1:
            axes.legend(loc="center left", bbox_to_anchor=(1.15, 0.5))
    return sheet


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
