"""Checks of what comes in from outside: an error says what was received and what was expected.

A function `check_…` returns nothing; the others return the value that they have checked.
"""

from collections.abc import Collection
from math import isqrt, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.habits import nearest
from cnn.types import Array, Pair, Shape

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def check_float_array(owner: str, x: object, axes: str = "n …", takes_bytes: bool = False) -> None:
    """Refuse anything but a float32 or float64 array with these axes.

    Args:
        owner: who expects the array; the message begins with it.
        x: what was received.
        axes: the letters of the expected axes, such as `"n h w c"`, with `…` for any number of them.
        takes_bytes: whether an array of bytes (uint8) is welcome too.

    Raises:
        TypeError: if `x` is not an array of such numbers.
        ValueError: if it has another number of axes.
    """
    if not isinstance(x, np.ndarray):
        advice = "convert it by numpy.asarray(x, numpy.float32)"
        if isinstance(x, tuple) and len(x) == 2 and isinstance(x[0], np.ndarray):
            advice = "forward_pass returns the output and a cache, as in y, cache = layer.forward_pass(x)"
        raise TypeError(f"{owner} expects a NumPy array, received {type(x).__name__}: {advice}.")
    _check_number_type(f"{owner} expects", x.dtype, takes_bytes, "convert it by x.astype(numpy.float32)")
    letters = axes.split()
    least = len(letters) - letters.count("…")
    if x.ndim < least or (x.ndim > least and "…" not in letters):
        number = f"{least} axes or more" if "…" in letters else f"{least} axes"
        advice = ": add the axis n to a single sample by x[None]" if x.ndim == least - 1 else ""
        if advice and letters[1:] == ["h", "w", "c"]:
            advice += ", or the axis c to grey images by x[..., None]"
        raise ValueError(
            f"{owner} expects {number} [{', '.join(letters)}], received {x.ndim} in the shape "
            f"{x.shape}{advice}."
        )


def _check_number_type(begin: str, dtype: np.dtype[Any], takes_bytes: bool, advice: str) -> None:
    """Refuse other numbers than float32, float64 and, where they are welcome, bytes."""
    if dtype not in FLOATS and not (takes_bytes and dtype == np.uint8):
        expected = "float32, float64 or uint8" if takes_bytes else "float32 or float64"
        raise TypeError(f"{begin} {expected}, received {dtype}: {advice}.")


def as_floats(x: NDArray[Any]) -> Array:
    """Return bytes as float32 of the same values, and floats as they are."""
    return x.astype(np.float32) if x.dtype == np.uint8 else x


def check_finite(name: str, x: Array) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: if a number of `x` is not finite; the message says where the first one is.
    """
    finite = np.isfinite(x)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name} must hold finite numbers only, received {x[index]} at {list(index)} "
            f"and {np.count_nonzero(~finite)} such in all: clean the data first."
        )


def as_array(name: str, values: object) -> NDArray[Any]:
    """Return values as an array in the byte order of this machine; what is such an array stays as it is.

    Raises:
        TypeError: if it is a masked or a sparse array, or no array can be made of the values.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array: leave out the masked entries, or fill them by filled()."
        )
    if hasattr(values, "toarray"):  # SciPy's
        raise TypeError(f"{name} must not be a sparse array: convert it by x.toarray().")
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise TypeError(
            f"{name} must be an array, or lists of equal lengths, such as images of one size: {error}"
        ) from error
    if array.ndim == 0:
        raise TypeError(f"{name} must be an array or a list, received {values!r:.60}.")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def as_samples(name: str, x: object, takes_bytes: bool = False) -> Array:
    """Return samples as a read-only array of float32 or float64, or of bytes where the model takes them.

    A layer that writes into its input would change the caller's data: in a read-only array that is an error.

    Args:
        name: what the samples are; the message begins with it.
        x: an array, list or other sequence.
        takes_bytes: whether the model's first layer takes bytes (uint8).

    Raises:
        TypeError: if the numbers have another type.
    """
    samples = _floats_of_objects(name, as_array(name, x)).view()
    advice = "x.astype(numpy.float32)" if isinstance(x, np.ndarray) else "numpy.asarray(x, numpy.float32)"
    first = "begin the model with Rescale(1 / 255), or " if samples.dtype == np.uint8 else ""
    _check_number_type(f"{name} must be", samples.dtype, takes_bytes, f"{first}convert it by {advice}")
    samples.flags.writeable = False
    return samples


