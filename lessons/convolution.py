"""The page about convolution: the simplest code, what a filter makes of an image, and each step."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from timeit import Timer
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import cnn
from cnn.layers.padding import Padding
from cnn.layers.windows import fit_windows
from cnn.parallel import one_blas_thread
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import HEADING, SMALL, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import convolution_steps, filter_bias_gradient_steps, filter_gradient_steps
from lessons.kit.subject import Subject, liveliest
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Step, added, cell, product, track
from pipeline.common.machine import machine

LAYER = "cnn.layers.convolution.Conv2D"
CHANNELS = ("red", "green", "blue")  # of a coloured image


def simplest_convolution(x: Array, weight: Array, bias: Array) -> Array:
    """Return the convolution of images with filters: a loop over the positions of the window.

    Args:
        x: the images, `[n, h, w, c]`.
        weight: the filters, `[h_f, w_f, c, n_f]`.
        bias: the biases, `[n_f]`.

    Returns:
        The feature maps, `[n, h − h_f + 1, w − w_f + 1, n_f]`.
    """
    n, h, w, _ = x.shape
    h_f, w_f, _, n_f = weight.shape
    y = np.empty((n, h - h_f + 1, w - w_f + 1, n_f), x.dtype)
    for p, q in np.ndindex(y.shape[1:3]):
        window = x[:, p : p + h_f, q : q + w_f]  # [n, h_f, w_f, c]
        y[:, p, q] = np.tensordot(window, weight, axes=3) + bias  # products, added up over i, j and k
    return y


def from_network(subject: Subject) -> Shown:
    """Return what one filter of the trained network makes of an image, and the shapes of its convolutions."""
    return Shown(
        drawings={"one-filter": partial(draw_one_filter, subject=subject)},
        values={"shapes": shapes(subject.model, (cnn.Conv2D,))},
    )


def from_repository() -> Shown:
    """Return the trace, the gradient check and the measured speed."""
    layer = cnn.Conv2D(2, 3, stride=2, padding=1)
    return Shown(
        values={
            "gradient_check": gradient_check(
                layer, (2, 6, 5, 2), "filter not turned", _with_the_filter_not_turned
            ),
            "processor": machine()["processor"],
            "speed": speed(),
        },
        files={"traces/convolution.json": to_json({"layer": "convolution", "cases": cases()})},
    )


def draw_one_filter(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw an image, one filter of the first convolution, and the map that it makes of the image."""
    index = subject.first_index(cnn.Conv2D)
    if index is None:
        return Sheet(width, HEADING, theme, "One filter", f"{subject.training}: no convolution")
    x, y = subject.inputs[index], subject.inputs[index + 1]
    best = liveliest(y)
    one = subject.model.layers[index].params["weight"][:, :, :, best]
    size, small = 112, 66
    sheet = Sheet(width, HEADING + 20 + size + 44, theme, "An image, a filter, a map", subject.training)
    panels = (
        (0, size, "input", x[0], theme.activation),
        (size + 25, small, f"filter {best}", one, theme.parameter),
        (width - size, size, "feature map", y[0, :, :, best, None], theme.output),
    )
    top = HEADING + 18
    for left, side, name, values, colour in panels:
        sheet.text(left, HEADING + 10, name)
        if name == "input" and subject.image.ndim == 3:
            sheet.image(left, top, subject.image, side)
            continue
        planes = np.moveaxis(scaled(values), -1, 0)
        height = side if len(planes) == 1 else size / len(planes)
        for number, plane in enumerate(planes):
            y_of_plane = top + (size - height * len(planes)) / 2 + height * number
            sheet.picture(left, y_of_plane, plane, colour, int(height) - (2 if len(planes) > 1 else 0))
            if len(planes) == len(CHANNELS):
                sheet.text(left + height + 2, y_of_plane + height / 2 + 3, CHANNELS[number], size=SMALL)
        largest = f"{np.abs(values).max():.1f}"
        sheet.scale(left, top + size + 8, colour, (f"−{largest}", "0", largest), width=side)
    for left, sign in ((size + 8, "∗"), (width - size - 18, "=")):
        sheet.text(left, top + size / 2 + 5, sign, size=14)
    return sheet


def speed() -> str:
    """Return how long one thread takes for one image and for 32, with the loop and without."""
    layer = cnn.Conv2D(8, 3)
    layer.build((14, 14, 8), np.random.default_rng(0))
    one, many = (np.ones((n, 14, 14, 8), np.float32) for n in (1, 32))
    ways: dict[str, Callable[[Array], object]] = {
        "a loop over the 12·12 positions": lambda x: simplest_convolution(x, **layer.params),
        "`Conv2D.forward_pass`": layer.forward_pass,
    }
    with one_blas_thread():
        rows = [[name, *(_fastest(partial(way, x)) for x in (one, many))] for name, way in ways.items()]
    return table(["images of 14×14×8, 8 filters of 3×3", "one image", "32 images"], rows, numbers=2)


def _fastest(way: Callable[[], object]) -> str:
    """Return the shortest of five times."""
    timer = Timer(way)
    number = max(1, timer.autorange()[0] // 8)
    return f"{1e6 * min(timer.repeat(5, number)) / number:,.0f} µs"


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
    layer = cnn.Conv2D(len(bias), weight.shape[:2], stride=stride, padding=padding)
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
                convolution_steps(padded, filters, biases, outputs, stride),
            )
        ],
        "backward": [
            track(
                "The gradient of the weights", f"{LAYER}.parameter_gradients", [padded, arrived, dweight],
                filter_gradient_steps(padded, arrived, dweight, stride),
            ),
            track(
                "The gradient of the bias", f"{LAYER}.parameter_gradients", [arrived, dbias],
                filter_bias_gradient_steps(arrived, dbias),
            ),
            track(
                "The gradient of the input", f"{LAYER}.input_gradient", [spread, turned, dinputs],
                _input_steps(spread, turned, dinputs),
            ),
        ],
    }  # fmt: skip


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


def _with_the_filter_not_turned(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    turned = copy.copy(layer)
    turned.params = {**layer.params, "weight": layer.params["weight"][::-1, ::-1]}
    dx, _ = turned.backward_pass(dy, cache)
    return dx, layer.parameter_gradients(dy, cache)
