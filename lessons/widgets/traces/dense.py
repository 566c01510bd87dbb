"""The traces of the dense layer: every output listens to every input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn import Dense
from lessons.kit.traces import Grid, Step, added, cell, product, track

LAYER = "cnn.layers.dense.Dense"
GRADIENTS = 'return {"weight": x.T @ dy, "bias": dy.sum(axis=0)}'


def cases() -> list[dict[str, Any]]:
    """Return the only case: two samples, three inputs, two outputs."""
    layer = Dense(2)
    layer.params = {
        "weight": np.array([[1, 0], [2, -1], [0, 3]], np.float32),
        "bias": np.array([10, 20], np.float32),
    }
    inputs, gradient = np.array([[1, 2, 3], [0, 1, -1]], np.float32), np.array([[1, -1], [0, 2]], np.float32)
    outputs, cache = layer.forward_pass(inputs)
    dinputs, grads = layer.backward_pass(gradient, cache)

    x, y = Grid("x", "input", inputs), Grid("y", "output", outputs, hidden=True)
    weight = Grid("weight", "parameter", layer.params["weight"])
    bias = Grid("bias", "parameter", layer.params["bias"])
    dy, dx = Grid("dy", "gradient", gradient), Grid("dx", "gradient", dinputs, hidden=True)
    dweight = Grid("dweight", "gradient", grads["weight"], hidden=True)
    dbias = Grid("dbias", "gradient", grads["bias"], hidden=True)
    return [
        {
            "name": "plain",
            "title": "two samples, three inputs, two outputs",
            "forward": [
                track(
                    "Forward", f"{LAYER}.forward_pass", [x, weight, bias, y],
                    forward_steps(x, weight, bias, y),
                )
            ],
            "backward": [
                track(
                    "The gradient of the weights", f"{LAYER}.parameter_gradients", [x, dy, dweight],
                    weight_steps(x, dy, dweight),
                ),
                track(
                    "The gradient of the bias", f"{LAYER}.parameter_gradients", [dy, dbias],
                    bias_steps(dy, dbias),
                ),
                track(
                    "The gradient of the input", f"{LAYER}.backward_pass", [dy, weight, dx],
                    input_steps(dy, weight, dx),
                ),
            ],
        }
    ]  # fmt: skip


def forward_steps(
    x: Grid, weight: Grid, bias: Grid, y: Grid, statement: str = "y = x @ weight + bias"
) -> Iterator[Step]:
    """Fill y: a sample's numbers times a column of the weights, added up, and the bias."""
    for n, f in np.ndindex(y.values.shape):
        products = [product(cell(x, n, k), cell(weight, k, f)) for k in range(x.values.shape[1])]
        why = f"the inputs of sample {n} times column {f} of the weights, added up, plus the bias"
        yield Step(statement, y, (n, f), added([*products, cell(bias, f)]), why)


def weight_steps(x: Grid, dy: Grid, dweight: Grid, statement: str = GRADIENTS) -> Iterator[Step]:
    """Fill dweight: the input that a weight met, times dy of the output it went into."""
    for k, f in np.ndindex(dweight.values.shape):
        products = [product(cell(x, n, k), cell(dy, n, f)) for n in range(len(x.values))]
        why = f"input {k} times dy of output {f}" + (
            ", added up over the samples" if len(products) > 1 else ""
        )
        yield Step(statement, dweight, (k, f), added(products), why)


def bias_steps(dy: Grid, dbias: Grid, statement: str = GRADIENTS) -> Iterator[Step]:
    """Fill dbias: dy, added up over the samples."""
    for (f,) in np.ndindex(dbias.values.shape):
        gradients = [cell(dy, n, f) for n in range(len(dy.values))]
        why = f"dy of output {f}" + (", added up over the samples" if len(gradients) > 1 else "")
        yield Step(statement, dbias, (f,), added(gradients), why)


def input_steps(
    dy: Grid, weight: Grid, dx: Grid, statement: str = 'dx = dy @ self.param("weight", like=dy).T'
) -> Iterator[Step]:
    """Fill dx: dy of every output, times the weight through which the input went into it."""
    for n, k in np.ndindex(dx.values.shape):
        products = [product(cell(dy, n, f), cell(weight, k, f)) for f in range(dy.values.shape[1])]
        why = f"dy of sample {n} times row {k} of the weights, added up"
        yield Step(statement, dx, (n, k), added(products), why)
