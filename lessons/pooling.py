"""The page about pooling: a feature map and its maxima, and each step of maxima and means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

import cnn
from cnn.layers.windows import Windows, fit_windows
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import HEADING, LARGE, WIDE, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import max_pooling_gradient_steps, max_pooling_steps, pixels_of, windows_over
from lessons.kit.subject import Subject, most_like
from lessons.kit.tables import times
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Index, Step, added, cell, constant, quotient, track

MODULE = "cnn.layers.pooling"
IMAGE = [[1, 3, 2, 0], [4, 2, 1, 5], [0, 6, 7, 7], [2, 1, 3, 7]]  # the page's worked example
GRADIENT = [[10, 20], [30, 40]]  # what arrives at its windows of 2×2
CELL = 44  # the side of a number's cell where one window is enlarged; a large window has smaller ones
LEAST_CELL = 34  # that a number fits into
KINDS = (cnn.MaxPool2D, cnn.AveragePool2D, cnn.GlobalAveragePool2D)


def from_network(subject: Subject) -> Shown:
    """Return what the trained network's pooling does to one image, and its shapes."""
    windows, before, after = pooled_map(subject)
    return Shown(
        drawings={
            "pooling": partial(
                draw_pooling, subtitle=subject.training, windows=windows, before=before, after=after
            ),
        },
        values={
            "shapes": shapes(subject.model, KINDS),
        },
    )


def from_repository() -> Shown:
    """Return the mask, the traces and the gradient checks."""
    shape = (2, 4, 6, 2)
    traces = {"max-pooling": max_cases(), "average-pooling": average_cases()}
    return Shown(
        drawings={"pooling-mask": draw_mask},
        values={
            "gradient_check": gradient_check(
                cnn.MaxPool2D(2), shape, "dy to the whole window", _to_the_whole_window
            ),
            "gradient_check_of_average": gradient_check(
                cnn.AveragePool2D(2), shape, "dy not shared out", _to_the_whole_window
            ),
        },
        files={
            f"traces/{layer}.json": to_json({"layer": layer, "cases": cases})
            for layer, cases in traces.items()
        },
    )


def pooled_map(subject: Subject) -> tuple[Windows, Array, Array]:
    """Return a feature map `[1, h, w, 1]` before and after the first max-pooling, and its windows.

    Without a max-pooling, it is one of 2×2.
    """
    index = subject.first_index(cnn.MaxPool2D)
    maps = subject.maps(subject.x) if index is None else subject.inputs[index]
    side = min(2, *maps.shape[1:3])  # a convolution may have left a single number of each map
    layer = cnn.MaxPool2D(side) if index is None else cast(cnn.MaxPool2D, subject.model.layers[index])
    channel = most_like(subject.image, maps)
    before = maps[..., channel : channel + 1]
    after, _ = layer.forward_pass(before)
    size, stride = layer.receptive_window(before.shape[1:])
    return fit_windows(layer.kind, before.shape[1:3], size, stride, layer.padding), before, after


def draw_pooling(
    theme: Theme, width: int, subtitle: str, windows: Windows, before: Array, after: Array
) -> Sheet:
    """Draw a feature map before and after max-pooling, and one window enlarged."""
    wide = width == WIDE
    size, top = (308 if wide else 154), HEADING + 20
    (h_f, w_f), zoom = windows.size, 136  # zoom: the most room for the enlarged window
    cell = min(CELL, zoom / max(h_f, w_f))
    height = top + size + 46 + (0 if wide else cell * h_f + 32)
    sheet = Sheet(width, round(height), theme, "Max-pooling keeps the largest", subtitle)
    x, position = windows.pad(before, np.nan)[0, :, :, 0], telling_window(windows, before)
    row, column = np.multiply(position, windows.stride)
    window, largest = x[row : row + h_f, column : column + w_f], float(np.abs(before).max())

    y, label = after[0, :, :, 0], f"{largest:.1f}"
    labels = ("0", label) if before.min() >= 0 else (f"−{label}", "0", label)
    panels = (
        ("the map", before, x, 0, theme.activation, (row, column, h_f, w_f)),
        ("after pooling", after, y, width - size, theme.output, (*position, 1, 1)),
    )
    frames = []
    for name, maps, values, left, colour, (first, start, rows, columns) in panels:
        sheet.text(left, top - 9, f"{name}, {times(maps.shape[1:3])}")
        side = sheet.picture(left, top, values / (largest or 1), colour, size)
        frames.append((left + side * start, top + side * first, side * columns, side * rows))
        sheet.mark(*frames[-1])
        sheet.scale(left, top + size + 8, colour, labels)

    zoomed, above = ((width - cell * w_f) / 2, top + 56) if wide else (0.0, top + size + 74)
    below = above + cell * h_f
    if cell >= LEAST_CELL:
        sheet.numbers(zoomed, above, window, theme.activation, int(cell), decimals=1, largest=largest)
    else:
        sheet.picture(zoomed, above, window / (largest or 1), theme.activation, zoom)
    (x_in, y_in, w_in, h_in), (x_out, y_out, _, h_out) = frames
    if wide:
        for start, end in ((y_in, above), (y_in + h_in, below)):
            sheet.line([(x_in + w_in, start), (zoomed - 2, end)])
        answer = (width - CELL) / 2, below + 36
        sheet.line([(width / 2, below + 6), (width / 2, answer[1] - 4)], arrow=True)
        sheet.line([(answer[0] + CELL + 2, answer[1] + CELL / 2), (x_out - 2, y_out + h_out / 2)], arrow=True)
    else:
        sheet.text(0, above - 9, "The marked window, and its largest number")
        answer = zoomed + cell * w_f + 50, (above + below - CELL) / 2
        sheet.line(
            [(answer[0] - 42, answer[1] + CELL / 2), (answer[0] - 6, answer[1] + CELL / 2)], arrow=True
        )
    sheet.numbers(*answer, np.nanmax(window, keepdims=True), theme.output, CELL, decimals=1, largest=largest)
    return sheet


