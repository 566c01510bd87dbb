"""The page about convolution: the simplest code, what a filter makes of an image, and each step."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from math import ceil
from timeit import Timer
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import cnn
from cnn.layers.padding import Padding
from cnn.layers.windows import fit_windows
from cnn.parallel import one_blas_thread
from cnn.summary import layer_summaries
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import HEADING, LARGE, NARROW, PIXELS, SMALL, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import convolution_steps, filter_bias_gradient_steps, filter_gradient_steps
from lessons.kit.subject import Subject
from lessons.kit.tables import table
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Step, added, cell, product, track
from pipeline.common.machine import machine

LAYER = "cnn.layers.convolution.Conv2D"
CHANNELS = ("red", "green", "blue")  # of a coloured image

EDGES = np.tile(
    [-1.0, 0.0, 1.0], (3, 1)
)  # right minus left: positive where an image grows brighter to the right
IMAGE = np.arange(1.0, 10.0).reshape(3, 3)  # the page's worked example, and its filters
RAMP, SLOPE = [[1, 2], [3, 4]], [[-1, 1], [-1, 1]]
DY = [[1, 0], [0, 2]]
SECOND_CHANNEL, SECOND_RAMP = np.eye(3), [[10, 20], [30, 40]]


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
        y[:, p, q] = np.tensordot(window, weight, axes=3) + bias  # added up over i, j, k
    return y


def from_network(subject: Subject) -> Shown:
    """Return what one filter of the trained network makes of an image, and the shapes of its convolutions."""
    shown = subject.with_layer(cnn.Conv2D)
    return Shown(
        drawings={
            "edges": partial(draw_edges, subject=subject),
            "one-filter": partial(draw_one_filter, subject=shown),
        },
        values={"shapes": shown.note + shapes(shown.model, (cnn.Conv2D,))},
    )


def from_repository() -> Shown:
    """Return the trace, the gradient check and the measured speed."""
    layer = cnn.Conv2D(2, 3, stride=2, padding=1)
    return Shown(
        drawings={
            "windows-as-matrix": draw_matrix,
            "volume": draw_volume,
            "positions": draw_positions,
            "receptive-field": draw_receptive_field,
            "stamps": draw_stamps,
        },
        values={
            "gradient_check": gradient_check(
                layer, (2, 6, 5, 2), "filter not turned", _with_the_filter_not_turned
            ),
            "processor": machine()["processor"],
            "speed": speed(),
        },
        files={"traces/convolution.json": to_json({"layer": "convolution", "cases": cases()})},
    )


def draw_edges(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw an image, the map that a hand-chosen edge filter makes of it, and the sum of one window."""
    coloured = subject.image.ndim == 3
    image = np.rint(subject.image.mean(axis=2)) if coloured else subject.image.astype(np.float64)
    layer = _layer(EDGES[:, :, None, None], [0])
    edges = layer.forward_pass(image[None, :, :, None])[0][0, :, :, 0]
    p, q = (int(index) for index in np.unravel_index(edges.argmax(), edges.shape))

    wide = width > NARROW
    size, side, legend = (270, 36, 150) if wide else (158, 34, 140)
    grid, top = 3.0 * side, HEADING + 22.0
    subtitle = f"{subject.image_set.title}: green at left edges of what is bright, red at right edges"
    sheet = Sheet(width, HEADING + size + (68 if wide else 222), theme, "A filter that finds edges", subtitle)
    unit = sheet.image(0, top, image, size)
    right = width - unit * edges.shape[1]
    sheet.picture(right, top + unit, scaled(edges), theme.output, ceil(width - right))
    sheet.text(0, top - 8, "mean of the channels" if coloured else "image", size=SMALL)
    sheet.text(right, top - 8, "feature map", size=SMALL)
    below, largest = top + size + 10.0, f"{np.abs(edges).max():.0f}"
    sheet.scale(0, below, theme.activation, PIXELS, legend)
    sheet.scale(min(right, width - legend), below, theme.output, (f"−{largest}", "0", largest), legend)

    x, y = q * unit, top + p * unit  # of the window
    sheet.box(x, y, 3 * unit, 3 * unit, theme.ink, filled=False)
    sheet.box(right + x, y + unit, unit, unit, theme.ink, filled=False)
    if wide:
        left = (width - grid) / 2
        window, filters, sign = (left, top), (left, top + grid + 54), (width / 2, top + grid + 24)
        result = (left + grid + 10, top + grid + 24)
        sheet.line([(x + 3 * unit, y), window])
        sheet.line([(x + 3 * unit, y + 3 * unit), (left, top + grid)])
        sheet.line([(result[0] + 68, result[1] - 6), (right + x, y + 1.5 * unit)], arrow=True)
    else:
        low = below + 66
        window, filters, sign = (0.0, low), (grid + 26.0, low), (grid + 13.0, low + grid / 2 + 6)
        result = (2 * grid + 36, low + grid / 2 + 6)
    sheet.text(window[0], window[1] - 8, "one window", size=SMALL)
    sheet.text(filters[0], filters[1] - 8, "the filter", size=SMALL)
    sheet.text(*sign, "×", size=LARGE, align="center")
    sheet.text(*result, f"= {edges[p, q]:.0f}", size=LARGE, weight="bold")
    sheet.numbers(*window, image[p : p + 3, q : q + 3], theme.activation, side, largest=255)
    sheet.numbers(*filters, EDGES, theme.parameter, side)
    return sheet


