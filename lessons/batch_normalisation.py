"""The page about batch normalisation: a channel before and after, and the running mean."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.sheet import HEADING, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_trainings import some
from lessons.kit.subject import Subject, liveliest
from lessons.kit.tables import tidy
from lessons.kit.themes import Theme

IMAGES = 32  # whose numbers the figure shows: a micro-batch


def from_network(subject: Subject) -> Shown:
    """Return one channel of a micro-batch, before and after batch normalisation."""
    before, after = one_channel(subject)
    return Shown(
        drawings={
            "batch-normalisation": partial(
                draw_one_channel, subtitle=subject.training, before=before, after=after
            )
        }
    )


def from_repository() -> Shown:
    """Return the curve and the gradient check."""
    return Shown(
        values={
            "gradient_check": gradient_check(
                cnn.BatchNorm(), (4, 3, 3, 2), "mean and variance as constants", _with_constant_statistics
            )
        },
        files={"curves/running-average.json": to_json(running_mean_curve())},
    )


def one_channel(subject: Subject) -> tuple[Array, Array]:
    """Return the numbers of one channel of a micro-batch before and after batch normalisation."""
    maps = subject.maps(subject.image_set.normalise(some(subject.test, IMAGES).images))
    norm = cnn.BatchNorm()
    norm.build(maps.shape[1:], np.random.default_rng(0))
    normalised, _ = norm.forward_pass(maps, training=True)
    channel = liveliest(maps)
    before, after = (values[..., channel].astype(np.float64).ravel() for values in (maps, normalised))
    return before, after


def draw_one_channel(theme: Theme, width: int, subtitle: str, before: Array, after: Array) -> Sheet:
    """Draw the numbers of one channel before and after batch normalisation as histograms."""
    sheet = Sheet(width, HEADING + 2 * 140 + 10, theme, "One channel of a micro-batch", subtitle)
    numbers = np.concatenate((before, after))
    edges = np.linspace(numbers.min(), numbers.max(), 61).tolist()
    panels = (("before", before, theme.activation), ("after", after, theme.output))
    for number, (name, values, colour) in enumerate(panels):
        axes = sheet.axes(62, HEADING + 14 + 140 * number, width - 72, 88)
        axes.set_title(f"{name}: mean {tidy(values.mean())}, standard deviation {tidy(values.std())}")
        axes.hist(values, edges, color=colour)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xlabel("number" if number else "")
        axes.set_ylabel("how often", labelpad=1)
    return sheet


def running_mean_curve() -> Curve:
    """Return the mean of each of many micro-batches, and batch normalisation's running mean of them."""
    momenta = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
    micro_batches = 3 + 2 * np.random.default_rng(0).standard_normal((100, 8, 1)).astype(np.float32)
    running = []
    for momentum in momenta:
        norm = cnn.BatchNorm(momentum)
        norm.build((1,), np.random.default_rng(0))
        means = [0.0]
        for x in micro_batches:
            norm.update_state(norm.batch_statistics(norm.forward_pass(x, training=True)[1]))
            means.append(float(norm.state["mean"][0]))
        running.append(np.array(means))
    each = np.concatenate(([np.nan], micro_batches.mean(axis=(1, 2))))
    lines = [
        line("mean of the micro-batch", "input", [each] * len(momenta)),
        line("running mean", "output", running),
    ]
    return curve("The running mean", "micro-batch", np.arange(101.0), "momentum", momenta, lines)


def _with_constant_statistics(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    _, grads = layer.backward_pass(dy, cache)
    return dy * layer.params["scale"] / cache.deviation, grads
