"""Pooling: a smaller image, in which each number stands for a window of the larger one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np

from cnn.checks import check_float_array, check_image_shape, pair
from cnn.layers.base import Layer
from cnn.layers.padding import Padding, parse_padding
from cnn.layers.windows import Windows, fit_windows
from cnn.types import Array, Gradients, Pair, Shape


@dataclass(eq=False)
class _Pool2D(Layer):
    """What max- and average-pooling share: the windows."""

    pool_size: int | Pair = 2
    stride: int | Pair | None = None
    padding: Padding = "valid"

    def __post_init__(self) -> None:
        self.pool_size = pair(self.kind, "pool_size", self.pool_size, minimum=1)
        self.stride = (
            self.pool_size if self.stride is None else pair(self.kind, "stride", self.stride, minimum=1)
        )
        self.padding = parse_padding(self.kind, self.padding)
        if not isinstance(self.padding, str):
            self._refuse_windows_of_padding(self.pool_size)

    def _refuse_windows_of_padding(self, size: Pair) -> None:
        padding = np.broadcast_to(np.array(self.padding), (2, 2))
        if (padding >= np.array(size)[:, None]).any():
            raise ValueError(
                f"{self.kind}: padding must be smaller than the pool size {size}, so that each window "
                f"sees some of the image, received {self.padding!r}."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(h_out, w_out, c)` for images of `(h, w, c)`."""
        return (*self._fit_windows(input_shape).grid, input_shape[2])

    def receptive_window(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return the window's size and its stride."""
        windows = self._fit_windows(input_shape)
        return windows.size, windows.stride

    def _fit_windows(self, input_shape: Shape) -> Windows:
        check_image_shape(self.kind, input_shape)
        size, stride = cast(Pair, self.pool_size), cast(Pair, self.stride)  # pairs since __post_init__
        h, w, _ = input_shape
        return fit_windows(self.kind, (h, w), size, stride, self.padding)


@dataclass(eq=False)
class MaxPool2D(_Pool2D):
    """Keep the largest number of each window, channel by channel.

    y[n, p, q, k] = max_{i, j} x[n, p · stride + i, q · stride + j, k]

    In the backward pass dy goes to the pixel that was the largest; if several are equally large, to the
    first of them, row by row. The padding is −∞, which is never larger than a pixel.

    Args:
        pool_size: height and width of a window, or one number for both.
        stride: the rows and columns from one window to the next; None is the pool size: the windows then
            neither overlap nor leave gaps.
        padding: as in Conv2D, but smaller than the pool size.

    Shapes: x `[n, h, w, c]`, y `[n, h_out, w_out, c]`.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> x = np.array([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)
        >>> y, cache = MaxPool2D(2).forward_pass(x)
        >>> float(y[0, 0, 0, 0])
        4.0
        >>> dx, _ = MaxPool2D(2).backward_pass(np.ones_like(y), cache)
        >>> dx[0, :, :, 0]
        array([[0., 0.],
               [1., 0.]])

    Source:
        Ranzato, Huang, Boureau, LeCun: Unsupervised learning of invariant feature hierarchies, CVPR 2007.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, tuple[Array, Array]]:
        """Take the maximum over the h_f · w_f offsets inside the window, one offset after the other."""
        check_float_array(self.kind, x, "n h w c")
        windows = self._fit_windows(x.shape[1:])
        y = np.full((len(x), *windows.grid, x.shape[3]), -np.inf, x.dtype)
        for numbers in windows.at_offsets(x, -np.inf):
            np.maximum(y, numbers, out=y)
        return y, (x, y)

    def backward_pass(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Gradients]:
        """Give dy to the first pixel of each window that equals the window's maximum."""
        x, y = cache
        windows = self._fit_windows(x.shape[1:])

        def shares() -> Iterator[Array]:
            waiting = np.ones(y.shape, bool)  # windows whose maximum has not been found yet
            for numbers in windows.at_offsets(x, -np.inf):
                first = waiting & (numbers == y)
                waiting ^= first
                yield dy * first

        return windows.collect(shares(), like=dy), {}


@dataclass(eq=False)
class AveragePool2D(_Pool2D):
    """Replace each window by its mean, channel by channel; padding is not counted.

    y[n, p, q, k] = (1 / m[p, q]) · Σ_{i, j} x[n, p · stride + i, q · stride + j, k]

    where m[p, q] is the number of the window's pixels that lie inside the image.

    Args:
        pool_size: height and width of a window, or one number for both.
        stride: the rows and columns from one window to the next; None is the pool size.
        padding: as in Conv2D, but smaller than the pool size.

    Shapes: x `[n, h, w, c]`, y `[n, h_out, w_out, c]`.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> x = np.array([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)
        >>> float(AveragePool2D(2).forward_pass(x)[0][0, 0, 0, 0])
        2.5

    Source:
        LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
    """

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Add up the pixels at the h_f · w_f offsets inside the window, and divide by their number."""
        check_float_array(self.kind, x, "n h w c")
        windows = self._fit_windows(x.shape[1:])
        total = np.zeros((len(x), *windows.grid, x.shape[3]), x.dtype)
        for numbers in windows.at_offsets(x, 0):
            total += numbers
        y = total / self._counts(windows, x)
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Spread dy evenly over the window; the cache is the input's shape."""
        windows = self._fit_windows(cache[1:])
        share = dy / self._counts(windows, dy)
        return windows.collect([share] * prod(windows.size), like=dy), {}

    def _counts(self, windows: Windows, like: Array) -> Array:
        """Return how many pixels of each window lie inside the image: `[1, h_out, w_out, 1]`."""
        image = np.ones((1, *windows.image, 1), like.dtype)
        return sum(windows.at_offsets(image, 0), np.zeros((), like.dtype))


@dataclass(eq=False)
class GlobalAveragePool2D(Layer):
    """Replace each channel by its mean over the whole image.

    y[n, k] = (1 / (h · w)) · Σ_{p, q} x[n, p, q, k]

    Shapes: x `[n, h, w, c]`, y `[n, c]`.

    Source:
        Lin, Chen, Yan: Network in network, ICLR 2014, arXiv:1312.4400.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(c,)` for images of `(h, w, c)`."""
        check_image_shape(self.kind, input_shape)
        return (input_shape[2],)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Take the mean over rows and columns."""
        check_float_array(self.kind, x, "n h w c")
        y = x.mean(axis=(1, 2))
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Spread dy evenly over the image; the cache is the input's shape."""
        _, h, w, _ = cache
        dx = np.broadcast_to((dy / (h * w))[:, None, None, :], cache).copy()
        return dx, {}

    def receptive_window(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return the image's size, and a stride of 1."""
        h, w, _ = input_shape
        return (h, w), (1, 1)
