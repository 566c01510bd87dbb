"""Metrics: how good a classifier is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnn.labels import as_labels
from cnn.types import Labels


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Return the share of samples whose predicted class is the true one, from 0 to 1.

    Args:
        labels: the true classes, `[n]`, as an array or list.
        predictions: the predicted ones, `[n]`.

    Raises:
        TypeError: if labels or predictions are not numbers.
        ValueError: if one is not whole, they are empty, or their lengths differ.

    Example:
        >>> accuracy([0, 1, 1, 2], [0, 1, 1, 1])
        0.75
    """
    true, predicted = _pairs(labels, predictions)
    return float(np.mean(true == predicted))


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, classes: int | None = None
) -> NDArray[np.int64]:
    """Count how often each class was predicted for each true class.

    Args:
        labels: the true classes, `[n]`, as an array or list.
        predictions: the predicted ones, `[n]`.
        classes: the number of classes; None takes the largest number among both, and 1 more.

    Returns:
        The counts, `[classes, classes]`: one row for each true class, one column for each predicted one.

    Raises:
        TypeError: if labels or predictions are not numbers.
        ValueError: if one is not whole or out of range, they are empty, or their lengths differ.

    Example:
        >>> confusion_matrix([0, 1, 1], [0, 1, 0])
        array([[1, 0],
               [1, 1]])
    """
    true, predicted = _pairs(labels, predictions, classes)
    if classes is None:
        classes = int(max(true.max(), predicted.max(), 0)) + 1
        true, predicted = _pairs(true, predicted, classes)  # refuses those below 0
    pairs = true.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def _pairs(labels: ArrayLike, predictions: ArrayLike, classes: int | None = None) -> tuple[Labels, Labels]:
    true, predicted = as_labels("labels", labels, classes), as_labels("predictions", predictions, classes)
    if true.shape != predicted.shape or len(true) == 0:
        raise ValueError(
            f"Labels and predictions must both have the shape [n] with n of 1 or more, "
            f"received {list(true.shape)} and {list(predicted.shape)}."
        )
    return true, predicted
