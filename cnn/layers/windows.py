"""How a window slides over an image: the arithmetic of its positions, and the patches that it shows.

Convolution and pooling, forward and backward, share this description. A *position* is where a window lies
on the image; an *offset* (i, j) is a row and a column inside the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnn.checks import CHANNELS_TO_THE_END
from cnn.layers.channels import pixels
from cnn.layers.padding import Padding, Pads, pads_of
from cnn.types import Array, Pair

# Patches are copied for as many images at a time, or rows of a large image's grid, as fit in this many bytes.
# With fewer bytes the products are too small to be fast; with more, the first patches leave the caches before
# they are multiplied.
BLOCK_BYTES = 1_900_000


@dataclass(frozen=True)
class Windows:
    """A grid of windows over an image.

    Along each axis there are `h_out = ⌊(top + h′ + bottom − h_f) / stride⌋ + 1` windows, where
    `h′ = (h − 1) · spread + 1`. Windows that would reach beyond the padded image are left out.

    Attributes:
        image: `(h, w)`.
        size: `(h_f, w_f)`.
        stride: the rows and columns from one window to the next.
        padding: the rows of padding `(top, bottom)` and the columns `(left, right)`; a negative number
            removes rows.
        spread: the distance that neighbouring rows and columns of the image get, with zeros between them;
            more than 1 only in the backward pass of a strided convolution.

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

    @cached_property
    def grid(self) -> Pair:
        """How many windows there are: `(h_out, w_out)`."""
        h_out, w_out = (
            (length - size) // stride + 1
            for length, size, stride in zip(self.padded_image, self.size, self.stride, strict=True)
        )
        return h_out, w_out

    @cached_property
    def padded_image(self) -> Pair:
        """Height and width of the image after it is spread and padded."""
        h, w = (
            before + (length - 1) * spread + 1 + after
            for length, spread, (before, after) in zip(self.image, self.spread, self.padding, strict=True)
        )
        return h, w

    @cached_property
    def tile(self) -> bool:
        """Whether each pixel of the padded image lies in exactly one window.

        Example:
            >>> Windows((4, 4), (2, 2), (2, 2), ((0, 0), (0, 0))).tile
            True
        """
        left_over = [length % size for length, size in zip(self.padded_image, self.size, strict=True)]
        return self.stride == self.size and not any(left_over)

    def transposed(self) -> Windows:
        """Return the windows of the backward pass: over the grid, with one window for each pixel.

        Pixel r of the padded image lies in window p at the offset i if r = p · stride + i. For a fixed r
        the pairs (p, i) form a window of the same size over the grid, spread by the stride, in which the
        offset i decreases as p increases.

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

    def patches(self, x: Array) -> Iterator[tuple[tuple[slice, slice], Array]]:
        """Copy every window into a row of a matrix ("im2col"), for one block of windows after the other.

        A convolution is then one matrix product for each block. A block is the windows of several images or,
        where those of one image exceed `BLOCK_BYTES`, of several rows of its grid. The next step of the loop
        overwrites the matrix.

        Args:
            x: the images, `[n, h, w, c]`.

        Yields:
            The block as slices of the images and of the grid's rows: `y[block]` is the block's part of an
            array `[n, h_out, w_out, …]`. And its windows, `[images · rows · w_out, h_f · w_f · c]`.

        Source:
            Chellapilla, Puri, Simard: High performance convolutional neural networks for document
            processing, 2006.
        """
        n, _, _, c = x.shape
        (h_out, w_out), (h_f, w_f), (down, _) = self.grid, self.size, self.stride
        row_bytes = w_out * h_f * w_f * c * x.itemsize
        rows = max(1, min(h_out, BLOCK_BYTES // row_bytes))
        images = max(1, min(n, BLOCK_BYTES // (h_out * row_bytes)))  # 1 if not all rows of an image fit
        padded = np.zeros((images, *self.padded_image, c), x.dtype)
        patches = np.empty((images, rows, w_out, h_f, w_f, c), x.dtype)
        inside, kept = self._pasted
        for first, last in _cut(n, images):
            count = last - first
            padded[(slice(count), *inside)] = x[(slice(first, last), *kept)]
            for top, bottom in _cut(h_out, rows):
                part = patches[:count, : bottom - top]
                self._copy(padded[:count, top * down : (bottom - 1) * down + h_f], part)
                yield (slice(first, last), slice(top, bottom)), part.reshape(-1, h_f * w_f * c)

    @cached_property
    def _pasted(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The rows and columns of the padded image that the image fills, and those of the image used."""
        (rows, kept_rows), (columns, kept_columns) = map(_paste, self.image, self.spread, self.padding)
        return (rows, columns), (kept_rows, kept_columns)

    def _copy(self, padded: Array, patches: Array) -> None:
        """Copy every window of padded images, or of a band of their rows, to `[n, rows, w_out, h_f, w_f, c]`.

        NumPy copies runs of numbers that are neighbours in both arrays: the rows of windows. With one
        channel such a row has only w_f numbers; then the same offset of all windows is a longer run.
        """
        to_image, to_row, to_column, to_channel = padded.strides
        down, across = self.stride
        steps = (to_image, down * to_row, across * to_column, to_row, to_column, to_channel)
        windows = as_strided(padded, patches.shape, steps, writeable=False)
        if patches.shape[-1] == 1:
            for i, j in np.ndindex(self.size):
                patches[:, :, :, i, j] = windows[:, :, :, i, j]
        else:
            np.copyto(patches, windows)

    def offsets(self) -> Iterator[tuple[slice, slice]]:
        """Go through the h_f · w_f offsets inside the window, row by row.

        Yields:
            The rows and columns of the padded image that lie at this offset of every window:
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

    def at_offsets(self, x: Array, padding_value: float) -> Iterator[Array]:
        """Go through the offsets as `offsets` does, and copy the pixels that lie there.

        Args:
            x: the images, `[n, h, w, c]`.
            padding_value: the value of the padding.

        Yields:
            The pixels at this offset of every window, `[n, h_out, w_out, c]`.
        """
        padded = pixels(np.ascontiguousarray(self.pad(x, padding_value)))
        for rows, columns in self.offsets():
            numbers = np.empty((len(x), *self.grid, x.shape[3]), x.dtype)
            pixels(numbers)[...] = padded[:, rows, columns]
            yield numbers

    def collect(self, parts: Iterable[Array], like: Array) -> Array:
        """Return images in which each pixel is the sum of what its windows give it: `at_offsets` reversed.

        Args:
            parts: what every window gives to its pixel at each offset, in the order of `offsets`.
            like: an array of the parts' shape and type, `[n, h_out, w_out, c]`.

        Returns:
            The images without their padding, `[n, h, w, c]`.
        """
        blank = np.empty if self.tile else np.zeros
        padded = blank((len(like), *self.padded_image, like.shape[3]), like.dtype)
        for (rows, columns), part in zip(self.offsets(), parts, strict=True):
            if self.tile:  # each pixel gets one part only
                pixels(padded)[:, rows, columns] = pixels(np.ascontiguousarray(part))
            else:
                padded[:, rows, columns] += part
        return self.crop(padded)

    def pad(self, x: Array, value: float) -> Array:
        """Return the images `[n, h, w, c]` with `value` around them, for windows without spread and cuts."""
        return (
            np.pad(x, ((0, 0), *self.padding, (0, 0)), constant_values=value) if np.any(self.padding) else x
        )

    def crop(self, padded: Array) -> Array:
        """Return the padded images without their padding."""
        (top, _), (left, _) = self.padding
        h, w = self.image
        return padded[:, top : top + h, left : left + w]


@lru_cache(maxsize=256)  # a layer asks in every pass
def fit_windows(owner: str, image: Pair, size: Pair, stride: Pair, padding: Padding) -> Windows:
    """Return the windows over an image of this size.

    Args:
        owner: the layer; messages begin with it.
        image: `(h, w)`.
        size: `(h_f, w_f)`.
        stride: down and across.
        padding: the layer's argument.

    Raises:
        ValueError: if the window is larger than the padded image.

    Example:
        >>> fit_windows("Conv2D", (28, 28), (5, 5), (2, 2), "same").padding
        ((1, 2), (1, 2))
    """
    pads = pads_of(padding, image, size, stride)
    windows = Windows(image, size, stride, pads)
    (h, w), (h_f, w_f) = windows.padded_image, size
    if h_f > h or w_f > w:
        turned = h_f > h and w_f <= w  # few rows: perhaps they are channels
        raise ValueError(
            f"{owner}: a window of {h_f}×{w_f} is larger than its input of {image[0]}×{image[1]} "
            f"(padded: {h}×{w}): use a smaller window or more padding"
            f"{f'; if the channels come first, {CHANNELS_TO_THE_END}' if turned else ''}."
        )
    return windows


def _paste(length: int, spread: int, pads: Pair) -> tuple[slice, slice]:
    """Return the part of a padded axis that the image fills, and the part of the image that is used.

    Example:
        >>> _paste(3, spread=2, pads=(1, 1))  # 0 a 0 b 0 c 0
        (slice(1, 6, 2), slice(0, 3, None))
        >>> _paste(3, spread=2, pads=(-1, 0))  # 0 b 0 c: a is cut
        (slice(1, 4, 2), slice(1, 3, None))
    """
    before, after = pads
    first = ceil(max(-before, 0) / spread)
    end = max(first, length - ceil(max(-after, 0) / spread))
    start = before + first * spread
    return slice(start, max(start, start + (end - first - 1) * spread + 1), spread), slice(first, end)


def _cut(length: int, size: int) -> Iterator[Pair]:
    """Yield where each part begins and ends if a length is cut into parts of this size.

    Example:
        >>> list(_cut(5, 2))
        [(0, 2), (2, 4), (4, 5)]
    """
    for first in range(0, length, size):
        yield first, min(first + size, length)
