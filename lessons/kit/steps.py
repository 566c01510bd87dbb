"""The steps of the layers' traces that the page about the whole network plays too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lessons.kit.traces import Grid, Step, added, cell, product


def convolution_steps(
    x: Grid,
    weight: Grid,
    bias: Grid,
    y: Grid,
    stride: int = 1,
    statement: str = "y = convolve(x, weight, self._windows(x.shape[1:]), bias)",
) -> Iterator[Step]:
    """Fill y: each number is a window times a filter, added up, and the bias."""
    for p, q, f in np.ndindex(y.values.shape):
        products = [
            product(cell(x, p * stride + i, q * stride + j, k), cell(weight, i, j, k, f))
            for i, j, k in np.ndindex(weight.values.shape[:3])
        ]
        yield Step(
            statement, y, (p, q, f), added([*products, cell(bias, f)]),
            f"the window at row {p * stride}, column {q * stride} times {_filter(weight, f)}, added up, "
            "plus the bias",
        )  # fmt: skip


def filter_gradient_steps(
    x: Grid,
    dy: Grid,
    dweight: Grid,
    stride: int = 1,
    statement: str = "dweight += (patches.T @ places).reshape(dweight.shape)",
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
    dy: Grid, dbias: Grid, statement: str = "dbias += sum_channels(places)"
) -> Iterator[Step]:
    """Fill dbias: the bias went into every output of its filter."""
    for (f,) in np.ndindex(dbias.values.shape):
        gradients = [cell(dy, p, q, f) for p, q in np.ndindex(dy.values.shape[:2])]
        yield Step(statement, dbias, (f,), added(gradients), "all of dy, added up")


def _filter(weight: Grid, f: int) -> str:
    return "the filter" if weight.values.shape[3] == 1 else f"filter {f}"
