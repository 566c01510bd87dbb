"""Convolution: small filters that slide over an image."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod
from typing import ClassVar, cast

import numpy as np

from cnn.checks import channels_last, check_float_array, check_image_shape, pair, whole_number
from cnn.initialisers import Initialiser, InitialiserName, initial_weights, parse_initialiser
from cnn.layers.base import Layer
from cnn.layers.channels import repeat_channels, sum_channels
from cnn.layers.padding import Padding, parse_padding
from cnn.layers.windows import Windows, fit_windows
from cnn.types import Array, Gradients, Pair, Shape


@dataclass(eq=False)
class Conv2D(Layer):
    """Slide n_f filters over the image; each position of each filter gives one number of the output.

    y[n, p, q, f] = bias[f] + Σ_{i, j, k} x[n, p · stride + i, q · stride + j, k] · weight[i, j, k, f]

    where x is already padded. (Strictly, this is a cross-correlation, as in every neural network library.)

    Args:
        filters: n_f, the number of filters, which is the number of the output's channels.
        kernel_size: `(h_f, w_f)`, or one number for both.
        stride: the rows and columns from one window to the next, or one number for both.
        padding: `"valid"` (none), `"same"` (h_out = ⌈h / stride⌉), a number of rows and columns for every
            side, or `((top, bottom), (left, right))`.
        initialiser: where the weights start, a name or a function `(shape, rng) → array`; the biases start
            at 0.

    Shapes: x `[n, h, w, c]`, weight `[h_f, w_f, c, n_f]`, bias `[n_f]`, y `[n, h_out, w_out, n_f]`.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if one is out of range.

    Example:
        >>> conv = Conv2D(8, kernel_size=3, padding="same")
        >>> conv.build((28, 28, 1), np.random.default_rng(0))
        (28, 28, 8)
        >>> y, cache = conv.forward_pass(np.ones((2, 28, 28, 1), np.float32))
        >>> y.shape
        (2, 28, 28, 8)

    Source:
        LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
    """

    decays: ClassVar[tuple[str, ...]] = ("weight",)

    filters: int
    kernel_size: int | Pair
    _: KW_ONLY
    stride: int | Pair = 1
    padding: Padding = "valid"
    initialiser: InitialiserName | Initialiser = "he_uniform"

    def __post_init__(self) -> None:
        self.filters = whole_number(self.kind, "filters", self.filters, minimum=1)
        self.kernel_size = pair(self.kind, "kernel_size", self.kernel_size, minimum=1)
        self.stride = pair(self.kind, "stride", self.stride, minimum=1)
        self.padding = parse_padding(self.kind, self.padding)
        self.initialiser = parse_initialiser(self.kind, self.initialiser)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Create the filters for images of `(h, w, c)`."""
        output_shape = self.output_shape(input_shape)
        shapes = self.parameter_shapes(input_shape)
        self.params["weight"] = initial_weights(self.kind, self.initialiser, shapes["weight"], rng)
        self.params["bias"] = np.zeros(shapes["bias"], np.float32)
        return output_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return `(h_f, w_f, c, n_f)` for the weight and `(n_f,)` for the bias."""
        size = cast(Pair, self.kernel_size)
        return {"weight": (*size, input_shape[2], self.filters), "bias": (self.filters,)}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `(h_out, w_out, n_f)` for images of `(h, w, c)`."""
        return (*self._fit_windows(input_shape).grid, self.filters)

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        """Convolve the images with every filter and add the biases."""
        check_float_array(self.kind, x, "n h w c")
        weight, bias = self.param("weight", like=x), self.param("bias", like=x)
        if x.shape[3] != weight.shape[2]:
            raise ValueError(
                f"Conv2D was built for {weight.shape[2]} channels, received {x.shape[3]} in {x.shape}"
                f"{channels_last(x.shape, weight.shape[2:3])}."
            )
        y = convolve(x, weight, self._fit_windows(x.shape[1:]), bias)
        return y, x

    def backward_pass(self, dy: Array, cache: Array) -> tuple[Array, Gradients]:
        """Carry dy back to the images and the filters; the cache is the forward pass's input."""
        return self.input_gradient(dy, cache), self.parameter_gradients(dy, cache)

    def input_gradient(self, dy: Array, cache: Array) -> Array:
        """Return dx: dy, spread by the stride, convolved with the filters rotated by 180°.

        dx[n, r, s, k] = Σ_{i, j, f} dy[n, p, q, f] · weight[i, j, k, f],
        over all p, q, i, j with p · stride + i = r + top and q · stride + j = s + left.

        The gradient with respect to the input is a convolution again: each pixel collects dy from the
        windows that contained it. From window to window the pixel's offset inside the window decreases.
        That is why the filter is rotated.
        """
        x = cache
        rotated = self.param("weight", like=dy)[::-1, ::-1].transpose(0, 1, 3, 2)  # [h_f, w_f, n_f, c]
        return convolve(dy, rotated, self._fit_windows(x.shape[1:]).transposed())

    def parameter_gradients(self, dy: Array, cache: Array) -> Gradients:
        """Return dweight, the sum of all windows, each multiplied by its dy, and dbias, the sum of dy.

        dweight[i, j, k, f] = Σ_{n, p, q} x[n, p · stride + i, q · stride + j, k] · dy[n, p, q, f]
        """
        x = cache
        windows = self._fit_windows(x.shape[1:])
        dweight = np.zeros((*windows.size, x.shape[3], self.filters), dy.dtype)
        dbias = np.zeros(self.filters, dy.dtype)
        for block, patches in windows.patches(x):
            positions = dy[block].reshape(-1, self.filters)  # [windows of the block, n_f]
            dweight += (patches.T @ positions).reshape(dweight.shape)
            dbias += sum_channels(positions)
        return {"weight": dweight, "bias": dbias}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return h_out · w_out · n_f · h_f · w_f · c."""
        windows = self._fit_windows(input_shape)
        return prod((*windows.grid, self.filters, *windows.size, input_shape[2]))

    def receptive_window(self, input_shape: Shape) -> tuple[Pair, Pair]:
        """Return the filter's size and its stride."""
        windows = self._fit_windows(input_shape)
        return windows.size, windows.stride

    def _fit_windows(self, input_shape: Shape) -> Windows:
        check_image_shape(self.kind, input_shape)
        size, stride = cast(Pair, self.kernel_size), cast(Pair, self.stride)  # pairs since __post_init__
        h, w, _ = input_shape
        return fit_windows(self.kind, (h, w), size, stride, self.padding)


def convolve(x: Array, weight: Array, windows: Windows, bias: Array | None = None) -> Array:
    """Multiply every window of the images by every filter: one matrix product for each block of windows.

    Args:
        x: the images, `[n, h, w, c]`.
        weight: the filters, `[h_f, w_f, c, n_f]`.
        windows: the positions of the filters.
        bias: what is added to each filter's output, `[n_f]`; None adds nothing.

    Returns:
        The output, `[n, h_out, w_out, n_f]`.

    Example:
        >>> x, weight = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1))
        >>> convolve(x, weight, fit_windows("example", (4, 4), (3, 3), (1, 1), "valid"))[0, :, :, 0]
        array([[9., 9.],
               [9., 9.]])
    """
    n_f = weight.shape[3]
    filters = np.ascontiguousarray(weight.reshape(-1, n_f))  # [h_f · w_f · c, n_f]
    y = np.empty((len(x), *windows.grid, n_f), x.dtype)
    biases = None if bias is None else repeat_channels(bias, y.shape[2:])  # of a row of the output
    for block, patches in windows.patches(x):
        np.matmul(patches, filters, out=y[block].reshape(-1, n_f))
        if biases is not None:
            y[block] += biases
    return y
