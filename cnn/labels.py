"""Targets: class labels, one whole number for each sample, or rows in the shape of the outputs."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnn.checks import as_array, check_finite
from cnn.types import Array, Labels, Shape, Targets


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Turn labels into rows of zeros with a 1 at the label.

    Args:
        labels: whole numbers from 0 to classes − 1, `[n]`, as `as_labels` takes them.
        classes: the number of classes.

    Returns:
        The rows, float32, `[n, classes]`.

    Raises:
        TypeError: if the labels are not numbers.
        ValueError: if one of them is not whole or out of range.

    Example:
        >>> one_hot([0, 2], classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    return _rows(as_labels("Labels", labels, classes), classes)


def _rows(labels: Labels, classes: int) -> Array:
    rows = np.zeros((len(labels), classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def as_labels(name: str, labels: ArrayLike, classes: int | None = None) -> Labels:
    """Return labels as an array of whole numbers, `[n]`.

    Args:
        name: what the labels are; the message begins with it.
        labels: an array, list or other sequence of whole numbers, also as floats such as 2.0, as booleans
            for two classes, or with a second axis of length 1.
        classes: the number of classes; None allows any whole number.

    Raises:
        TypeError: if the labels are not numbers.
        ValueError: if their shape is wrong, or one is not whole or out of range.

    Example:
        >>> as_labels("Labels", [[2.0], [0.0]], classes=3)
        array([2, 0])
    """
    array = _numbers(name, labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{name} must have the shape [n], received {list(array.shape)}.")
    if array.dtype.kind == "f":
        check_finite(name, array)
        too_large = abs(array) >= 2**53  # such floats cannot tell each whole number
        wrong = too_large | (array != np.rint(array))
        if wrong.any():
            index = int(wrong.argmax())
            raise ValueError(
                f"{name} must be whole numbers{' below 2⁵³' if too_large[index] else ''}, received "
                f"{array[index]} at [{index}]: to learn numbers instead of classes, end the model with "
                "Dense(1), and choose MeanSquaredError()."
            )
    if array.dtype.kind in "bf":
        array = array.astype(np.int64)
    if classes is not None and len(array) and (array.min() < 0 or array.max() >= classes):
        raise ValueError(
            f"{name} must lie from 0 to {classes - 1} for {classes} classes, received {array.min()} to "
            f"{array.max()}: {_numbering(array)}."
        )
    return array


def _numbering(labels: Labels) -> str:
    """Say how labels come to lie below the number of classes."""
    largest, different = int(labels.max()), len(np.unique(labels))
    number = "number the classes from 0 on by names, labels = numpy.unique(labels, return_inverse=True)"
    if labels.min() != 0:
        return number
    units = f"a last layer Dense({largest + 1}) gives one number for each class"
    return units if largest < different else f"{units}; if not all numbers below are classes, {number}"


def tells_classes(output_shape: Shape) -> bool:
    """Tell whether outputs of this shape are a number for each of two or more classes.

    Example:
        >>> tells_classes((10,)), tells_classes((1,)), tells_classes((28, 28, 1))
        (True, False, False)
    """
    return len(output_shape) == 1 and output_shape[0] > 1


def as_targets(name: str, targets: ArrayLike, n: int, output_shape: Shape) -> Targets:
    """Return targets as labels `[n]`, or as rows in the shape of the outputs, `[n, …]`.

    Whole numbers `[n]` or `[n, 1]` are labels if the model gives a row of two or more numbers. If the
    output's last axis has the length 1, it may be left out: `[n]` are rows for a model that gives one number.

    Args:
        name: what the targets are; the message begins with it.
        targets: an array, list or other sequence of numbers.
        n: the number of samples.
        output_shape: the shape of the model's output for one sample.

    Raises:
        TypeError: if the targets are not numbers.
        ValueError: if their shape is wrong, a label is not whole or out of range, or a number is not finite.

    Example:
        >>> as_targets("Targets", [1.0, 0.0], 2, output_shape=(3,))
        array([1, 0])
        >>> as_targets("Targets", [1.5, 0.0], 2, output_shape=(1,))
        array([[1.5],
               [0. ]])
    """
    array, shape = _numbers(name, targets), (n, *output_shape)
    classifies = tells_classes(output_shape)
    if classifies and array.shape in ((n,), (n, 1)):
        return as_labels(name, array, output_shape[0])
    if output_shape[-1:] == (1,) and array.shape == shape[:-1]:
        array = array[..., None]
    if array.shape != shape:
        rows = f"rows {list(shape)} like the outputs"
        raise ValueError(
            f"{name} must be {f'labels [{n}] or ' if classifies else ''}{rows} for {n} samples, received "
            f"the shape {list(array.shape)}."
        )
    check_finite(name, array)
    return array


def _numbers(name: str, values: ArrayLike) -> Targets:
    array = as_array(name, values)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be whole numbers (labels) or floats, received {array.dtype}: {_conversion(array)}."
        )
    return array


def _conversion(labels: NDArray[Any]) -> str:
    """Say how labels that are not numbers become numbers."""
    objects = labels.ravel().tolist() if labels.dtype == object else []
    if objects and all(isinstance(label, int) for label in objects):
        return "convert them by labels.astype(int)"
    for label in objects:
        if not isinstance(label, int | str | bytes):  # None and NaN stand where a label is missing
            return f"leave out the samples with {label!r:.60}, or give them a label"
    return (
        "number the classes by names, numbers = numpy.unique(labels, return_inverse=True), and those of test "
        "data by [list(names).index(label) for label in test_labels], which refuses unknown ones"
    )


def target_rows(targets: ArrayLike, like: Array) -> Array:
    """Return targets as one row for each sample, in the shape and number type of the outputs.

    Args:
        targets: labels `[n]` or rows `[n, …]`, as `as_targets` takes them.
        like: the outputs, `[n, …]`.

    Returns:
        The rows, `[n, …]`.

    Raises:
        TypeError: if the targets are not numbers.
        ValueError: if they do not fit the outputs.
    """
    found = as_targets("Targets", targets, len(like), like.shape[1:])
    rows = found if found.shape == like.shape else _rows(found, like.shape[1])
    return rows.astype(like.dtype, copy=False)


def labels_of(targets: Targets) -> Labels:
    """Return the label of each target: the label itself, or the index of the row's largest number.

    Example:
        >>> labels_of(np.array([[0.1, 0.9], [0.8, 0.2]]))
        array([1, 0])
    """
    labels: Labels = targets.argmax(axis=1) if targets.ndim == 2 else targets
    return labels
