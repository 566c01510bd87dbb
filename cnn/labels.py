"""Class labels: one whole number for each sample, or one row of a matrix."""

import numpy as np

from cnn.checks import check_finite
from cnn.types import Array, Labels, Targets


def one_hot(labels: Labels, classes: int) -> Array:
    """Turn labels into rows of zeros with a 1 at the label.

    Args:
        labels: whole numbers from 0 to classes − 1, `[n]`.
        classes: the number of classes.

    Returns:
        The rows, float32, `[n, classes]`.

    Raises:
        TypeError: if the labels are not whole numbers.
        ValueError: if one of them is out of range.

    Example:
        >>> one_hot(np.array([0, 2]), classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    check_labels(labels, classes)
    rows = np.zeros((len(labels), classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def check_labels(labels: Labels, classes: int) -> None:
    """Refuse labels that are not `[n]` whole numbers from 0 to classes − 1.

    Raises:
        TypeError: if they are not whole numbers.
        ValueError: if their shape is wrong or one is out of range.
    """
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        received = labels.dtype if isinstance(labels, np.ndarray) else type(labels).__name__
        raise TypeError(f"Labels must be a NumPy array of whole numbers, received {received}.")
    if labels.ndim != 1:
        raise ValueError(f"Labels must have the shape [n], received {list(labels.shape)}.")
    if len(labels) and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"Labels must lie from 0 to {classes - 1} for {classes} classes, "
            f"received {labels.min()} to {labels.max()}."
        )


def check_targets(name: str, targets: Targets, n: int, classes: int) -> None:
    """Refuse targets that are neither labels `[n]` nor rows `[n, classes]`.

    Raises:
        TypeError: if they are not an array of numbers.
        ValueError: if their shape is wrong, a label is out of range, or a number is not finite.
    """
    if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iuf":
        received = targets.dtype if isinstance(targets, np.ndarray) else type(targets).__name__
        raise TypeError(f"{name} must be an array of whole numbers (labels) or floats, received {received}.")
    if targets.shape not in ((n,), (n, classes)):
        raise ValueError(
            f"{name} must be labels [{n}] or rows [{n}, {classes}] for {n} samples, "
            f"received the shape {list(targets.shape)}."
        )
    if targets.ndim == 1:
        check_labels(targets, classes)
    else:
        check_finite(name, targets)


def target_rows(targets: Targets, like: Array) -> Array:
    """Return targets as one row for each sample, in the shape and number type of the outputs.

    Args:
        targets: labels `[n]`, or rows `[n, classes]` (one-hot, or any other numbers).
        like: the outputs, `[n, classes]`.

    Returns:
        The rows, `[n, classes]`.

    Raises:
        TypeError: if the targets have the wrong type.
        ValueError: if they do not fit the outputs.
    """
    n, classes = like.shape
    if not isinstance(targets, np.ndarray):
        raise TypeError(f"Targets must be a NumPy array, received {type(targets).__name__}.")
    if len(targets) != n:
        raise ValueError(f"There must be one target for each of the {n} samples, received {len(targets)}.")
    if targets.ndim == 1:
        return one_hot(targets, classes).astype(like.dtype)
    if targets.shape != like.shape:
        raise ValueError(
            f"Targets must be labels [n] or rows {list(like.shape)} like the outputs, "
            f"received {list(targets.shape)}."
        )
    check_finite("Targets", targets)
    return targets.astype(like.dtype, copy=False)


def labels_of(targets: Targets) -> Labels:
    """Return the label of each target: the label itself, or the index of the row's largest number.

    Example:
        >>> labels_of(np.array([[0.1, 0.9], [0.8, 0.2]]))
        array([1, 0])
    """
    labels: Labels = targets.argmax(axis=1) if targets.ndim == 2 else targets
    return labels
