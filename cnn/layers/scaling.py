"""Scaling: fixed numbers bring raw samples, such as the bytes of a picture, to a size that suits training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cnn.checks import (
    as_floats,
    as_samples,
    channels_last,
    check_float_array,
    check_samples,
    number_between,
)
from cnn.layers.base import Layer
from cnn.layers.channels import repeat_channels
from cnn.types import Array, Gradients, Shape

PerChannel = float | tuple[float, ...]
"""One number for all channels, or one for each."""

NUMBERS_AT_ONCE = 2**20
"""So many numbers, or one row of channels, are float64 at a time while `Standardise.of` measures them."""


@dataclass(eq=False)
class Rescale(Layer):
    """Multiply by a fixed factor and add a fixed offset: y = factor · x + offset, and dx = factor · dy.

    As the first layer of a model it lets the model take raw pixels: the two numbers are saved with it.

    Args:
        factor: what each number is multiplied by.
        offset: what is added to each product.

    Shapes: x and y `[n, …]`; bytes (uint8) become float32.

    Raises:
        TypeError: if a hyperparameter is not a number.
        ValueError: if one is not finite, or the factor is 0.

    Example:
        >>> pixels = np.array([[0, 51, 255]], np.uint8)
        >>> Rescale(1 / 255).forward_pass(pixels)[0].round(1)
        array([[0. , 0.2, 1. ]], dtype=float32)

    Source:
        LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.3.
    """

    takes_bytes: ClassVar[bool] = True

    factor: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        self.factor = number_between(self.kind, "factor", self.factor, -np.inf, open_low=True)
        self.offset = number_between(self.kind, "offset", self.offset, -np.inf, open_low=True)
        if self.factor == 0:  # for example 1 // 255
            raise ValueError(
                "Rescale: factor must not be 0, which makes all samples equal, received 0: "
                "write it as a fraction such as 1 / 255."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return input_shape

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, None]:
        """Scale every number; the backward pass needs no cache."""
        check_float_array(self.kind, x, takes_bytes=True)
        y = self.factor * as_floats(x) + self.offset
        return y, None

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """Multiply dy by the factor."""
        dx = self.factor * dy
        return dx, {}


@dataclass(eq=False)
class Standardise(Layer):
    """Subtract a fixed mean and divide by a fixed standard deviation.

    y = (x − mean) / standard_deviation, and dx = dy / standard_deviation

    `Standardise.of(x)` measures both on the training samples, once and for all; batch normalisation measures
    each micro-batch anew. As the first layer of a model it lets the model take raw pixels: the numbers are
    saved with it.

    Args:
        mean: one number, or one for each channel.
        standard_deviation: one number above 0, or one for each channel.

    Shapes: x and y `[n, …, c]`; bytes (uint8) become float32.

    Raises:
        TypeError: if a hyperparameter is neither a number nor a row of them.
        ValueError: if a number is not finite, a standard deviation is not above 0, or the numbers of
            channels differ.

    Example:
        >>> two_channels = np.array([[10.0, 7.0], [30.0, 7.0]])
        >>> standardise = Standardise.of(two_channels)
        >>> standardise
        Standardise(mean=(20.0, 7.0), standard_deviation=(10.0, 1.0))
        >>> standardise.forward_pass(two_channels)[0]
        array([[-1.,  0.],
               [ 1.,  0.]])

    Source:
        LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.3.
    """

    takes_bytes: ClassVar[bool] = True

    mean: PerChannel
    standard_deviation: PerChannel

    def __post_init__(self) -> None:
        self.mean = _per_channel(self.kind, "mean", self.mean)
        self.standard_deviation = _per_channel(
            self.kind, "standard_deviation", self.standard_deviation, low=0
        )
        if len({len(row) for row in self._rows()}) > 1:
            raise ValueError(
                f"Standardise: mean and standard_deviation must be for the same channels, received "
                f"{self.mean} and {self.standard_deviation}."
            )

    @classmethod
    def of(cls, x: ArrayLike) -> Standardise:
        """Measure each channel's mean and standard deviation over these samples, in float64.

        A channel that never varies gets the standard deviation 1: it becomes 0 everywhere, as scikit-learn's
        StandardScaler makes it.

        Args:
            x: the training samples, `[n, …, c]`, as `fit` takes them, or bytes.

        Raises:
            TypeError: if `x` is something else.
            ValueError: if it has no axis of channels, no samples, or a number that is not finite.
        """
        name = "Standardise.of: x"
        samples = as_samples(name, x, takes_bytes=True)
        check_samples(name, samples, None)
        rows = samples.reshape(-1, samples.shape[-1])  # one for each pixel
        mean = rows.mean(axis=0, dtype=np.float64)
        parts = np.array_split(rows, 1 + rows.size // NUMBERS_AT_ONCE)
        variance = sum(((part - mean) ** 2).sum(axis=0) for part in parts) / len(rows)
        varies = rows.max(axis=0) > rows.min(axis=0)  # exactly; the variance of equal numbers may be rounded
        return cls(tuple(mean.tolist()), tuple(np.where(varies, np.sqrt(variance), 1.0).tolist()))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        for row in self._rows():
            if input_shape[-1:] != (len(row),):
                raise ValueError(
                    f"Standardise has numbers for {len(row)} channels, received samples of {input_shape}"
                    f"{channels_last((1, *input_shape), (len(row),))}."
                )
        return input_shape

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, None]:
        """Standardise every number; the backward pass needs no cache."""
        check_float_array(self.kind, x, takes_bytes=True)
        x = as_floats(x)
        y = (x - self._repeated(self.mean, x)) / self._repeated(self.standard_deviation, x)
        return y, None

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """Divide dy by the standard deviation."""
        dx = dy / self._repeated(self.standard_deviation, dy)
        return dx, {}

    def _rows(self) -> list[tuple[float, ...]]:
        """Return those of mean and standard deviation that have one number for each channel."""
        return [row for row in (self.mean, self.standard_deviation) if isinstance(row, tuple)]

    def _repeated(self, values: PerChannel, like: Array) -> Array:
        """Return the values at every pixel of a sample."""
        return repeat_channels(np.array(values, like.dtype), self.output_shape(like.shape[1:]))


def _explains_nothing_received(init: Callable[..., None]) -> Callable[..., None]:
    """Make a constructor that received nothing say how the numbers are measured."""

    @wraps(init)
    def explained(self: Standardise, *args: object, **kwargs: object) -> None:
        if not args and not kwargs:
            raise TypeError(
                "Standardise needs mean and standard_deviation, received nothing: write Standardise.of(x), "
                "which measures them on the training samples x."
            )
        init(self, *args, **kwargs)

    return explained


Standardise.__init__ = _explains_nothing_received(Standardise.__init__)  # type: ignore[method-assign]


def _per_channel(owner: str, name: str, value: object, low: float = -np.inf) -> PerChannel:
    """Return one finite number above `low`, or a tuple of them."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(number_between(owner, name, number, low, open_low=True) for number in value)
    return number_between(owner, name, value, low, open_low=True)
