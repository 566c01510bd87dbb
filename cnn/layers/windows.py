"""How a window slides over an image: the arithmetic of its places, and the patches that it shows.

Convolution and pooling, forward and backward, share this one description. The letters: h, w of the
image, h_f, w_f of the window (the filter), h_out, w_out of the grid of its places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnn.checks import pair
from cnn.types import Array, Pair

Pads = tuple[Pair, Pair]
Padding = Literal["valid", "same"] | int | tuple[Pair, Pair]

# Patches are copied for as many images at a time as fit this many bytes, about what a core's second-level
# cache holds: the matrix product then reads them from there instead of from memory.
BLOCK_BYTES = 900_000


@dataclass(frozen=True)
class Windows:
    """A grid of windows over an image.

    Along each axis there are `h_out = ⌊(top + h′ + bottom − h_f) / stride⌋ + 1` windows, where
    `h′ = (h − 1) · spread + 1`. Windows that would reach over the edge are left out.

    Attributes:
        image: `(h, w)`.
        size: `(h_f, w_f)`.
        stride: the steps between windows, down and across.
        padding: the rows of padding `(top, bottom)` and the columns `(left, right)`; a negative number
            cuts rows off.
        spread: the distance between neighbouring rows and columns of the image once it is laid out, with
            zeros between them; more than 1 only on the way back through a strided convolution.

    Example:
        >>> Windows((28, 28), (3, 3), (1, 1), ((1, 1), (1, 1))).grid
        (28, 28)

    Source:
        Dumoulin, Visin: A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
    """

    image: Pair
    size: Pair
    stride: Pair
    padding: Pads
    spread: Pair = (1, 1)

    @property
    def grid(self) -> Pair:
        """How many windows there are: `(h_out, w_out)`."""
        h_out, w_out = (
            (length - size) // stride + 1
            for length, size, stride in zip(self.padded_image, self.size, self.stride, strict=True)
        )
        return h_out, w_out

    @property
    def padded_image(self) -> Pair:
        """Height and width of the image once it is spread and padded."""
        h, w = (
            before + (length - 1) * spread + 1 + after
            for length, spread, (before, after) in zip(self.image, self.spread, self.padding, strict=True)
        )
        return h, w

    def transposed(self) -> Windows:
        """Return the windows through which gradients flow back, from the grid to the image.

        Pixel r of the padded image met window o with the filter's row i where r = o · stride + i. Seen
        from r these are windows of the same size over the grid, spread by the stride, with the filter
        turned by 180°.

        Example:
            >>> forward = Windows((5, 5), (3, 3), (2, 2), ((0, 0), (0, 0)))
            >>> forward.transposed().grid == forward.image
            True
        """
        pads = []
        for length, size, stride, out, (before, _) in zip(
            self.image, self.size, self.stride, self.grid, self.padding, strict=True
        ):
            pads.append((size - 1 - before, length + before - ((out - 1) * stride + 1)))
        return Windows(self.grid, self.size, (1, 1), (pads[0], pads[1]), spread=self.stride)

    def columns(self, x: Array) -> Iterator[tuple[slice, Array]]:
        """Show the image as a matrix with one window a row, a few images at a time ("im2col").

        A convolution is then one matrix product. The padded images and the matrix are scratch space: the
        next step of the loop writes over them.

        Args:
            x: the images, `[n, h, w, c]`.

        Yields:
            Which images these are, and their windows, `[images · h_out · w_out, h_f · w_f · c]`.

        Source:
            Chellapilla, Puri, Simard: High performance convolutional neural networks for document
            processing, 2006.
        """
        n, _, _, c = x.shape
        window_shape = (*self.grid, *self.size, c)
        step = max(1, min(n, BLOCK_BYTES // (int(np.prod(window_shape)) * x.itemsize)))
        padded = np.zeros((step, *self.padded_image, c), x.dtype)
        inside, kept = zip(*map(_paste, self.image, self.spread, self.padding), strict=True)
        windows = self._view(padded)
        columns = np.empty((step, *window_shape), x.dtype)
        for first in range(0, n, step):
            images = slice(first, min(first + step, n))
            count = images.stop - first
            padded[(slice(count), *inside)] = x[(images, *kept)]
            np.copyto(columns[:count], windows[:count])
            yield images, columns[:count].reshape(-1, int(np.prod(window_shape[2:])))

    def _view(self, padded: Array) -> Array:
        """Return every window of the padded images without copying: `[n, h_out, w_out, h_f, w_f, c]`."""
        n, _, _, c = padded.shape
        to_image, to_row, to_column, to_channel = padded.strides
        down, across = self.stride
        return as_strided(
            padded,
            (n, *self.grid, *self.size, c),
            (to_image, down * to_row, across * to_column, to_row, to_column, to_channel),
            writeable=False,
        )

    def offsets(self) -> Iterator[tuple[slice, slice]]:
        """Go through the places inside the window, row by row: h_f · w_f of them.

        Yields:
            The rows and columns of the padded image which hold that place of every window, so that
            `padded[:, rows, columns]` is `[n, h_out, w_out, c]`.

        Example:
            >>> list(Windows((4, 4), (1, 2), (2, 2), ((0, 0), (0, 0))).offsets())
            [(slice(0, 3, 2), slice(0, 3, 2)), (slice(0, 3, 2), slice(1, 4, 2))]
        """
        (h_out, w_out), (down, across) = self.grid, self.stride
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                yield (
                    slice(i, i + (h_out - 1) * down + 1, down),
                    slice(j, j + (w_out - 1) * across + 1, across),
                )

    def pad(self, x: Array, value: float) -> Array:
        """Return the images with `value` around them; the images themselves where there is no padding.

        Args:
            x: the images, `[n, h, w, c]`.
            value: what the padding holds.
        """
        return (
            np.pad(x, ((0, 0), *self.padding, (0, 0)), constant_values=value) if np.any(self.padding) else x
        )

    def crop(self, padded: Array) -> Array:
        """Return the padded images without their padding."""
        (top, _), (left, _) = self.padding
        h, w = self.image
        return padded[:, top : top + h, left : left + w]


def place_windows(owner: str, image: Pair, size: Pair, stride: Pair, padding: Padding) -> Windows:
    """Work out the padding for an image of this size.

    `"valid"` pads nothing. `"same"` pads so that h_out = ⌈h / stride⌉, the odd row at the bottom and the
    odd column on the right. A number pads every side by it.

    Args:
        owner: the layer; messages begin with it.
        image: `(h, w)`.
        size: `(h_f, w_f)`.
        stride: down and across.
        padding: as the layer was given it.

    Raises:
        ValueError: if the window is larger than the padded image.

    Example:
        >>> place_windows("Conv2D", (28, 28), (5, 5), (2, 2), "same").padding
        ((1, 2), (1, 2))

    Source:
        `"same"` as in TensorFlow, and as SAME_UPPER in the ONNX operator Conv.
    """
    if padding == "same":
        pads = _same(image[0], size[0], stride[0]), _same(image[1], size[1], stride[1])
    elif padding == "valid":
        pads = (0, 0), (0, 0)
    else:
        pads = ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding
    windows = Windows(image, size, stride, pads)
    (h, w), (h_f, w_f) = windows.padded_image, size
    if h_f > h or w_f > w:
        raise ValueError(
            f"{owner}: a window of {h_f}×{w_f} is larger than its input of {image[0]}×{image[1]} "
            f"(padded: {h}×{w}): use a smaller window or more padding."
        )
    return windows


def check_padding(owner: str, padding: object) -> Padding:
    """Return the padding with tuples in place of lists, if it is one of the four forms.

    Raises:
        TypeError: if a number inside the pairs is not whole.
        ValueError: if it is in none of the forms.

    Example:
        >>> check_padding("Conv2D", [[0, 1], [0, 1]])
        ((0, 1), (0, 1))
    """
    if padding == "valid":
        return "valid"
    if padding == "same":
        return "same"
    if isinstance(padding, int | np.integer):
        return pair(owner, "padding", padding, minimum=0)[0]
    if (
        isinstance(padding, list | tuple)
        and len(padding) == 2
        and all(isinstance(p, list | tuple) for p in padding)
    ):
        return pair(owner, "padding", padding[0], minimum=0), pair(owner, "padding", padding[1], minimum=0)
    raise ValueError(
        f'{owner}: padding must be "valid", "same", a whole number or ((top, bottom), (left, right)), '
        f"received {padding!r}."
    )


def _same(length: int, size: int, stride: int) -> Pair:
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def _paste(length: int, spread: int, pads: Pair) -> tuple[slice, slice]:
    """Return where an axis lands in the padded image, and which part of it does (negative pads cut)."""
    before, after = pads
    first = -(-max(-before, 0) // spread)
    last = length - 1 - -(-max(-after, 0) // spread)
    start = before + first * spread
    return slice(start, max(start, start + (last - first) * spread + 1), spread), slice(
        first, max(first, last + 1)
    )