def draw_matrix(theme: Theme, width: int) -> Sheet:
    """Draw how windows become the rows of a matrix, and filters the columns of another."""
    side, small, fan, sign = (42, 28, 160, 84) if width > NARROW else (25, 20, 22, 16)
    filters = _stack(RAMP, SLOPE)
    columns = filters.reshape(4, 2)
    [(_, patches)] = fit_windows("example", (3, 3), (2, 2), (1, 1), "valid").patches(_stack(IMAGE)[None])
    sums = patches @ columns

    top, pitch = HEADING + 24, 3 * small + 14
    height = 4 * pitch - 14
    middle = top + (height - 4 * side) / 2
    of_matrix = 3 * small + fan
    of_columns = of_matrix + 4 * side + sign
    of_sums = of_columns + 2 * side + sign
    sheet = Sheet(
        width, top + height + 4, theme, "From windows to a matrix",
        "Windows become rows, filters columns: one matrix product gives every sum",
    )  # fmt: skip
    sheet.text(0, top - 8, "the four windows", size=SMALL)
    for number, (i, j) in enumerate(np.ndindex(2, 2)):
        y, row = top + number * pitch, middle + (number + 0.5) * side
        sheet.numbers(0, y, IMAGE, theme.zero, small)
        seen = IMAGE[i : i + 2, j : j + 2]
        sheet.numbers(j * small, y + i * small, seen, theme.activation, small, largest=IMAGE.max())
        sheet.line([(3 * small + 4, y + 1.5 * small), (of_matrix - 4, row)], arrow=True)
    sheet.numbers(of_matrix, middle, patches, theme.activation, side)
    above, below = middle - 28 - 2 * small, middle + 4 * side + 28
    for f in range(2):
        apart = side + (2 * f - 1) * (small + 4)  # from the columns' left edge to the middle of a square grid
        for left, level, values, colour in (
            (of_columns, above, columns[:, f], theme.parameter),
            (of_sums, below, sums[:, f], theme.output),
        ):
            sheet.numbers(left + f * side, middle, values[:, None], colour, side)
            sheet.numbers(left + apart - small, level, values.reshape(2, 2), colour, small)
        sheet.line(
            [(of_columns + apart, middle - 26), (of_columns + (f + 0.5) * side, middle - 3)], arrow=True
        )
        sheet.line([(of_sums + (f + 0.5) * side, below - 25), (of_sums + apart, below - 2)], arrow=True)
    for left, text in ((of_columns, "@"), (of_sums, "=")):
        sheet.text(left - sign / 2, middle + 2 * side, text, align="center", vertical="center")
    sheet.text(of_columns + side, above - 8, "two filters", size=SMALL, align="center")
    sheet.text(of_sums + side, below + 2 * small + 18, "two maps", size=SMALL, align="center")
    return sheet


