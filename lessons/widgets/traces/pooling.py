"""The traces of max- and average-pooling: which numbers a window speaks for, and what each gets back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn import AveragePool2D, MaxPool2D
from cnn.types import Array
from lessons.kit.steps import max_pooling_gradient_steps, max_pooling_steps, places_of, windows_over
from lessons.kit.traces import (
    Grid,
    Place,
    Step,
    added,
    cell,
    constant,
    quotient,
    track,
)

MODULE = "cnn.layers.pooling"


def max_cases() -> list[dict[str, Any]]:
    """Return the cases of max-pooling."""
    image = [[1, 3, 2, 0], [4, 2, 1, 5], [0, 6, 7, 7], [2, 1, 3, 7]]
    tie = [[5, 5, 0, 0], [1, 2, 0, 0]]
    overlap = [[1, 2, 0], [3, 9, 4], [5, 6, 8]]
    return [
        _max_case("plain", "windows of 2×2, side by side", MaxPool2D(2), image, [[10, 20], [30, 40]]),
        _max_case("tie", "numbers that are equally large", MaxPool2D(2), tie, [[10, 20]]),
        _max_case("overlapping", "windows that overlap", MaxPool2D(2, stride=1), overlap, [[1, 2], [3, 4]]),
    ]


def average_cases() -> list[dict[str, Any]]:
    """Return the cases of average-pooling."""
    image = [[1, 3, 2, 0], [4, 2, 1, 5], [0, 6, 7, 7], [2, 1, 3, 7]]
    negative = [[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]]
    dy = [[10, 20], [30, 40]]
    return [
        _average_case("plain", "windows of 2×2, side by side", AveragePool2D(2), image, dy),
        _average_case(
            "padded", "same padding, which is not counted", AveragePool2D(2, padding="same"), negative, dy
        ),
    ]


def _max_case(
    name: str, title: str, layer: MaxPool2D, image: list[list[int]], dy: list[list[int]]
) -> dict[str, Any]:
    inputs, gradient = _image(image), _image(dy)
    y, cache = layer.forward_pass(inputs)
    dx, _ = layer.backward_pass(gradient, cache)
    x, outputs = Grid("x", "input", inputs[0]), Grid("y", "output", y[0], hidden=True)
    arrived, dinputs = Grid("dy", "gradient", gradient[0]), Grid("dx", "gradient", dx[0], hidden=True)
    size, stride = layer.receptive_window(x.values.shape)
    path = f"{MODULE}.MaxPool2D"
    known = Grid("y", "output", y[0])
    return {
        "name": name,
        "title": title,
        "forward": [
            track(
                "Forward", f"{path}.forward_pass", [x, outputs],
                max_pooling_steps(x, outputs, size, stride),
            )
        ],
        "backward": [
            track(
                "The gradient of the input", f"{path}.backward_pass", [x, known, arrived, dinputs],
                max_pooling_gradient_steps(x, arrived, dinputs, size, stride),
            )
        ],
    }  # fmt: skip


def _average_case(
    name: str, title: str, layer: AveragePool2D, image: list[list[int]], dy: list[list[int]]
) -> dict[str, Any]:
    inputs, gradient = _image(image), _image(dy)
    y, cache = layer.forward_pass(inputs)
    dx, _ = layer.backward_pass(gradient, cache)
    (h, w), (h_out, w_out) = np.shape(image), np.shape(dy)
    size, stride = layer.receptive_window((h, w, 1))
    # With "same" and windows of two, what padding there is stands at the bottom and on the right.
    pads = ((0, (h_out - 1) * stride[0] + size[0] - h), (0, (w_out - 1) * stride[1] + size[1] - w), (0, 0))
    is_padding = np.pad(np.zeros((h, w, 1), bool), pads, constant_values=True)
    label = "x, padded" if is_padding.any() else ""
    x = Grid("x", "input", np.pad(inputs[0], pads), label, is_padding)
    outputs = Grid("y", "output", y[0], hidden=True)
    arrived, dinputs = Grid("dy", "gradient", gradient[0]), Grid("dx", "gradient", dx[0], hidden=True)
    path = f"{MODULE}.AveragePool2D"
    return {
        "name": name,
        "title": title,
        "forward": [
            track("Forward", f"{path}.forward_pass", [x, outputs], _mean_steps(x, outputs, size, stride))
        ],
        "backward": [
            track(
                "The gradient of the input", f"{path}.backward_pass", [arrived, dinputs],
                _mean_gradient_steps(x, arrived, dinputs, size, stride),
            )
        ],
    }  # fmt: skip


def _mean_steps(x: Grid, y: Grid, size: tuple[int, int], stride: tuple[int, int]) -> Iterator[Step]:
    """Fill y: each number is the sum of its window, divided by how many places lie on the image."""
    for window in np.ndindex(y.values.shape):
        places = list(places_of(window, size, stride))
        terms = [cell(x, *place) for place in _on_image(x, places)]
        term = quotient(added(terms), constant(len(terms)))
        why = (
            f"the mean of the {len(terms)} numbers of the window"
            if len(terms) > 1
            else "the only number of the window"
        )
        yield Step("y = total / self._counts(windows, x)", y, window, term, why, [(x, places)])


def _mean_gradient_steps(
    x: Grid, dy: Grid, dx: Grid, size: tuple[int, int], stride: tuple[int, int]
) -> Iterator[Step]:
    """Fill dx: each window shares its dy evenly among its places on the image."""
    statement = "return windows.collect([share] * prod(windows.size), like=dy), {}"
    for pixel in np.ndindex(dx.values.shape):
        terms = [
            quotient(cell(dy, *window), constant(len(_on_image(x, places_of(window, size, stride)))))
            for window in windows_over(pixel, dy, size, stride)
        ]
        yield Step(statement, dx, pixel, added(terms), "its share of what the window received")


def _image(rows: list[list[int]]) -> Array:
    return np.array(rows, np.float32)[None, :, :, None]


def _on_image(x: Grid, places: Iterator[Place] | list[Place]) -> list[Place]:
    return [place for place in places if x.padding is None or not x.padding[place]]
