"""The curves of the pages' sliders: what `cnn` computes for each value of one number, as plain data."""

from __future__ import annotations

import numpy as np

import cnn
from lessons.drawings.curves import curve_and_slope
from lessons.kit.curves import Curve, curve, line
from lessons.widgets.traces.network import LABEL, PICTURE, small_model


def curves() -> dict[str, Curve]:
    """Return the curves by the names that pages know them by."""
    return {
        "leaky-relu": leaky_relu(),
        "sigmoid": sigmoid(),
        "one-step": one_step(),
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


def one_step() -> Curve:
    """Return the loss of the small model after one step, for learning rates up to the chosen one."""
    rates = np.arange(51) / 100
    losses = np.array([loss_after_step(rate) for rate in rates.tolist()])
    upto = [np.where(rates <= rate, losses, np.nan) for rate in rates]
    lines = [line("loss after one step", "output", upto)]
    return curve(
        "One step of the small model", "learning rate", rates, "learning rate", rates.tolist(), lines
    )


def loss_after_step(rate: float) -> float:
    """Return the loss of the small model of the page about the sequential model after one step of SGD."""
    model, loss, x = small_model(), cnn.SoftmaxCrossEntropy(), PICTURE.astype(np.float64)
    outputs, caches = model.forward_pass(x)
    _, dy = loss(outputs, LABEL)
    if rate:
        model.assign(cnn.SGD(learning_rate=rate).update(model.params, model.parameter_gradients(dy, caches)))
    return loss(model.forward_pass(x)[0], LABEL)[0]
