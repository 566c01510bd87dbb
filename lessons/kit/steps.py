"""The steps of the layers' traces that the page about the whole network plays too."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from typing import Any

import numpy as np

from cnn import Softmax, SoftmaxCrossEntropy
from cnn.types import Array
from lessons.kit.traces import (
    Grid,
    Index,
    Step,
    Term,
    added,
    cell,
    constant,
    difference,
    largest,
    product,
    quotient,
    track,
    wrapped,
)

SOFTMAX = "cnn.layers.activations.Softmax.forward_pass"
LOSS = "cnn.losses.SoftmaxCrossEntropy.__call__"
LOSS_RETURN = "return -float((t * log_p).sum()) / total, (np.exp(log_p) - t) / total"
DENSE_GRADIENTS = 'return {"weight": x.T @ dy, "bias": dy.sum(axis=0)}'


def convolution_steps(
    x: Grid,
    weight: Grid,
    bias: Grid,
    y: Grid,
    stride: int = 1,
    statement: str = "y = convolve(x, weight, self._fit_windows(x.shape[1:]), bias)",
) -> Iterator[Step]:
    """Fill y: each number is a window times a filter, added up, and the bias."""
    for p, q, f in np.ndindex(y.values.shape):
        which = "the filter" if weight.values.shape[3] == 1 else f"filter {f}"
        products = [
            product(cell(x, p * stride + i, q * stride + j, k), cell(weight, i, j, k, f))
            for i, j, k in np.ndindex(weight.values.shape[:3])
        ]
        yield Step(
            statement, y, (p, q, f), added([*products, cell(bias, f)]),
            f"the window at row {p * stride}, column {q * stride} times {which}, added up, "
            "plus the bias",
        )  # fmt: skip


def filter_gradient_steps(
    x: Grid,
    dy: Grid,
    dweight: Grid,
    stride: int = 1,
    statement: str = "dweight += (patches.T @ positions).reshape(dweight.shape)",
) -> Iterator[Step]:
    """Fill dweight: each number of the filter met one pixel of every window."""
    for i, j, k, f in np.ndindex(dweight.values.shape):
        products = [
            product(cell(x, p * stride + i, q * stride + j, k), cell(dy, p, q, f))
            for p, q in np.ndindex(dy.values.shape[:2])
        ]
        channel = f", channel {k}" if dweight.values.shape[2] > 1 else ""
        why = f"row {i}, column {j}{channel} of each window, times that window's dy, added up"
        yield Step(statement, dweight, (i, j, k, f), added(products), why)


def filter_bias_gradient_steps(
    dy: Grid, dbias: Grid, statement: str = "dbias += sum_channels(positions)"
) -> Iterator[Step]:
    """Fill dbias: the bias went into every output of its filter."""
    for (f,) in np.ndindex(dbias.values.shape):
        gradients = [cell(dy, p, q, f) for p, q in np.ndindex(dy.values.shape[:2])]
        yield Step(statement, dbias, (f,), added(gradients), "all of dy, added up")


def max_pooling_steps(
    x: Grid,
    y: Grid,
    size: tuple[int, int],
    stride: tuple[int, int],
    statement: str = "np.maximum(y, numbers, out=y)",
) -> Iterator[Step]:
    """Fill y: each number is the largest of its window."""
    for window in np.ndindex(y.values.shape):
        terms = [cell(x, *pixel) for pixel in pixels_of(window, size, stride)]
        why = (
            f"the largest number of the window at row {window[0] * stride[0]}, column {window[1] * stride[1]}"
        )
        yield Step(statement, y, window, largest(terms), why)


def max_pooling_gradient_steps(
    x: Grid,
    dy: Grid,
    dx: Grid,
    size: tuple[int, int],
    stride: tuple[int, int],
    statement: str = "yield dy * first",
) -> Iterator[Step]:
    """Fill dx: a number gets dy of every window that it won, the first of equals being the winner."""
    for pixel in np.ndindex(dx.values.shape):
        terms, won = [], 0
        for window in windows_over(pixel, dy, size, stride):
            pixels = list(pixels_of(window, size, stride))
            first = pixels[int(np.argmax([x.values[one] for one in pixels]))] == pixel
            terms.append(product(cell(dy, *window), constant(float(first))))
            won += first
        why = "it is not the first largest number of a window" if not won else "the first largest number of "
        why += "" if not won else "its window" if won == 1 else f"{won} windows, whose dy are added up"
        yield Step(statement, dx, pixel, added(terms or [constant(0)]), why, [(x, [pixel])])


def pixels_of(window: Index, size: tuple[int, int], stride: tuple[int, int]) -> Iterator[Index]:
    """Go through the pixels of a window, row by row."""
    p, q, k = window
    for i, j in np.ndindex(size):
        yield p * stride[0] + i, q * stride[1] + j, k


def windows_over(pixel: Index, y: Grid, size: tuple[int, int], stride: tuple[int, int]) -> list[Index]:
    """Return the windows that a pixel lies in."""
    return [window for window in np.ndindex(y.values.shape) if pixel in pixels_of(window, size, stride)]


def flatten_steps(
    x: Grid, y: Grid, statement: str = "y = x.reshape(len(x), prod(x.shape[1:]))"
) -> Iterator[Step]:
    """Fill y, in the order in which the image is read."""
    for p, q, k in np.ndindex(x.values.shape):
        told, index = _index(x, p, q, k)
        why = f"{x.called((p, q, k))} goes to index {told}"
        yield Step(statement, y, (0, index), cell(x, p, q, k), why)


def flatten_gradient_steps(dy: Grid, dx: Grid, statement: str = "dx = dy.reshape(cache)") -> Iterator[Step]:
    """Fill dx: each gradient returns to where its number came from."""
    for p, q, k in np.ndindex(dx.values.shape):
        told, index = _index(dx, p, q, k)
        yield Step(statement, dx, (p, q, k), cell(dy, 0, index), f"dy comes back from index {told}")


def _index(image: Grid, p: int, q: int, k: int) -> tuple[str, int]:
    """Return the sum that gives a number's index in the row, and what comes out."""
    _, w, c = image.values.shape
    index = (p * w + q) * c + k
    return f"({p} · {w} + {q}) · {c} + {k} = {index}", index


