"""Padding: rows and columns added around an image, so that windows can reach over its edge."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnn.checks import pair
from cnn.habits import nearest
from cnn.types import Pair

Padding = Literal["valid", "same"] | int | tuple[Pair, Pair]
"""What a layer accepts: a rule, a number for all sides, or `((top, bottom), (left, right))`."""

Pads = tuple[Pair, Pair]
"""The numbers of added rows `(top, bottom)` and columns `(left, right)`."""


def parse_padding(owner: str, padding: object) -> Padding:
    """Return a layer's argument `padding`, with tuples instead of lists.

    Raises:
        TypeError: if a number inside the pairs is not whole.
        ValueError: if it has none of the four forms.

    Example:
        >>> parse_padding("Conv2D", [[0, 1], [0, 1]])
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
        f"received {padding!r}{nearest(padding, ('valid', 'same')) or '.'}"
    )


def pads_of(padding: Padding, image: Pair, size: Pair, stride: Pair) -> Pads:
    """Return how many rows and columns are added to an image of this size.

    `"valid"` adds none. `"same"` adds as many as make h_out = ⌈h / stride⌉; if their number is odd, the
    bottom and the right get one more. A number is added on every side.

    Args:
        padding: the layer's argument.
        image: `(h, w)`.
        size: `(h_f, w_f)`, of the window.
        stride: down and across.

    Example:
        >>> pads_of("same", (28, 28), (4, 4), (1, 1))
        ((1, 2), (1, 2))

    Source:
        `"same"` is that of TensorFlow, and SAME_UPPER of the ONNX operator Conv.
    """
    if padding == "same":
        return _same(image[0], size[0], stride[0]), _same(image[1], size[1], stride[1])
    if padding == "valid":
        return (0, 0), (0, 0)
    return ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding


def _same(length: int, size: int, stride: int) -> Pair:
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2
