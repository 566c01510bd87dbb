"""The figure of the activations' curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.themes import Theme

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
