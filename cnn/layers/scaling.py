"""Scaling: fixed numbers bring raw samples, such as the bytes of a picture, to a size that suits training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnn.checks import as_floats, channels_last, check_finite, check_float_array, number_between
from cnn.layers.base import Layer
from cnn.layers.channels import repeat_channels
from cnn.types import Array, Gradients, Shape

PerChannel = float | tuple[float, ...]
"""One number for all channels, or one for each."""

NUMBERS_AT_ONCE = 2**20
"""So many numbers are float64 at a time while `Standardise.of` measures them."""


class _Scaling(Layer):
    """What both layers share: they take bytes too, and the output has the input's shape."""

    takes_bytes: ClassVar[bool] = True

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return input_shape


@dataclass(eq=False)
class Rescale(_Scaling):
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

    factor: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        self.factor = _finite(self.kind, "factor", self.factor)
        self.offset = _finite(self.kind, "offset", self.offset)
        if self.factor == 0:  # for example 1 // 255
            raise ValueError(
                "Rescale: factor must not be 0, which makes all samples equal, received 0: "
                "write it as a fraction such as 1 / 255."
            )

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
class Standardise(_Scaling):
    """Subtract a fixed mean and divide by a fixed deviation.

    y = (x − mean) / deviation, and dx = dy / deviation

    `Standardise.of(x)` measures both on the training samples, once and for all; batch normalisation measures
    each micro-batch anew. As the first layer of a model it lets the model take raw pixels: the numbers are
    saved with it.

    Args:
        mean: one number, or one for each channel.
        deviation: one number above 0, or one for each channel.

    Shapes: x and y `[n, …, c]`; bytes (uint8) become float32.

    Raises:
        TypeError: if a hyperparameter is neither a number nor a row of them.
        ValueError: if a number is not finite, a deviation is not above 0, or the numbers of channels differ.

    Example:
        >>> two_channels = np.array([[10.0, 7.0], [30.0, 7.0]])
        >>> standardise = Standardise.of(two_channels)
        >>> standardise
        Standardise(mean=(20.0, 7.0), deviation=(10.0, 1.0))
        >>> standardise.forward_pass(two_channels)[0]
        array([[-1.,  0.],
               [ 1.,  0.]])

    Source:
        LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998, section 4.3.
    """

    mean: PerChannel
    deviation: PerChannel

    def __post_init__(self) -> None:
        self.mean = _per_channel(self.kind, "mean", self.mean)
        self.deviation = _per_channel(self.kind, "deviation", self.deviation, low=0)
        if len({len(row) for row in self._rows()}) > 1:
            raise ValueError(
                f"Standardise: mean and deviation must be for the same channels, received {self.mean} and "
                f"{self.deviation}."
            )

    @classmethod
    def of(cls, x: NDArray[Any]) -> Standardise:
        """Measure each channel's mean and standard deviation over these samples, in float64.

        A channel that never varies gets the deviation 1: it becomes 0 everywhere, as scikit-learn's
        StandardScaler makes it.

        Args:
            x: the training samples, `[n, …, c]`, float32, float64 or bytes.

        Raises:
            TypeError: if `x` is not such an array.
            ValueError: if it has no axis of channels, no samples, or a number that is not finite.
        """
        owner = "Standardise.of"
        check_float_array(owner, x, "n … c", takes_bytes=True)
        if x.size == 0:
            raise ValueError(f"{owner} expects at least one sample, received none in the shape {x.shape}.")
        check_finite(f"{owner}: x", x)
        axes = tuple(range(x.ndim - 1))
        count = x.size // x.shape[-1]
        mean = x.sum(axis=axes, dtype=np.float64) / count
        parts = np.array_split(x, 1 + x.size // NUMBERS_AT_ONCE)
        variance = sum(((part - mean) ** 2).sum(axis=axes) for part in parts) / count
        varies = x.max(axis=axes) > x.min(axis=axes)  # exactly; the variance of equal numbers may be rounded
        deviation = np.where(varies, np.sqrt(variance), 1.0)
        return cls(tuple(mean.tolist()), tuple(deviation.tolist()))

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
        y = (x - self._repeated(self.mean, x)) / self._repeated(self.deviation, x)
        return y, None

    def backward_pass(self, dy: Array, cache: None) -> tuple[Array, Gradients]:
        """Divide dy by the deviation."""
        dx = dy / self._repeated(self.deviation, dy)
        return dx, {}

    def _rows(self) -> list[tuple[float, ...]]:
        """Return those of mean and deviation that have one number for each channel."""
        return [row for row in (self.mean, self.deviation) if isinstance(row, tuple)]

    def _repeated(self, values: PerChannel, like: Array) -> Array:
        """Return the values at every pixel of a sample."""
        return repeat_channels(np.array(values, like.dtype), self.output_shape(like.shape[1:]))


def _per_channel(owner: str, name: str, value: object, low: float = -np.inf) -> PerChannel:
    """Return one finite number above `low`, or a tuple of them."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(_finite(owner, name, number, low) for number in value)
    return _finite(owner, name, value, low)


def _finite(owner: str, name: str, value: object, low: float = -np.inf) -> float:
    """Return a finite number above `low`."""
    return number_between(owner, name, value, low, open_low=True)  # type: ignore[arg-type]  # it checks
