"""The page about optimisers: their paths down a valley, and the curves of the learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

import cnn
from cnn.types import Array
from lessons.kit.curves import Curve, curve, line
from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from lessons.params import Valley, load_all_parameters
from pipeline.common.recipes import make_optimiser

Paths = Mapping[str, Array]


def from_repository() -> Shown:
    """Return the paths down the valley, and the curves of the learning rate."""
    valley = load_all_parameters().figures.valley
    paths = {name: path(valley, make_optimiser(config)) for name, config in valley.optimisers.items()}
    return Shown(
        drawings={"optimiser-paths": partial(draw_paths, valley=valley, paths=paths)},
        values={"paths": paths_table(valley, paths)},
        files={
            "curves/learning-rate.json": to_json(learning_rate_curve(valley)),
            "curves/one-cycle.json": to_json(one_cycle_curve()),
        },
    )


def path(valley: Valley, optimiser: cnn.Optimiser) -> Array:
    """Return where an optimiser stands at the start and after each step, `[steps + 1, 2]`."""
    slopes = np.array([1.0, valley.steepness])
    points = [np.array((valley.along, valley.across))]
    for _ in range(valley.steps):
        points.append(optimiser.update({"w": points[-1]}, {"w": slopes * points[-1]})["w"])
    return np.array(points)


def height(valley: Valley, points: Array) -> Array:
    """Return the loss at points `[…, 2]`: `(w₀² + steepness · w₁²) / 2`."""
    heights: Array = (points[..., 0] ** 2 + valley.steepness * points[..., 1] ** 2) / 2
    return heights


def draw_paths(theme: Theme, width: int, valley: Valley, paths: Paths) -> Sheet:
    """Draw the valley from above with the path of each optimiser."""
    rows = -(-len(paths) // 2)
    subtitle = f"{valley.steps} steps; w[0] to the right, w[1] up; ×: the lowest point"
    sheet = Sheet(width, HEADING + rows * 140, theme, "Down a valley", subtitle)
    right, top = 1.1 * valley.along, 2 * valley.across
    across, up = np.meshgrid(np.linspace(-right / 2, right, 45), np.linspace(-top, top, 45))
    heights = height(valley, np.stack((across, up), axis=-1))
    for number, (name, points) in enumerate(paths.items()):
        axes = sheet.axes(28 + 172 * (number % 2), HEADING + 16 + 140 * (number // 2), 140, 98)
        axes.set_title(name)
        levels = (np.linspace(0.12, 1, 8) ** 2 * heights.max()).tolist()
        axes.contour(across, up, heights, levels=levels, colors=theme.quiet, linewidths=0.5)
        axes.plot(points[:, 0], points[:, 1], color=theme.parameter, marker="o", markersize=2.5, linewidth=1)
        axes.plot(0, 0, color=theme.ink, marker="x", markersize=6)
        axes.set(xlim=(-right / 2, right), ylim=(-top, top))
        axes.grid(False)
    return sheet


def paths_table(valley: Valley, paths: Paths) -> str:
    """Return how soon each optimiser is down in the valley, and how long its path is."""
    rows = []
    for name, config in valley.optimisers.items():
        points = paths[name]
        losses = height(valley, points)
        there = np.flatnonzero(losses > losses[0] / 100)[-1] + 1
        steps = f"{there}" if there < len(losses) else f"more than {valley.steps}"
        length = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1)).sum()
        settings = ", ".join(
            key if value is True else f"{key} {value}" for key, value in config.items() if key != "optimiser"
        )
        rows.append([name, settings.replace("_", " "), steps, f"{length:.1f}"])
    head = ["optimiser", "settings", "steps until the loss stays below 1% of the first", "length of its path"]
    return table(head, rows, numbers=2)


def learning_rate_curve(valley: Valley) -> Curve:
    """Return loss and the way across the valley, step by step, for learning rates of SGD."""
    limit = 2 / valley.steepness  # at which the steps across no longer get shorter
    rates = [round(limit * share / 20, 4) for share in range(2, 22)]
    paths = [path(valley, cnn.SGD(learning_rate=rate))[:16] for rate in rates]
    lines = [
        line("w[1], across the valley", "parameter", (points[:, 1] for points in paths)),
        line("w[0], along it", "none", (points[:, 0] for points in paths)),
        line("loss ÷ 10", "output", (height(valley, points) / 10 for points in paths)),
    ]
    return curve("SGD in the valley", "step", np.arange(float(len(paths[0]))), "learning rate", rates, lines)


def one_cycle_curve() -> Curve:
    """Return the learning rate in the course of a training, for several shares of it that are warm-up."""
    shares = [step / 20 for step in range(1, 20)]
    progress = np.linspace(0, 1, 101)
    schedules = [cnn.OneCycle(1.0, warm_up=share) for share in shares]
    rates = [[schedule(at) for at in progress.tolist()] for schedule in schedules]
    lines = [line("learning rate ÷ its peak", "parameter", (np.array(rate) for rate in rates))]
    return curve("OneCycle", "progress of the training", progress, "warm-up", shares, lines)