def draw_volume(theme: Theme, width: int) -> Sheet:
    """Draw one window over two channels: two grids of one filter, and one sum."""
    side, sign, reach = (50, 70, 180) if width > NARROW else (27, 20, 56)
    x, weight, bias = _stack(IMAGE, SECOND_CHANNEL), _stack(RAMP, SECOND_RAMP), 100
    y = _layer(weight[..., None], [bias]).forward_pass(x[None])[0][0, :, :, 0]
    top, pitch = HEADING + 24, 3 * side + 32
    of_filter = 3 * side + sign
    of_sum = of_filter + 2 * side + sign
    of_output = of_sum + side + reach
    middle = top + pitch + 0.5 * side
    sheet = Sheet(
        width, top + 2 * pitch + side + 4, theme, "Two channels, one filter, one sum",
        "All products of the window's two channels go into the same number",
    )  # fmt: skip
    plus = of_output - 0.4 * reach
    for k in range(2):
        upper = top + k * pitch
        centre = upper + side
        sheet.text(0, upper - 8, f"x, channel {k}", size=SMALL)
        sheet.text(of_filter, upper - 8, "filter", size=SMALL)
        sheet.numbers(0, upper, x[:, :, k], theme.zero, side)
        sheet.numbers(0, upper, x[:2, :2, k], theme.activation, side, largest=x[:, :, k].max())
        sheet.box(0, upper, 2 * side, 2 * side, theme.ink, filled=False)
        sheet.numbers(of_filter, upper, weight[:, :, k], theme.parameter, side)
        part = float((x[:2, :2, k] * weight[:, :, k]).sum())
        sheet.text(of_filter - sign / 2, centre + 6, "×", size=LARGE, align="center")
        sheet.text(of_sum - sign / 2, centre + 6, "=", size=LARGE, align="center")
        sheet.text(of_sum + side / 2, centre + 6, f"{part:.0f}", size=LARGE, align="center")
        sheet.line([(of_sum + side, centre), (plus - 9, middle)])
    lowest = top + 2 * pitch
    sheet.text(of_sum - 8, lowest + side / 2 + 5, "bias", size=SMALL, align="right")
    sheet.numbers(of_sum, lowest, np.array([[bias]]), theme.parameter, side)
    sheet.line([(of_sum + side + 4, lowest + side / 2), (plus - 9, middle)])
    sheet.text(plus, middle, "+", size=LARGE, align="center", vertical="center")
    sheet.line([(plus + 9, middle), (of_output - 4, middle)], arrow=True)
    sheet.text(of_output, middle - side / 2 - 8, "y", size=SMALL)
    sheet.numbers(of_output, middle - side / 2, y, theme.zero, side)
    sheet.numbers(of_output, middle - side / 2, y[:1, :1], theme.output, side)
    return sheet


