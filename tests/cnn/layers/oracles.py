"""Slow, obvious implementations of the layers that have windows, written from their definitions.

Nothing is padded here: a pixel of a window that lies outside the image is left out.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from cnn.layers.padding import Padding
from cnn.types import Array, Pair

Pads = tuple[Pair, Pair]
Index = tuple[int, ...]


def pads_of(padding: Padding, image: Pair, size: Pair, stride: Pair) -> Pads:
    """The rows (top, bottom) and the columns (left, right) that a layer's `padding` means."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        down, across = map(_least_padding, image, size, stride)
        return (down // 2, down - down // 2), (across // 2, across - across // 2)
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    return padding


def _least_padding(length: int, size: int, stride: int) -> int:
    """The fewest pixels of padding with which there is one window for every begun stride of the image."""
    wanted = len(range(0, length, stride))
    return next(total for total in count() if len(range(0, length + total - size + 1, stride)) >= wanted)


def first_pixels(image: Pair, size: Pair, stride: Pair, pads: Pads) -> tuple[range, range]:
    """The rows and the columns of the image at which windows begin; negative ones lie in the padding."""
    rows, columns = (
        range(-before, length + after - extent + 1, step)
        for length, extent, step, (before, after) in zip(image, size, stride, pads, strict=True)
    )
    return rows, columns


def grid(image: Pair, size: Pair, stride: Pair, pads: Pads) -> Pair:
    """How many windows there are, down and across."""
    rows, columns = first_pixels(image, size, stride, pads)
    return len(rows), len(columns)


def meetings(image: Pair, size: Pair, stride: Pair, pads: Pads) -> Iterator[tuple[Pair, Pair, Pair]]:
    """For each window (p, q) its offsets (i, j) inside the image, and the pixels (row, column) there."""
    rows, columns = first_pixels(image, size, stride, pads)
    for p, first_row in enumerate(rows):
        for q, first_column in enumerate(columns):
            for i, j in np.ndindex(size):
                row, column = first_row + i, first_column + j
                if 0 <= row < image[0] and 0 <= column < image[1]:
                    yield (p, q), (i, j), (row, column)


def convolve(x: Array, weight: Array, bias: Array, stride: Pair, pads: Pads) -> Array:
    """Conv2D, forward."""
    image, size = (x.shape[1], x.shape[2]), (weight.shape[0], weight.shape[1])
    y = np.zeros((len(x), *grid(image, size, stride, pads), len(bias)), x.dtype)
    for (p, q), (i, j), (row, column) in meetings(image, size, stride, pads):
        y[:, p, q] += x[:, row, column] @ weight[i, j]
    return y + bias


def convolve_back(
    dy: Array, x: Array, weight: Array, stride: Pair, pads: Pads
) -> tuple[Array, dict[str, Array]]:
    """Conv2D, backward: every product of the forward pass sends dy back to both of its factors."""
    image, size = (x.shape[1], x.shape[2]), (weight.shape[0], weight.shape[1])
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for (p, q), (i, j), (row, column) in meetings(image, size, stride, pads):
        dx[:, row, column] += dy[:, p, q] @ weight[i, j].T
        dweight[i, j] += x[:, row, column].T @ dy[:, p, q]
    return dx, {"weight": dweight, "bias": dy.sum(axis=(0, 1, 2))}


def members(x: Array, size: Pair, stride: Pair, pads: Pads) -> dict[Index, list[Index]]:
    """For each number (n, p, q, k) of a pooled image the pixels (n, row, column, k) of its window."""
    image = (x.shape[1], x.shape[2])
    found: dict[Index, list[Index]] = {}
    for n, k in np.ndindex(x.shape[0], x.shape[3]):
        for (p, q), _, (row, column) in meetings(image, size, stride, pads):
            found.setdefault((n, p, q, k), []).append((n, row, column, k))
    return found


def max_pool(x: Array, size: Pair, stride: Pair, pads: Pads) -> Array:
    """MaxPool2D, forward."""
    y = np.empty((len(x), *grid((x.shape[1], x.shape[2]), size, stride, pads), x.shape[3]), x.dtype)
    for index, pixels in members(x, size, stride, pads).items():
        y[index] = max(x[pixel] for pixel in pixels)
    return y


def max_pool_back(dy: Array, x: Array, size: Pair, stride: Pair, pads: Pads) -> Array:
    """MaxPool2D, backward: all of dy to the first pixel that holds the maximum."""
    dx = np.zeros_like(x)
    for index, pixels in members(x, size, stride, pads).items():
        largest = max(x[pixel] for pixel in pixels)
        dx[next(pixel for pixel in pixels if x[pixel] == largest)] += dy[index]
    return dx


def average_pool(x: Array, size: Pair, stride: Pair, pads: Pads) -> Array:
    """AveragePool2D, forward: the mean of the pixels, whose number is smaller at an edge."""
    y = np.empty((len(x), *grid((x.shape[1], x.shape[2]), size, stride, pads), x.shape[3]), x.dtype)
    for index, pixels in members(x, size, stride, pads).items():
        y[index] = sum(x[pixel] for pixel in pixels) / len(pixels)
    return y


def average_pool_back(dy: Array, x: Array, size: Pair, stride: Pair, pads: Pads) -> Array:
    """AveragePool2D, backward: an equal part of dy to each of the pixels."""
    dx = np.zeros_like(x)
    for index, pixels in members(x, size, stride, pads).items():
        for pixel in pixels:
            dx[pixel] += dy[index] / len(pixels)
    return dx
