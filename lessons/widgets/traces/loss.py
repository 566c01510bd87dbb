"""The traces of softmax and cross-entropy: the probabilities, the loss, and p − t."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from typing import Any

import numpy as np

from cnn import Softmax, SoftmaxCrossEntropy
from cnn.types import Array
from lessons.kit.traces import (
    Grid,
    Step,
    Term,
    added,
    cell,
    constant,
    difference,
    quotient,
    track,
    wrapped,
)

SOFTMAX = "cnn.layers.activations.Softmax.forward_pass"
LOSS = "cnn.losses.SoftmaxCrossEntropy.__call__"
RETURN = "return -float((t * log_p).sum()) / total, (np.exp(log_p) - t) / total"


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three classes."""
    outputs = np.log(np.array([[1, 2, 5], [2, 1, 1]], np.float32))
    forward, backward = loss_tracks(outputs, np.array([1, 0]))
    return [
        {"name": "plain", "title": "two samples, three classes", "forward": forward, "backward": backward}
    ]


def loss_tracks(logits: Array, labels: Array) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the tracks of the loss, forward and backward.

    Args:
        logits: the model's outputs, `[n, classes]`.
        labels: the true classes, `[n]`.
    """
    probabilities, _ = Softmax().forward_pass(logits)
    loss, gradient = SoftmaxCrossEntropy()(logits, labels)
    outputs = Grid("outputs", "output", logits)
    hidden_p = Grid("p", "output", probabilities, "p, the probabilities", hidden=True)
    p = Grid("p", "output", probabilities, "p, the probabilities")
    t = Grid("t", "input", np.eye(logits.shape[1], dtype=np.float32)[labels], "t, the targets")
    value = Grid("loss", "output", np.array([loss], np.float32), hidden=True)
    doutputs = Grid("doutputs", "gradient", gradient, hidden=True)
    forward = [
        track("The probabilities", SOFTMAX, [outputs, hidden_p], _softmax_steps(outputs, hidden_p)),
        track("The loss", LOSS, [p, t, value], [_loss_step(p, t, value)]),
    ]
    backward = [track("The gradient of the outputs", LOSS, [p, t, doutputs], _gradient_steps(p, t, doutputs))]
    return forward, backward


def _softmax_steps(outputs: Grid, p: Grid) -> Iterator[Step]:
    """Fill p: e to each logit, less the row's largest, divided by the sum of these."""
    for n, i in np.ndindex(p.values.shape):
        largest = int(outputs.values[n].argmax())
        powers = [_power(outputs, n, j, largest) for j in range(p.values.shape[1])]
        why = f"e to this logit, less the largest of row {n}, divided by the sum of the row"
        below = added(powers)
        term = Term((*powers[i].tokens, " / (", *below.tokens, ")"), powers[i].value / below.value)
        yield Step("y = e / e.sum(axis=-1, keepdims=True)", p, (n, i), term, why)


def _power(outputs: Grid, n: int, j: int, largest: int) -> Term:
    exponent = difference(cell(outputs, n, j), cell(outputs, n, largest))
    return wrapped("e^(", exponent, ")", exp(exponent.value))


def _loss_step(p: Grid, t: Grid, loss: Grid) -> Step:
    """Fill the loss: minus the logarithm of what the true classes got, on average."""
    true = [(n, int(row.argmax())) for n, row in enumerate(t.values)]
    logarithms = [wrapped("log ", cell(p, *place), "", log(p.values[place])) for place in true]
    total = added(logarithms)
    negative = (
        wrapped("−(", total, ")", -total.value) if len(true) > 1 else wrapped("−", total, "", -total.value)
    )
    term = Term((*negative.tokens, f" / {len(true)}"), negative.value / len(true))
    why = "minus the logarithm of what the true class got, on average over the samples"
    return Step(RETURN, loss, (0,), term, why, [(t, true)])


def _gradient_steps(p: Grid, t: Grid, doutputs: Grid) -> Iterator[Step]:
    """Fill the gradient: what was said less what is true, divided by the number of samples."""
    for place in np.ndindex(doutputs.values.shape):
        term = quotient(difference(cell(p, *place), cell(t, *place)), constant(len(p.values)))
        why = "what was said, less what is true" + (
            f", divided by the {len(p.values)} samples" if len(p.values) > 1 else ""
        )
        yield Step(RETURN, doutputs, place, term, why)