def _floats_of_objects(name: str, x: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are floats and booleans, as a frame of pandas may hold, as an array of floats.

    Raises:
        TypeError: if there is one that no conversion of the array makes a number, or if there are dates or
            complex numbers; the message says what to do with its kind.
    """
    if x.dtype.kind in "cmM":
        advice = (
            "take x.real, or numpy.abs(x)" if x.dtype.kind == "c" else "put in numbers, such as years or days"
        )
        raise TypeError(f"{name} must be real numbers, received {x.dtype}: {advice}.")
    for value in x.flat if x.dtype.kind in "OSU" else ():
        if hasattr(value, "__array_interface__") and np.ndim(value):  # arrays, Pillow's images
            raise TypeError(
                f"{name} must be one array, received an array of {type(value).__name__} objects: bring them "
                "to one shape, and put them together by numpy.stack(x)."
            )
        try:
            float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name} must be numbers, received {value!r:.60} among them: leave such columns or rows out, "
                "or put numbers in their place."
            ) from None
    kinds = {type(value) for value in x.flat} if x.dtype == object else set()
    are_numbers = all(issubclass(kind, int | float | np.number | np.bool_) for kind in kinds)
    has_floats = any(issubclass(kind, float | np.floating) for kind in kinds)
    return x.astype(np.float64) if are_numbers and has_floats else x


ONE_AXIS = (
    ": add an axis, numpy.asarray(x)[None] for a single sample, numpy.asarray(x)[:, None] for samples of "
    "one number"
)


def check_samples(name: str, x: Array, input_shape: Shape | None) -> None:
    """Refuse samples that a model of this input shape cannot take; None takes any shape.

    Raises:
        ValueError: if the samples have another shape, there are none, or a number is not finite.
    """
    if x.ndim < 2 or (input_shape is not None and x.shape[1:] != input_shape):
        expected = ", ".join(map(str, ("n", *("…" if input_shape is None else input_shape))))
        advice = ONE_AXIS if input_shape is None else _advice(x.shape, input_shape)
        raise ValueError(f"{name} must have the shape [{expected}], received {list(x.shape)}{advice}.")
    if len(x) == 0:
        raise ValueError(f"{name} must hold at least one sample, received none.")
    check_finite(name, x)


def _advice(shape: Shape, input_shape: Shape) -> str:
    """Say which axes are missing, or which one stands at the wrong place."""
    if shape == input_shape:
        return ": add the axis of the samples, numpy.asarray(x)[None]"
    if (*shape[1:], 1) == input_shape:
        return ": add the axis of the channels, numpy.asarray(x)[..., None]"
    if (*shape, 1) == input_shape:
        return ": add the axes of the samples and of the channels, numpy.asarray(x)[None, ..., None]"
    if len(shape) <= 2 and shape[-1:] == (prod(input_shape),):
        sides = ", ".join(map(str, input_shape))
        return f": give each sample its shape by numpy.asarray(x).reshape(-1, {sides})"
    return channels_last(shape, input_shape)


CHANNELS_TO_THE_END = "turn the images by x.transpose(0, 2, 3, 1)"


def channels_last(shape: Shape, input_shape: Shape) -> str:
    """Return advice for a message if images seem to have their channels first, otherwise nothing.

    Args:
        shape: the shape received.
        input_shape: the shape of a sample that was expected, `(h, w, c)`, or its end, `(c,)`.

    Example:
        >>> channels_last((5, 3, 32, 32), (32, 32, 3))
        ': channels come last, so turn the images by x.transpose(0, 2, 3, 1)'
        >>> channels_last((5, 32, 30, 3), (32, 32, 3))
        ''
    """
    first = len(shape) == 4 and shape[1:2] == input_shape[-1:] != shape[3:]
    return f": channels come last, so {CHANNELS_TO_THE_END}" if first else ""


def sample_shape(shape: Shape) -> Shape:
    """Return a sample's shape as a tuple, if its lengths are whole numbers from 1 on.

    Raises:
        TypeError: if it is not a tuple or list.
        ValueError: if one of the lengths is something else.
    """
    if not isinstance(shape, tuple | list):
        raise TypeError(f"A sample's shape must be a tuple such as (28, 28, 1), received {shape!r}.")
    if not all(isinstance(length, int | np.integer) and length > 0 for length in shape):
        raise ValueError(
            "A sample's shape must be whole numbers from 1 on, such as (28, 28, 1), without the number of "
            f"samples, received {shape!r}."
        )
    return tuple(map(int, shape))


def check_image_shape(owner: str, input_shape: Shape) -> None:
    """Refuse samples that are not images.

    Raises:
        ValueError: if their shape is not `(h, w, c)`.
    """
    if len(input_shape) != 3:
        advice = ""
        if len(input_shape) == 2:
            advice = (
                ": add the axis n to a single image by numpy.asarray(x)[None], or c to grey images by "
                "numpy.asarray(x)[..., None]"
            )
        elif len(input_shape) == 1:
            side = isqrt(input_shape[0])
            sides = f"{side}, {side}, 1" if side**2 == input_shape[0] else "h, w, c"
            reshaped = f"numpy.asarray(x).reshape(-1, {sides})"
            advice = f": if each image is a row of numbers, give it its shape by {reshaped}"
        raise ValueError(
            f"{owner} expects images of (h, w, c), received samples of the shape {input_shape}{advice}."
        )


def whole_number(owner: str, name: str, value: object, minimum: int) -> int:
    """Return `value` if it is a whole number from `minimum` on.

    Raises:
        TypeError: if it is not a whole number.
        ValueError: if it is smaller.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{owner}: {name} must be a whole number, received {value!r}.")
    if value < minimum:
        raise ValueError(f"{owner}: {name} must be {minimum} or more, received {value}.")
    return int(value)


def pair(owner: str, name: str, value: object, minimum: int) -> Pair:
    """Return `(height, width)` from one whole number for both, or from two.

    Raises:
        TypeError: if it is neither.
        ValueError: if one of them is smaller than `minimum`.

    Example:
        >>> pair("MaxPool2D", "pool_size", 2, minimum=1)
        (2, 2)
    """
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ValueError(f"{owner}: {name} must be a whole number or a pair of them, received {value!r}.")
        first, second = value
        return whole_number(owner, name, first, minimum), whole_number(owner, name, second, minimum)
    number = whole_number(owner, name, value, minimum)
    return number, number


def number_between(
    owner: str, name: str, value: object, low: float, high: float = np.inf, *, open_low: bool = False
) -> float:
    """Return `value` if it lies in `[low, high)`, or in `(low, high)` where `open_low`.

    Raises:
        TypeError: if it is not a number.
        ValueError: if it lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{owner}: {name} must be a number, received {value!r}.")
    try:
        number = float(value)
    except OverflowError:  # a whole number that is too large for a float
        number = np.inf if value > 0 else -np.inf
    if not low <= number < high or (open_low and number == low):
        bracket = "(" if open_low else "["
        raise ValueError(f"{owner}: {name} must lie in {bracket}{low}, {high}), received {value}.")
    return number


def random_generator(owner: str, rng: np.random.Generator | int) -> np.random.Generator:
    """Return a generator as it is, or a new one with this seed.

    Raises:
        TypeError: if it is neither a generator nor a whole number.
        ValueError: if the seed is negative.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(whole_number(owner, "rng, if it is not a Generator,", rng, minimum=0))


def one_of(owner: str, name: str, value: Any, choices: Collection[str]) -> Any:
    """Return `value` if it is one of the choices.

    Raises:
        ValueError: if it is not; the message lists them.
    """
    if value not in list(choices):
        hint = nearest(value, choices) or "."
        raise ValueError(f"{owner}: {name} must be one of {', '.join(choices)}, received {value!r}{hint}")
    return value