def draw_mask(theme: Theme, width: int) -> Sheet:
    """Draw the page's example: who wins in each window, and where dy goes back to."""
    image, dy = np.array(IMAGE, np.float32), np.array(GRADIENT, np.float32)
    layer = cnn.MaxPool2D(2)
    _, cache = layer.forward_pass(image[None, :, :, None])
    mask, dx = (
        layer.backward_pass(gradient[None, :, :, None], cache)[0][0, :, :, 0]
        for gradient in (np.ones_like(dy), dy)
    )
    wide = width == WIDE
    cell, gap, margin = (42, 5, 0) if wide else (34, 4, 24)
    size, top = 4 * cell + gap, HEADING + 20
    height = top + size + (2 if wide else size + 52)
    subtitle = "One number wins each window: the first, if some are equal"
    sheet = Sheet(width, height, theme, "dy goes back to the winners", subtitle)
    panels = (
        ("x", image, theme.activation, ""),
        ("mask", mask, theme.ink, "→"),
        ("dy", dy, theme.gradient, "×"),
        ("dx", dx, theme.gradient, "="),
    )
    for number, (name, values, colour, sign) in enumerate(panels):
        across, below = (number, 0) if wide else (number % 2, number // 2)
        left = margin + across * (width - margin - size) / (3 if wide else 1)
        above = top + below * (size + 50)
        sheet.text(left, above - 9, name, weight="bold")
        sheet.text(left - 18, above + size / 2, sign, size=LARGE, align="center", vertical="center")
        each = len(values) // 2
        for p, q in np.ndindex(2, 2):
            window = values[each * p : each * (p + 1), each * q : each * (q + 1)]
            corner = left + q * (2 * cell + gap), above + p * (2 * cell + gap)
            sheet.numbers(*corner, window, colour, 2 * cell // each, largest=float(values.max()))
            if values is image:
                i, j = np.unravel_index(mask[2 * p : 2 * p + 2, 2 * q : 2 * q + 2].argmax(), (2, 2))
                sheet.mark(corner[0] + j * cell, corner[1] + i * cell, cell, cell)
    return sheet


def telling_window(windows: Windows, x: Array) -> tuple[int, int]:
    """Return the position of the window of `[1, h, w, 1]` whose numbers are told apart most easily.

    Example:
        >>> x = np.array([0.0, 1.0, 5.0, 9.0]).reshape(1, 1, 4, 1)
        >>> telling_window(fit_windows("", (1, 4), (1, 2), (1, 2), "valid"), x)
        (0, 1)
    """
    numbers = np.sort([*windows.at_offsets(x, np.nan)], axis=0)
    gaps = np.diff(numbers, axis=0).min(axis=0, initial=np.inf)[0, :, :, 0]
    row, column = np.unravel_index(np.nan_to_num(gaps).argmax(), gaps.shape)  # NaN: part of it is padding
    return int(row), int(column)


def max_cases() -> list[dict[str, Any]]:
    """Return the cases of max-pooling."""
    tie = [[5, 5, 0, 0], [1, 2, 0, 0]]
    overlap = [[1, 2, 0], [3, 9, 4], [5, 6, 8]]
    return [
        _case("plain", "windows of 2×2, side by side", cnn.MaxPool2D(2), IMAGE, GRADIENT),
        _case("tie", "numbers that are equally large", cnn.MaxPool2D(2), tie, [[10, 20]]),
        _case("overlapping", "windows that overlap", cnn.MaxPool2D(2, stride=1), overlap, [[1, 2], [3, 4]]),
    ]


def average_cases() -> list[dict[str, Any]]:
    """Return the cases of average-pooling."""
    negative = [[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]]
    return [
        _case("plain", "windows of 2×2, side by side", cnn.AveragePool2D(2), IMAGE, GRADIENT),
        _case(
            "padded",
            "same padding, which is not counted",
            cnn.AveragePool2D(2, padding="same"),
            negative,
            GRADIENT,
        ),
    ]


def _case(
    name: str,
    title: str,
    layer: cnn.MaxPool2D | cnn.AveragePool2D,
    image: list[list[int]],
    dy: list[list[int]],
) -> dict[str, Any]:
    inputs, gradient = (np.array(rows, np.float32)[None, :, :, None] for rows in (image, dy))
    cache: Any
    outputs, cache = layer.forward_pass(inputs)
    dinputs, _ = layer.backward_pass(gradient, cache)
    (h, w), (h_out, w_out) = np.shape(image), np.shape(dy)
    size, stride = layer.receptive_window((h, w, 1))
    # With "same" and windows of two, what padding there is stands at the bottom and on the right.
    pads = ((0, (h_out - 1) * stride[0] + size[0] - h), (0, (w_out - 1) * stride[1] + size[1] - w), (0, 0))
    is_padding = np.pad(np.zeros((h, w, 1), bool), pads, constant_values=True)
    label = "x, padded" if is_padding.any() else ""
    x = Grid("x", "input", np.pad(inputs[0], pads), label, is_padding)
    y, known = Grid("y", "output", outputs[0], hidden=True), Grid("y", "output", outputs[0])
    arrived, dx = Grid("dy", "gradient", gradient[0]), Grid("dx", "gradient", dinputs[0], hidden=True)
    if isinstance(layer, cnn.MaxPool2D):
        forward = max_pooling_steps(x, y, size, stride)
        backward = max_pooling_gradient_steps(x, arrived, dx, size, stride)
        shown = [x, known, arrived, dx]
    else:
        forward = _mean_steps(x, y, size, stride)
        backward = _mean_gradient_steps(x, arrived, dx, size, stride)
        shown = [arrived, dx]
    path = f"{MODULE}.{layer.kind}"
    return {
        "name": name,
        "title": title,
        "forward": [track("Forward", f"{path}.forward_pass", [x, y], forward)],
        "backward": [track("The gradient of the input", f"{path}.backward_pass", shown, backward)],
    }


def _mean_steps(x: Grid, y: Grid, size: tuple[int, int], stride: tuple[int, int]) -> Iterator[Step]:
    """Fill y: each number is the sum of its window, divided by how many pixels of the image lie in it."""
    for window in np.ndindex(y.values.shape):
        pixels = list(pixels_of(window, size, stride))
        terms = [cell(x, *pixel) for pixel in _on_image(x, pixels)]
        term = quotient(added(terms), constant(len(terms)))
        why = (
            f"the mean of the {len(terms)} numbers of the window"
            if len(terms) > 1
            else "the only number of the window"
        )
        yield Step("y = total / self._counts(windows, x)", y, window, term, why, [(x, pixels)])


def _mean_gradient_steps(
    x: Grid, dy: Grid, dx: Grid, size: tuple[int, int], stride: tuple[int, int]
) -> Iterator[Step]:
    """Fill dx: each window shares its dy evenly among its pixels on the image."""
    statement = "return windows.collect([share] * prod(windows.size), like=dy), {}"
    for pixel in np.ndindex(dx.values.shape):
        terms = [
            quotient(cell(dy, *window), constant(len(_on_image(x, list(pixels_of(window, size, stride))))))
            for window in windows_over(pixel, dy, size, stride)
        ]
        yield Step(statement, dx, pixel, added(terms), "its share of what the window received")


def _on_image(x: Grid, pixels: Sequence[Index]) -> list[Index]:
    return [pixel for pixel in pixels if x.padding is None or not x.padding[pixel]]


def _to_the_whole_window(layer: cnn.Layer, dy: Array, cache: Any) -> tuple[Array, Gradients]:
    dx, _ = layer.backward_pass(dy, cache)
    (h_f, w_f), _ = layer.receptive_window(dx.shape[1:]) or ((1, 1), (1, 1))
    return dy.repeat(h_f, axis=1).repeat(w_f, axis=2), {}
