"""Pooling: a smaller image in which each number speaks for a window of the larger one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np

from cnn.checks import check_float_array, pair
from cnn.layers.base import Layer
from cnn.layers.padding import Padding, check_padding
from cnn.layers.windows import Windows, place_windows
from cnn.types import Array, Gradients, Pair, Shape


@dataclass(eq=False)
class _Pool2D(Layer):
    """What max- and average-pooling share: the windows."""

    pool_size: int | Pair = 2
    stride: int | Pair | None = None
    padding: Padding = "valid"

    def __post_init__(self) -> None:
        self.pool_size = pair(self.name, "pool_size", self.pool_size, minimum=1)
        self.stride = (
            self.pool_size if self.stride is None else pair(self.name, "stride", self.stride, minimum=1)
        )
        self.padding = check_padding(self.name, self.padding)
        if not isinstance(self.padding, str):
            self._refuse_windows_of_padding(self.pool_size)

    def _refuse_windows_of_padding(self, size: Pair) -> None:
        padding = np.broadcast_to(np.array(self.padding), (2, 2))
        if (padding >= np.array(size)[:, None]).any():
            raise ValueError(
                f"{self.name}: padding must be smaller than the pool size {size}, so that each window "
                f"sees some of the image, received {self.padding!r}."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(h_out, w_out, c)` for images of `(h, w, c)`."""
        return (*self._windows(input_shape).grid, input_shape[2])

    def window(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return the window's size and its stride."""
        windows = self._windows(input_shape)
        return windows.size, windows.stride

    def _windows(self, input_shape: Shape) -> Windows:
        if len(input_shape) != 3:
            raise ValueError(f"{self.name} expects images of (h, w, c), received samples of {input_shape}.")
        size, stride = cast(Pair, self.pool_size), cast(Pair, self.stride)  # pairs since __post_init__
        h, w, _ = input_shape
        return place_windows(self.name, (h, w), size, stride, self.padding)


@dataclass(eq=False)
class MaxPool2D(_Pool2D):
    """Keep the largest number of each window, channel by channel.

    y[n, p, q, k] = max_{i, j} x[n, p · stride + i, q · stride + j, k]

    Going back, dy goes to the place that won; where several are equally large, to the first of them, row
    by row. Padding never wins against a finite number.

    Args:
        pool_size: height and width of a window, or one number for both.
        stride: the rows and columns from one window to the next; None is the pool size, so that windows
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
        """Keep a running maximum over the h_f · w_f places inside the window."""
        check_float_array(self.name, x, "n h w c")
        windows = self._windows(x.shape[1:])
        y = np.full((len(x), *windows.grid, x.shape[3]), -np.inf, x.dtype)
        for place in windows.places(x, -np.inf):
            np.maximum(y, place, out=y)
        return y, (x, y)

    def backward_pass(self, dy: Array, cache: tuple[Array, Array]) -> tuple[Array, Gradients]:
        """Send dy to the first place of each window that holds its maximum."""
        x, y = cache
        windows = self._windows(x.shape[1:])

        def shares() -> Iterator[Array]:
            waiting = np.ones(y.shape, bool)  # windows whose maximum has not been met yet
            for place in windows.places(x, -np.inf):
                first = waiting & (place == y)
                waiting ^= first
                yield dy * first

        return windows.collect(shares(), like=dy), {}


@dataclass(eq=False)
class AveragePool2D(_Pool2D):
    """Replace each window by its mean, channel by channel; padding is not counted.

    y[n, p, q, k] = (1 / m[p, q]) · Σ_{i, j} x[n, p · stride + i, q · stride + j, k]

    where m[p, q] is how many places of the window lie on the image.

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
        """Add up the h_f · w_f places inside the window, and divide by how many lie on the image."""
        check_float_array(self.name, x, "n h w c")
        windows = self._windows(x.shape[1:])
        total = np.zeros((len(x), *windows.grid, x.shape[3]), x.dtype)
        for place in windows.places(x, 0):
            total += place
        y = total / self._counts(windows, x)
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Spread dy evenly over its window; the cache is the input's shape."""
        windows = self._windows(cache[1:])
        share = dy / self._counts(windows, dy)
        return windows.collect([share] * prod(windows.size), like=dy), {}

    def _counts(self, windows: Windows, like: Array) -> Array:
        """Return how many places of each window lie on the image: `[1, h_out, w_out, 1]`."""
        image = np.ones((1, *windows.image, 1), like.dtype)
        return sum(windows.places(image, 0), np.zeros((), like.dtype))


@dataclass(eq=False)
class GlobalAveragePool2D(Layer):
    """Replace each channel by its mean over the whole image.

    y[n, k] = (1 / (h · w)) · Σ_{p, q} x[n, p, q, k]

    Shapes: x `[n, h, w, c]`, y `[n, c]`.

    Example:
        >>> GlobalAveragePool2D().forward_pass(np.ones((5, 7, 7, 64), np.float32))[0].shape
        (5, 64)

    Source:
        Lin, Chen, Yan: Network in network, ICLR 2014, arXiv:1312.4400.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(c,)` for images of `(h, w, c)`."""
        if len(input_shape) != 3:
            raise ValueError(
                f"GlobalAveragePool2D expects images of (h, w, c), received samples of {input_shape}."
            )
        return (input_shape[2],)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Take the mean over rows and columns."""
        check_float_array(self.name, x, "n h w c")
        y = x.mean(axis=(1, 2))
        return y, x.shape

    def backward_pass(self, dy: Array, cache: Shape) -> tuple[Array, Gradients]:
        """Spread dy evenly over the image; the cache is the input's shape."""
        _, h, w, _ = cache
        dx = np.broadcast_to((dy / (h * w))[:, None, None, :], cache).copy()
        return dx, {}

    def window(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return the image's size: one window, and no step."""
        h, w, _ = input_shape
        return (h, w), (1, 1)