def draw_positions(theme: Theme, width: int) -> Sheet:
    """Draw where windows of three lie along a row of six pixels, for two strides and two paddings."""
    length, size, step = 6, 3, 11
    wide = width > NARROW
    side = 44 if wide else 36
    ways = [(stride, padding) for padding in (0, 1) for stride in (1, 2)]
    counts = [
        fit_windows("example", (size, length), (size, size), (1, stride), ((0, 0), (padding, padding))).grid[
            1
        ]
        for stride, padding in ways
    ]
    placed = list(zip(ways, counts, strict=True))
    rows = [placed[:2], placed[2:]] if wide else [[one] for one in placed]
    heights = [side + 58 + step * max(count for _, count in row) for row in rows]
    sheet = Sheet(
        width, HEADING + sum(heights), theme, "Where the windows lie",
        "Each bar is one window over a row of six pixels, and gives one number",
    )  # fmt: skip
    for number, row in enumerate(rows):
        top = HEADING + 28 + sum(heights[:number])
        for left, ((stride, padding), count) in zip((0, width // 2 + 20), row, strict=False):
            padded = f"padding {padding}" if padding else "no padding"
            sheet.text(left, top - 8, f"stride {stride}, {padded}: {count} windows")
            pixels = np.pad(np.arange(1.0, length + 1), padding)
            first = left + (1 - padding) * side
            sheet.numbers(first, top, pixels[None], theme.activation, side)
            for q in range(count):
                x, y = first + q * stride * side, top + side + 8 + q * step
                sheet.box(x + 2, y, size * side - 4, step - 5, theme.output)
            end = (count - 1) * stride + size
            if end < len(pixels):
                sheet.text(first + end * side + 2, top + side + 18, "unseen", size=SMALL)
    return sheet


def draw_receptive_field(theme: Theme, width: int) -> Sheet:
    """Draw how many pixels one number of each layer sees, along one axis of the image."""
    image = (28, 28, 1)
    layers = [cnn.Conv2D(1, 3), cnn.Conv2D(1, 3), cnn.MaxPool2D(2), cnn.Conv2D(1, 3)]
    lines = layer_summaries(layers, image)
    windows = []
    for layer, shape in zip(layers, (image, *(line.output_shape for line in lines)), strict=False):
        (size, _), (stride, _) = layer.receptive_window(shape) or (image[:2], (1, 1))
        windows.append((size, stride))
    counts = [1]  # of each layer's numbers that the last layer's number depends on; first, of the pixels
    for size, stride in reversed(windows):
        counts.insert(0, (counts[0] - 1) * stride + size)

    side, tall, pitch = (58, 38, 76) if width > NARROW else (22, 22, 60)
    top = HEADING + 14
    bottom = top + len(layers) * pitch
    beside = counts[0] * side + 18
    sheet = Sheet(
        width, bottom + tall + 22 * len(layers) + 10, theme, "What one number sees",
        f"Each layer widens the view: one number of the last layer depends on {counts[0]}×{counts[0]} pixels",
    )  # fmt: skip
    sheet.text(beside, bottom + tall / 2 + 5, "image", size=SMALL)
    for number in range(counts[0]):
        sheet.box(number * side + 2, bottom, side - 4, tall, theme.activation)
    start, jump = 0.0, 1.0  # where a layer's first number lies over the pixels, and how far away the next is
    for level, (line, (size, stride)) in enumerate(zip(lines, windows, strict=True), start=1):
        field, _ = line.receptive_field or image[:2]
        y = bottom - level * pitch
        ends = start * side, (start + (size - 1) * jump + 1) * side  # of the first number's window
        start, jump = start + (size - 1) / 2 * jump, jump * stride
        for number in range(counts[level]):
            left = (start + number * jump) * side + 2
            sheet.box(left, y, side - 4, tall, theme.output, filled=number == 0)
        for above, below in zip((start * side + 2, (start + 1) * side - 2), ends, strict=True):
            sheet.line([(above, y + tall), (below, y + pitch)])
        sheet.text(beside, y + tall / 2 - 2, f"{line.kind} {size}×{size}", size=SMALL)
        sheet.text(beside, y + tall / 2 + 15, f"sees {field}×{field}", size=SMALL, colour=theme.quiet)
        bar = bottom + tall + 10 + 22 * (level - 1)
        sheet.box(2, bar, field * side - 4, 8, theme.output)
        sheet.text(field * side + 6, bar + 9, f"{field}", size=SMALL)
    return sheet


def draw_stamps(theme: Theme, width: int) -> Sheet:
    """Draw how each dy stamps the filter onto dx, and how the stamps add up."""
    side, arrow, gap = (46, 100, 68) if width > NARROW else (22, 32, 22)
    layer, x, dy = _layer(_stack(RAMP)[..., None], [100]), _stack(IMAGE)[None], _stack(DY)
    top = HEADING + 24
    sheet = Sheet(
        width, top + 3 * side + 4, theme, "Stamps that add up",
        "Each dy stamps the filter, times itself, where its window lay; dx is the sum",
    )  # fmt: skip

    def grid(left: float, name: str, values: Array) -> None:
        sheet.text(left, top - 8, name, size=SMALL)
        sheet.numbers(left, top, values, theme.gradient, side)

    grid(0, "dy", dy[:, :, 0])
    left = 2 * side + arrow
    sheet.line([(2 * side + 6, top + side), (left - 6, top + side)], arrow=True)
    for (p, q), sign in zip(np.argwhere(dy[:, :, 0]), "+=", strict=True):
        alone = np.zeros_like(dy)
        alone[p, q] = dy[p, q]
        stamp = np.full(IMAGE.shape, np.nan)
        seen = np.s_[p : p + 2, q : q + 2]
        stamp[seen] = layer.input_gradient(alone[None], x)[0, :, :, 0][seen]
        sheet.box(left, top, 3 * side, 3 * side, theme.quiet, filled=False)
        grid(left, f"{dy[p, q, 0]:.0f} × filter", stamp)
        left += 3 * side + gap
        sheet.text(left - gap / 2, top + 1.5 * side + 6, sign, size=LARGE, align="center")
    grid(left, "dx", layer.input_gradient(dy[None], x)[0, :, :, 0])
    return sheet


def draw_one_filter(theme: Theme, width: int, subject: Subject) -> Sheet:
    """Draw an image, the filter of the first convolution that is most like an edge filter, and its map."""
    layers = subject.model.layers
    index = next(index for index, layer in enumerate(layers) if isinstance(layer, cnn.Conv2D))
    x, y = subject.inputs[index], subject.inputs[index + 1]
    weight = layers[index].params["weight"]
    best = most_like_edges(weight)
    size, small = (270, 130) if width > NARROW else (112, 80)
    top = HEADING + 22
    sheet = Sheet(width, top + size + 46, theme, "A filter that training found", subject.training)
    panels = (
        (0, size, "input", x[0], theme.activation),
        ((width - small) / 2, small, f"filter {best}", weight[:, :, :, best], theme.parameter),
        (width - size, size, "feature map", y[0, :, :, best, None], theme.output),
    )
    for left, side, name, values, colour in panels:
        sheet.text(left, top - 8, name, size=SMALL)
        if name == "input" and subject.image.ndim == 3:
            sheet.image(left, top, subject.image, side)
            continue
        planes = np.moveaxis(scaled(values), -1, 0)
        height = min(side, size / len(planes))
        for number, plane in enumerate(planes):
            y_of_plane = top + (size - height * len(planes)) / 2 + height * number
            sheet.picture(left, y_of_plane, plane, colour, int(height) - (2 if len(planes) > 1 else 0))
            if len(planes) == len(CHANNELS):
                sheet.text(left + height + 2, y_of_plane + height / 2 + 4, CHANNELS[number], size=SMALL)
        largest = f"{np.abs(values).max():.1f}"
        legend = min(side, 150)
        sheet.scale(left, top + size + 10, colour, (f"−{largest}", "0", largest), legend)
    for share, sign in ((size + (width - small) / 2, "∗"), (width - size + (width + small) / 2, "=")):
        sheet.text(share / 2, top + size / 2 + 6, sign, size=LARGE, align="center")
    return sheet


def most_like_edges(weight: Array) -> int:
    """Return which filter, `[h_f, w_f, c, n_f]`, is most like right minus left, or left minus right.

    Example:
        >>> most_like_edges(np.array([[9.0, -1.0], [8.0, 1.0]]).reshape(1, 2, 1, 2))
        1
    """
    grids = weight.sum(axis=2).reshape(-1, weight.shape[3]).astype(np.float64)
    columns = np.arange(weight.shape[1]) - (weight.shape[1] - 1) / 2
    norms = np.sqrt((grids**2).sum(axis=0))
    alike = np.tile(columns, weight.shape[0]) @ grids / np.where(norms > 0, norms, 1)
    return int(np.abs(alike).argmax())


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
    strokes = [[0, 1, 2, 1, 0], [1, 2, 0, 2, 1], [0, 0, 1, 2, 0], [0, 1, 2, 1, 0], [1, 2, 2, 2, 1]]
    edges = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    spots = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    diagonal = np.diag([1, 2, -1])
    volume, deep = _stack(IMAGE, SECOND_CHANNEL), _stack(RAMP, SECOND_RAMP)
    two, dtwo = _stack(RAMP, SLOPE), _stack(DY, [[0, 1], [-1, 0]])
    return [
        _case(
            "plain", "one filter, stride 1, no padding",
            _stack(IMAGE), _stack(RAMP)[..., None], [100], _stack(DY),
        ),
        _case(
            "stride", "one filter, stride 2",
            _stack(strokes), _stack(edges)[..., None], [3], _stack([[1, 2], [0, -1]]), stride=2,
        ),
        _case(
            "same", "one filter, same padding",
            _stack(IMAGE), _stack(spots)[..., None], [10], _stack(diagonal), padding="same",
        ),
        _case("channels", "two channels, one filter", volume, deep[..., None], [100], _stack(DY)),
        _case("filters", "one channel, two filters", _stack(IMAGE), two[:, :, None], [100, 0], dtwo),
    ]  # fmt: skip


def _stack(*planes: ArrayLike) -> Array:
    """Lay planes of rows and columns behind one another: `[h, w, c]`."""
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)


def _layer(weight: Array, bias: list[int], stride: int = 1, padding: Padding = "valid") -> cnn.Conv2D:
    """Return a convolution with these filters, `[h_f, w_f, c, n_f]`, and biases."""
    layer = cnn.Conv2D(len(bias), weight.shape[:2], stride=stride, padding=padding)
    layer.params = {"weight": weight, "bias": np.array(bias, weight.dtype)}
    return layer


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
    layer = _layer(weight, bias, stride, padding)
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
