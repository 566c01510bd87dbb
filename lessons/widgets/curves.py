"""The curves of the pages' sliders: what `cnn` computes for each value of one number, as plain data."""

from __future__ import annotations

import numpy as np

import cnn
from lessons.kit.curves import Curve, curve, line
from lessons.widgets.traces.network import LABEL, PICTURE, small_model


def curves() -> dict[str, Curve]:
    """Return the curves by the names that pages know them by."""
    return {
        "running-average": running_average(),
        "learning-rate": learning_rate(valley),
        "one-cycle": one_cycle(),
        "one-step": one_step(),
    }


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
