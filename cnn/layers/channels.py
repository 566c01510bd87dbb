"""Operations on channels at the speed of operations on whole images.

NumPy works on runs of numbers that are neighbours in memory, and each run has a fixed cost. Channels are the
last axis. Adding a bias, summing over all axes but the channels, or taking every second column would
therefore be done in runs of only c numbers. These functions work with long runs instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn.types import Array, Shape


def repeat_channels(values: Array, sample_shape: Shape) -> Array:
    """Repeat one number for each channel at every pixel of a sample.

    Args:
        values: one number for each channel, `[c]`.
        sample_shape: `(…, c)`.

    Returns:
        `[…, c]`, contiguous in memory.

    Example:
        >>> repeat_channels(np.array([1.0, 2.0]), (3, 2))
        array([[1., 2.],
               [1., 2.],
               [1., 2.]])
    """
    return np.ascontiguousarray(np.broadcast_to(values, sample_shape))


def sum_channels(x: Array) -> Array:
    """Add up each channel over all samples and pixels, as a matrix product with ones.

    The last bits depend on BLAS's kernels, as those of every matrix product do.

    Args:
        x: `[n, …, c]`.

    Returns:
        The sums, `[c]`.

    Example:
        >>> sum_channels(np.array([[1.0, 2.0], [10.0, 20.0]]))
        array([11., 22.])
    """
    rows = x.reshape(-1, x.shape[-1])
    return np.ones(len(rows), x.dtype) @ rows


def pixels(x: Array) -> NDArray[np.void]:
    """View the channels of each pixel as one item, which NumPy copies as a whole.

    Args:
        x: the images, `[n, h, w, c]`; the channels of a pixel are neighbours in memory.

    Returns:
        The same memory as `[n, h, w]`.

    Example:
        >>> x = np.arange(8.0).reshape(1, 1, 4, 2)
        >>> every_second = np.empty((1, 1, 2, 2))
        >>> pixels(every_second)[...] = pixels(x)[:, :, ::2]
        >>> every_second[0, 0]
        array([[0., 1.],
               [4., 5.]])
    """
    return x.view(np.dtype((np.void, x.shape[-1] * x.itemsize)))[..., 0]
