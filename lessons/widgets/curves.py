"""The curves of the pages' sliders: what `cnn` computes for each value of one number, as plain data."""

from __future__ import annotations

import numpy as np

import cnn
from lessons.drawings.curves import curve_and_slope
from lessons.kit.curves import Curve, curve, line
from lessons.params import Valley
from lessons.valley import height, path


def curves(valley: Valley) -> dict[str, Curve]:
    """Return the curves by the names that pages know them by.

    Args:
        valley: the valley that the learning rate is tried on.
    """
    return {
        "leaky-relu": leaky_relu(),
        "sigmoid": sigmoid(),
        "running-average": running_average(),
        "learning-rate": learning_rate(valley),
        "one-cycle": one_cycle(),
    }


def leaky_relu() -> Curve:
    """Return leaky ReLU and its derivative for slopes from 0."""
    slopes = [step / 20 for step in range(13)]
    x = np.linspace(-4, 4, 81, dtype=np.float32)
    pairs = [curve_and_slope(cnn.LeakyReLU(slope), x) for slope in slopes]
    lines = [
        line("y, the curve", "output", (y for y, _ in pairs)),
        line("its derivative", "gradient", (slope for _, slope in pairs)),
    ]
    return curve("Leaky ReLU", "x", x, "slope", slopes, lines)


def sigmoid() -> Curve:
    """Return the sigmoid with its tangent at a point that moves."""
    points = list(range(-6, 7))
    x = np.linspace(-6, 6, 73, dtype=np.float32)
    y, slopes = curve_and_slope(cnn.Sigmoid(), x)
    tangents = []
    for point in points:
        (at,), (slope,) = curve_and_slope(cnn.Sigmoid(), np.array([point], np.float32))
        near = np.abs(x - point) <= 2.0  # the tangent is drawn as far as this
        tangents.append(np.where(near, at + slope * (x - point), np.nan))
    lines = [
        line("y, the curve", "output", [y] * len(points)),
        line("its derivative", "gradient", [slopes] * len(points)),
        line("tangent at the point", "parameter", tangents),
    ]
    return curve("The sigmoid and its slope", "x", x, "point", points, lines)


def running_average() -> Curve:
    """Return the mean of each of many micro-batches, and batch normalisation's running average of them."""
    momenta = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
    micro_batches = 3 + 2 * np.random.default_rng(0).standard_normal((100, 8, 1)).astype(np.float32)
    averages = []
    for momentum in momenta:
        norm = cnn.BatchNorm(momentum)
        norm.build((1,), np.random.default_rng(0))
        seen = [0.0]
        for x in micro_batches:
            norm.update_state(norm.batch_statistics(norm.forward_pass(x, training=True)[1]))
            seen.append(float(norm.state["mean"][0]))
        averages.append(np.array(seen))
    means = np.concatenate(([np.nan], micro_batches.mean(axis=(1, 2))))
    lines = [
        line("mean of the micro-batch", "input", [means] * len(momenta)),
        line("running mean", "output", averages),
    ]
    return curve("The running mean", "micro-batch", np.arange(101.0), "momentum", momenta, lines)


def learning_rate(valley: Valley) -> Curve:
    """Return loss and the way across the valley, step by step, for rates of SGD."""
    limit = 2 / valley.steepness  # at which the steps across no longer get shorter
    rates = [round(limit * share / 20, 4) for share in range(2, 22)]
    paths = [path(valley, cnn.SGD(learning_rate=rate))[:16] for rate in rates]
    lines = [
        line("w[1], across the valley", "parameter", (places[:, 1] for places in paths)),
        line("w[0], along it", "none", (places[:, 0] for places in paths)),
        line("loss ÷ 10", "output", (height(valley, places) / 10 for places in paths)),
    ]
    return curve("SGD in the valley", "step", np.arange(float(len(paths[0]))), "learning rate", rates, lines)


def one_cycle() -> Curve:
    """Return the learning rate in the course of a training, for shares of the rise."""
    rises = [step / 20 for step in range(1, 20)]
    progress = np.linspace(0, 1, 101)
    rates = [[cnn.OneCycle(1.0, warm_up=rise)(share) for share in progress.tolist()] for rise in rises]
    lines = [line("learning rate ÷ its peak", "parameter", (np.array(rate) for rate in rates))]
    return curve("OneCycle", "progress of the training", progress, "rise", rises, lines)
