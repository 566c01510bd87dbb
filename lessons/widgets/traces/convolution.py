"""The traces of convolution: each number as the sum of the products that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnn import Conv2D
from cnn.layers.padding import Padding
from cnn.layers.windows import fit_windows
from cnn.types import Array
from lessons.kit.traces import Grid, Step, added, cell, product, track

LAYER = "cnn.layers.convolution.Conv2D"


def cases() -> list[dict[str, Any]]:
    """Return the cases: one of each kind that the page speaks of; the plain one is its worked example."""
    image = np.arange(1, 10).reshape(3, 3)
    ramp, dy = [[1, 2], [3, 4]], [[1, 0], [0, 2]]
    strokes = [[0, 1, 2, 1, 0], [1, 2, 0, 2, 1], [0, 0, 1, 2, 0], [0, 1, 2, 1, 0], [1, 2, 2, 2, 1]]
    edges = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    spots = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    diagonal = np.diag([1, 2, -1])
    volume, deep = _stack(image, np.eye(3)), _stack(ramp, [[10, 20], [30, 40]])
    two, dtwo = _stack(ramp, [[-1, 1], [-1, 1]]), _stack(dy, [[0, 1], [-1, 0]])
    return [
        _case(
            "plain", "one filter, stride 1, no padding",
            _stack(image), _stack(ramp)[..., None], [100], _stack(dy),
        ),
        _case(
            "stride", "one filter, stride 2",
            _stack(strokes), _stack(edges)[..., None], [3], _stack([[1, 2], [0, -1]]), stride=2,
        ),
        _case(
            "same", "one filter, same padding",
            _stack(image), _stack(spots)[..., None], [10], _stack(diagonal), padding="same",
        ),
        _case("channels", "two channels, one filter", volume, deep[..., None], [100], _stack(dy)),
        _case("filters", "one channel, two filters", _stack(image), two[:, :, None], [100, 0], dtwo),
    ]  # fmt: skip


def _stack(*planes: ArrayLike) -> Array:
    """Lay planes of rows and columns behind one another: `[h, w, c]`."""
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)


def _case(
    name: str,
    title: str,
    x: Array,
    weight: Array,
    bias: list[int],
    dy: Array,
    stride: int = 1,
    padding: Padding = "valid",
) -> dict[str, Any]:
    x, dy = x[None], dy[None]
    layer = Conv2D(len(bias), weight.shape[:2], stride, padding)
    layer.params = {"weight": weight, "bias": np.array(bias, np.float32)}
    y, cache = layer.forward_pass(x)
    dx, grads = layer.backward_pass(dy, cache)

    windows = fit_windows("Conv2D", x.shape[1:3], weight.shape[:2], (stride, stride), padding)
    is_padding = windows.pad(np.zeros_like(x), 1)[0] == 1
    padded = Grid("x", "input", windows.pad(x, 0)[0], "x, padded" if is_padding.any() else "", is_padding)
    filters = Grid("weight", "parameter", layer.params["weight"])
    biases = Grid("bias", "parameter", layer.params["bias"])
    outputs = Grid("y", "output", y[0], hidden=True)
    arrived = Grid("dy", "gradient", dy[0])
    dweight = Grid("dweight", "gradient", grads["weight"], hidden=True)
    dbias = Grid("dbias", "gradient", grads["bias"], hidden=True)
    dinputs = Grid("dx", "gradient", dx[0], hidden=True)
    turned = Grid(
        "turned weight",
        "parameter",
        filters.values[::-1, ::-1].transpose(0, 1, 3, 2),
        "weight, turned by 180°",
    )
    (top, _), (left, _) = windows.padding
    spread = _spread(arrived, x.shape[1:3], weight.shape[:2], (top, left), stride)

    return {
        "name": name,
        "title": title,
        "forward": [
            track(
                "Forward", f"{LAYER}.forward_pass", [padded, filters, biases, outputs],
                forward_steps(padded, filters, biases, outputs, stride),
            )
        ],
        "backward": [
            track(
                "The gradient of the weights", f"{LAYER}.parameter_gradients", [padded, arrived, dweight],
                weight_steps(padded, arrived, dweight, stride),
            ),
            track(
                "The gradient of the bias", f"{LAYER}.parameter_gradients", [arrived, dbias],
                bias_steps(arrived, dbias),
            ),
            track(
                "The gradient of the input", f"{LAYER}.input_gradient", [spread, turned, dinputs],
                _input_steps(spread, turned, dinputs),
            ),
        ],
    }  # fmt: skip


def forward_steps(
    x: Grid,
    weight: Grid,
    bias: Grid,
    y: Grid,
    stride: int = 1,
    statement: str = "y = convolve(x, weight, self._fit_windows(x.shape[1:]), bias)",
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


def weight_steps(
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


def bias_steps(dy: Grid, dbias: Grid, statement: str = "dbias += sum_channels(positions)") -> Iterator[Step]:
    """Fill dbias: the bias went into every output of its filter."""
    for (f,) in np.ndindex(dbias.values.shape):
        gradients = [cell(dy, p, q, f) for p, q in np.ndindex(dy.values.shape[:2])]
        yield Step(statement, dbias, (f,), added(gradients), "all of dy, added up")


def _spread(
    dy: Grid, image: tuple[int, ...], size: tuple[int, ...], pads: tuple[int, int], stride: int
) -> Grid:
    """Lay dy out as the turned filter meets it: stride − 1 zeros between its numbers, and zeros around."""
    rows, columns = (length + extent - 1 for length, extent in zip(image, size, strict=True))
    (above, left) = (extent - 1 - pad for extent, pad in zip(size, pads, strict=True))
    h_out, w_out, n_f = dy.values.shape
    inside = np.s_[above : above + h_out * stride : stride, left : left + w_out * stride : stride]
    values, padding = np.zeros((rows, columns, n_f), np.float32), np.ones((rows, columns, n_f), bool)
    values[inside], padding[inside] = dy.values, False
    label = "dy, spread and padded" if stride > 1 else "dy, padded"
    return replace(dy, values=values, padding=padding, label=label)


def _input_steps(dy: Grid, turned: Grid, dx: Grid) -> Iterator[Step]:
    """Fill dx: the turned filter slides over dy, one step at a time."""
    statement = "return convolve(dy, rotated, self._fit_windows(x.shape[1:]).transposed())"
    for r, s, k in np.ndindex(dx.values.shape):
        products = [
            product(cell(dy, r + i, s + j, f), cell(turned, i, j, f, k))
            for i, j, f in np.ndindex(turned.values.shape[:3])
        ]
        why = "dy of each window that saw this pixel, times the weight that it met there, added up"
        yield Step(statement, dx, (r, s, k), added(products), why)


def _filter(weight: Grid, f: int) -> str:
    return "the filter" if weight.values.shape[3] == 1 else f"filter {f}"