def dense_steps(
    x: Grid, weight: Grid, bias: Grid, y: Grid, statement: str = "y = x @ weight + bias"
) -> Iterator[Step]:
    """Fill y: a sample's numbers times a column of the weights, added up, and the bias."""
    for n, f in np.ndindex(y.values.shape):
        products = [product(cell(x, n, k), cell(weight, k, f)) for k in range(x.values.shape[1])]
        why = f"the inputs of sample {n} times column {f} of the weights, added up, plus the bias"
        yield Step(statement, y, (n, f), added([*products, cell(bias, f)]), why)


def dense_weight_gradient_steps(
    x: Grid, dy: Grid, dweight: Grid, statement: str = DENSE_GRADIENTS
) -> Iterator[Step]:
    """Fill dweight: the input that a weight met, times dy of the output it went into."""
    for k, f in np.ndindex(dweight.values.shape):
        products = [product(cell(x, n, k), cell(dy, n, f)) for n in range(len(x.values))]
        why = f"input {k} times dy of output {f}" + (
            ", added up over the samples" if len(products) > 1 else ""
        )
        yield Step(statement, dweight, (k, f), added(products), why)


def dense_bias_gradient_steps(dy: Grid, dbias: Grid, statement: str = DENSE_GRADIENTS) -> Iterator[Step]:
    """Fill dbias: dy, added up over the samples."""
    for (f,) in np.ndindex(dbias.values.shape):
        gradients = [cell(dy, n, f) for n in range(len(dy.values))]
        why = f"dy of output {f}" + (", added up over the samples" if len(gradients) > 1 else "")
        yield Step(statement, dbias, (f,), added(gradients), why)


def dense_input_gradient_steps(
    dy: Grid, weight: Grid, dx: Grid, statement: str = 'dx = dy @ self.param("weight", like=dy).T'
) -> Iterator[Step]:
    """Fill dx: dy of every output, times the weight through which the input went into it."""
    for n, k in np.ndindex(dx.values.shape):
        products = [product(cell(dy, n, f), cell(weight, k, f)) for f in range(dy.values.shape[1])]
        why = f"dy of sample {n} times row {k} of the weights, added up"
        yield Step(statement, dx, (n, k), added(products), why)


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
        top = int(outputs.values[n].argmax())
        exponents = [difference(cell(outputs, n, j), cell(outputs, n, top)) for j in range(p.values.shape[1])]
        powers = [wrapped("e^(", one, ")", exp(one.value)) for one in exponents]
        why = f"e to this logit, less the largest of row {n}, divided by the sum of the row"
        below = added(powers)
        term = Term((*powers[i].tokens, " / (", *below.tokens, ")"), powers[i].value / below.value)
        yield Step("y = e / e.sum(axis=-1, keepdims=True)", p, (n, i), term, why)


def _loss_step(p: Grid, t: Grid, loss: Grid) -> Step:
    """Fill the loss: minus the logarithm of what the true classes got, on average."""
    true = [(n, int(row.argmax())) for n, row in enumerate(t.values)]
    logarithms = [wrapped("log ", cell(p, *index), "", log(p.values[index])) for index in true]
    total = added(logarithms)
    negative = (
        wrapped("−(", total, ")", -total.value) if len(true) > 1 else wrapped("−", total, "", -total.value)
    )
    term = Term((*negative.tokens, f" / {len(true)}"), negative.value / len(true))
    why = "minus the logarithm of what the true class got, on average over the samples"
    return Step(LOSS_RETURN, loss, (0,), term, why, [(t, true)])


def _gradient_steps(p: Grid, t: Grid, doutputs: Grid) -> Iterator[Step]:
    """Fill the gradient: what was said less what is true, divided by the number of samples."""
    for index in np.ndindex(doutputs.values.shape):
        term = quotient(difference(cell(p, *index), cell(t, *index)), constant(len(p.values)))
        why = "what was said, less what is true" + (
            f", divided by the {len(p.values)} samples" if len(p.values) > 1 else ""
        )
        yield Step(LOSS_RETURN, doutputs, index, term, why)
