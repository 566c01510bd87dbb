"""The page about pooling: a feature map and its maxima, and each step of maxima and means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

import cnn
from cnn.types import Array, Gradients
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.layers import shapes
from lessons.kit.sheet import HEADING, Sheet, scaled
from lessons.kit.shown import Shown, to_json
from lessons.kit.steps import max_pooling_gradient_steps, max_pooling_steps, pixels_of, windows_over
from lessons.kit.subject import Subject, liveliest
from lessons.kit.themes import Theme
from lessons.kit.traces import Grid, Index, Step, added, cell, constant, quotient, track

MODULE = "cnn.layers.pooling"
KINDS = (cnn.MaxPool2D, cnn.AveragePool2D, cnn.GlobalAveragePool2D)


def from_network(subject: Subject) -> Shown:
    """Return what the trained network's pooling does to one image, and its shapes."""
    before, after = pooled_map(subject)
    return Shown(
        drawings={
            "pooling": partial(draw_pooling, subtitle=subject.training, before=before, after=after),
        },
        values={
            "shapes": shapes(subject.model, KINDS),
        },
    )


def from_repository() -> Shown:
    """Return the traces and the gradient checks."""
    shape = (2, 4, 6, 2)
    traces = {"max-pooling": max_cases(), "average-pooling": average_cases()}
    return Shown(
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


def pooled_map(subject: Subject) -> tuple[Array, Array]:
    """Return a feature map before and after the first max-pooling; without one, after one of 2×2."""
    index = subject.first_index(cnn.MaxPool2D)
    before = subject.maps(subject.x) if index is None else subject.inputs[index]
    side = min(2, *before.shape[1:3])  # a convolution may have left a single number of each map
    layer = cnn.MaxPool2D(side) if index is None else subject.model.layers[index]
    after, _ = layer.forward_pass(before)
    channel = liveliest(before)
    return before[0, :, :, channel], after[0, :, :, channel]


def draw_pooling(theme: Theme, width: int, subtitle: str, before: Array, after: Array) -> Sheet:
    """Draw a feature map before and after max-pooling."""
    size = 160
    sheet = Sheet(width, HEADING + 20 + size + 44, theme, "A feature map, and its maxima", subtitle)
    for left, one, colour in ((0, before, theme.activation), (width - size, after, theme.output)):
        sheet.text(left, HEADING + 10, f"{one.shape[0]}×{one.shape[1]}")
        sheet.picture(left, HEADING + 18, scaled(one), colour, size)
        largest = f"{np.abs(one).max():.1f}"
        sheet.scale(left, HEADING + 26 + size, colour, (f"−{largest}", "0", largest))
    return sheet


def max_cases() -> list[dict[str, Any]]:
    """Return the cases of max-pooling."""
    image = [[1, 3, 2, 0], [4, 2, 1, 5], [0, 6, 7, 7], [2, 1, 3, 7]]
    tie = [[5, 5, 0, 0], [1, 2, 0, 0]]
    overlap = [[1, 2, 0], [3, 9, 4], [5, 6, 8]]
    return [
        _case("plain", "windows of 2×2, side by side", cnn.MaxPool2D(2), image, [[10, 20], [30, 40]]),
        _case("tie", "numbers that are equally large", cnn.MaxPool2D(2), tie, [[10, 20]]),
        _case("overlapping", "windows that overlap", cnn.MaxPool2D(2, stride=1), overlap, [[1, 2], [3, 4]]),
    ]


def average_cases() -> list[dict[str, Any]]:
    """Return the cases of average-pooling."""
    image = [[1, 3, 2, 0], [4, 2, 1, 5], [0, 6, 7, 7], [2, 1, 3, 7]]
    negative = [[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]]
    dy = [[10, 20], [30, 40]]
    return [
        _case("plain", "windows of 2×2, side by side", cnn.AveragePool2D(2), image, dy),
        _case(
            "padded", "same padding, which is not counted", cnn.AveragePool2D(2, padding="same"), negative, dy
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
