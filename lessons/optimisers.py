"""The page about optimisers: their paths down a valley, momentum, and the course of the learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

import cnn
from cnn.types import Array
from lessons.kit.curves import Curve, curve, line
from lessons.kit.sheet import DENSITY, HEADING, NARROW, NORMAL, SMALL, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.tables import table
from lessons.kit.themes import Theme, shade
from lessons.params import Valley, load_all_parameters
from pipeline.common.recipes import make_optimiser

Paths = Mapping[str, Array]

RATE, MOMENTUM = 0.2, 0.5  # of the steps that the page follows
SHOWN_STEPS = 4
SCHEDULES = (cnn.StepDecay(1.0), cnn.CosineDecay(1.0, warm_up=0.2), cnn.OneCycle(1.0))

LINES = 6  # of equal height from the lowest point to the start
HILLS = 0.4  # the strength of the grey at the highest point of a map


def from_repository() -> Shown:
    """Return the paths down the valley, and the curves of the learning rate."""
    valley = load_all_parameters().figures.valley
    paths = {name: path(valley, make_optimiser(config)) for name, config in valley.optimisers.items()}
    return Shown(
        drawings={
            "optimiser-paths": partial(draw_paths, valley=valley, paths=paths),
            "momentum": partial(draw_momentum, valley=valley),
            "schedules": draw_schedules,
        },
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
    """Draw the valley from above, once with the path of each optimiser, and how to read it."""
    wide = width > NARROW
    columns, gap = (3, 20) if wide else (2, 14)
    side = (width + gap) // columns - gap
    tall = side * 2 // 5
    row = tall + (48 if wide else 36)
    rows = len(paths) // columns + 1  # the last place is for the legend
    subtitle = f"seen from above: {valley.steps} steps of each optimiser, from the same point"
    sheet = Sheet(width, HEADING + rows * row, theme, "Down a valley", subtitle)
    places = [
        ((side + gap) * (at % columns), HEADING + row * (at // columns)) for at in range(len(paths) + 1)
    ]
    for (x, y), (name, points) in zip(places, paths.items(), strict=False):
        sheet.text(x, y + 14, name, weight="bold", room=side)
        axes = _map(sheet, (x, y + 22, side, tall), valley, -0.35 * valley.along)
        axes.plot(*points.T, color=theme.parameter, marker="o", markersize=3, linewidth=1.5)
    x, y = places[-1]
    hills = np.linspace(0, HILLS, side * DENSITY)
    sheet.picture(x, y + 22, np.tile(hills, (12 * DENSITY, 1)), theme.quiet)
    sheet.text(x, y + 51, "low loss", size=SMALL, colour=theme.quiet)
    sheet.text(x + side, y + 51, "high", size=SMALL, colour=theme.quiet, align="right")
    sheet.text(x, y + 76, "•–•  one step", size=SMALL, colour=theme.parameter)
    sheet.text(x, y + 96, "×  the lowest point", size=SMALL)
    return sheet


def _map(sheet: Sheet, place: tuple[int, int, int, int], valley: Valley, left: float) -> Axes:
    """Return axes with the valley from above: the stronger the grey, the higher; × is the lowest point.

    Args:
        sheet: where it is drawn.
        place: its left and top edge, its width and height.
        valley: the valley.
        left: the smallest w₀ that is shown.
    """
    theme, (*_, wide, tall) = sheet.theme, place
    right = 1.1 * valley.along
    top = max(1.2 * valley.across, (right - left) / 2 * tall / wide)  # one scale both ways where it fits
    start, corner = height(valley, np.array(((valley.along, valley.across), (right, top))))
    lines = int(LINES * np.sqrt(corner / start)) + 1  # the last one lies outside
    axes = sheet.axes(*place)
    for line_number in range(lines, 0, -1):  # points of equal loss lie on an ellipse
        long = 2 * line_number / LINES * np.sqrt(2 * start)
        (colour,) = shade(np.array([HILLS * (line_number - 1) / (lines - 1)]), theme.quiet, theme) / 255
        axes.add_patch(
            Ellipse(
                (0, 0), long, long / np.sqrt(valley.steepness),
                facecolor=colour, edgecolor=theme.quiet, linewidth=0.5,
            )
        )  # fmt: skip
    axes.plot(0, 0, color=theme.ink, marker="x", markersize=7, markeredgewidth=1.5, zorder=3)
    axes.set(xlim=(left, right), ylim=(-top, top), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(False)
    return axes


def draw_momentum(theme: Theme, width: int, valley: Valley) -> Sheet:
    """Draw the first steps without momentum and with it, and what the second step is made of."""
    wide = width > NARROW
    side = width // 2 - 12 if wide else width
    tall = side * 9 // 20
    top = HEADING + (24 + tall + 10) * (1 if wide else 2)
    subtitle = f"the same valley and learning rate, {SHOWN_STEPS} steps from the same point"
    sheet = Sheet(width, top + (22 if wide else 44), theme, "What momentum does", subtitle)
    for number, momentum in enumerate((0.0, MOMENTUM)):
        points = path(valley, cnn.SGD(learning_rate=RATE, momentum=momentum))[: SHOWN_STEPS + 1]
        x, y = ((width - side) * number, HEADING) if wide else (0, HEADING + (24 + tall + 10) * number)
        name = f"momentum {momentum:g}: " if momentum else "without momentum: "
        sheet.text(
            x, y + 14, f"{name}loss {height(valley, points[-1]):.1f} at the end", weight="bold", room=side
        )
        axes = _map(sheet, (x, y + 24, side, tall), valley, -0.1 * valley.along)
        axes.plot(*points.T, color=theme.parameter, marker="o", markersize=5, linewidth=2.5)
        if momentum:
            turn = points[2] - MOMENTUM * (points[1] - points[0])
            parts = ((points[1], turn, theme.gradient), (turn, points[2], theme.ink))
            for start, end, colour in parts:
                style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", end, start, arrowprops=style)
    left, pitch = (width - side, (190, 0)) if wide else (0, (0, 22))
    names = ("against the gradient", f"{MOMENTUM:g} × the last step")
    for number, (name, colour) in enumerate(zip(names, (theme.gradient, theme.ink), strict=True)):
        x, y = left + pitch[0] * number, top + 10 + pitch[1] * number
        sheet.line([(x, y), (x + 24, y)], colour, arrow=True)
        sheet.text(x + 32, y, f"+ {name}" if number else name, size=SMALL, colour=colour, vertical="center")
    return sheet


def draw_schedules(theme: Theme, width: int) -> Sheet:
    """Draw the learning rate in the course of a training, for each schedule."""
    wide = width > NARROW
    left, gap = (40, 24) if wide else (30, 20)
    side = (width - left + gap) // len(SCHEDULES) - gap - 2
    tall, size, weight = (130, NORMAL, "bold") if wide else (90, SMALL, "normal")
    subtitle = "from the first step of a training (0) to its last (1)"
    sheet = Sheet(width, HEADING + tall + 46, theme, "The learning rate during training", subtitle)
    progress = np.linspace(0, 1, 501)
    for number, schedule in enumerate(SCHEDULES):
        x = left + (side + gap) * number
        sheet.text(x, HEADING + 12, type(schedule).__name__, weight=weight, size=size, room=side + gap - 4)
        axes = sheet.axes(x, HEADING + 24, side, tall)
        axes.plot(progress, [schedule(at) for at in progress.tolist()], color=theme.parameter, linewidth=2.5)
        axes.set(xlim=(0, 1), ylim=(0, 1.05), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("" if number else "{x:g}")
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
