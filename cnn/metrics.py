"""Metrics: how good a classifier is."""

import numpy as np
from numpy.typing import NDArray

from cnn.labels import check_labels
from cnn.types import Labels


def accuracy(labels: Labels, predictions: Labels) -> float:
    """Return the share of samples whose predicted class is the true one, from 0 to 1.

    Args:
        labels: the true classes, `[n]`.
        predictions: the predicted ones, `[n]`.

    Raises:
        TypeError: if one of them is not an array.
        ValueError: if they are empty, or their lengths differ.
    """
    _check_same_length(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion_matrix(labels: Labels, predictions: Labels, classes: int) -> NDArray[np.int64]:
    """Count how often each class was predicted for each true class.

    Args:
        labels: the true classes, `[n]`.
        predictions: the predicted ones, `[n]`.
        classes: the number of classes.

    Returns:
        The counts, `[classes, classes]`: one row for each true class, one column for each predicted one.

    Raises:
        TypeError: if labels or predictions are not whole numbers.
        ValueError: if one is out of range, they are empty, or their lengths differ.

    Example:
        >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), classes=2)
        array([[1, 0],
               [1, 1]])
    """
    _check_same_length(labels, predictions)
    check_labels(labels, classes)
    check_labels(predictions, classes)
    pairs = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def _check_same_length(labels: Labels, predictions: Labels) -> None:
    if not (isinstance(labels, np.ndarray) and isinstance(predictions, np.ndarray)):
        raise TypeError(
            f"Labels and predictions must be NumPy arrays, received {type(labels).__name__} and "
            f"{type(predictions).__name__}."
        )
    if labels.ndim != 1 or labels.shape != predictions.shape or len(labels) == 0:
        raise ValueError(
            f"Labels and predictions must both have the shape [n] with n of 1 or more, "
            f"received {list(labels.shape)} and {list(predictions.shape)}."
        )
