from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cnn import one_hot
from cnn.labels import as_labels, as_targets, labels_of, target_rows
from cnn.types import Shape
from tests.refusals import assert_refuses

ALIKE: list[Any] = [
    [0, 1, 1],
    (0.0, 1.0, 1.0),
    [[0], [1], [1]],
    [False, True, True],
    np.array([0, 1, 1], np.uint8),
    np.array([0, 1, 1], ">i2"),
    np.array([0, 1, 1], ">f8"),
    np.array([[0.0], [1.0], [1.0]], np.float32),
    pd.Series([0, 1, 1], index=[7, 8, 9]),
]
"""The same labels as people have them."""


@pytest.mark.parametrize("labels", ALIKE, ids=lambda labels: type(labels).__name__)
def test_labels_become_whole_numbers_in_every_form_that_people_have(labels: Any) -> None:
    for found in (as_labels("Labels", labels, classes=2), as_targets("Targets", labels, 3, (2,))):
        assert found.tolist() == [0, 1, 1]
        assert np.issubdtype(found.dtype, np.integer)
        assert found.dtype.isnative
    np.testing.assert_array_equal(one_hot(labels, 2), np.array([[1, 0], [0, 1], [0, 1]], np.float32))


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_one_hot_rows_hold_a_one_at_the_label(kind: Any) -> None:
    rows = one_hot(np.array([2, 0, 1, 2], kind), classes=4)
    expected = [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    np.testing.assert_array_equal(rows, np.array(expected, np.float32), strict=True)


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_labels_come_back_out_of_their_rows(kind: Any) -> None:
    labels = np.array([2, 0, 1], kind)
    np.testing.assert_array_equal(labels_of(labels), labels, strict=True)
    np.testing.assert_array_equal(labels_of(one_hot(labels, 3)), labels)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "targets", [np.array([1, 0]), np.array([[0, 1], [1, 0]]), np.array([[0.0, 1.0], [1.0, 0.0]])]
)
def test_target_rows_have_the_outputs_shape_and_type(targets: Any, dtype: Any) -> None:
    rows = target_rows(targets, like=np.zeros((2, 2), dtype))
    np.testing.assert_array_equal(rows, np.array([[0, 1], [1, 0]], dtype), strict=True)


@pytest.mark.parametrize(
    ("given", "output_shape", "shape"),
    [
        ((4,), (1,), (4, 1)),
        ((4, 1), (1,), (4, 1)),
        ((4, 2), (2,), (4, 2)),
        ((4, 2, 3), (2, 3, 1), (4, 2, 3, 1)),
        ((4, 2, 3, 1), (2, 3, 1), (4, 2, 3, 1)),
        ((4, 2, 3), (2, 3), (4, 2, 3)),
    ],
    ids=str,
)
def test_numbers_take_the_shape_of_the_outputs(given: Shape, output_shape: Shape, shape: Shape) -> None:
    numbers = np.random.default_rng(0).random(given)
    found = as_targets("Targets", numbers.tolist(), 4, output_shape)
    np.testing.assert_array_equal(found, numbers.reshape(shape), strict=True)


@pytest.mark.parametrize(
    ("labels", "error", "named"),
    [
        (
            ["cat", "dog"],
            TypeError,
            ["<U3", "names, numbers = numpy.unique(", "[list(names).index(label) for"],
        ),
        (np.array(["cat", "dog"], object), TypeError, ["object", "names, numbers = numpy.unique(labels"]),
        (np.array([0, 1], object), TypeError, ["object", "labels.astype(int)"]),
        ([0, None], TypeError, ["whole numbers", "object", "leave out the samples with None"]),
        (np.array(["cat", np.nan], object), TypeError, ["leave out the samples with nan"]),
        ([[0], [1, 2]], TypeError, ["lists of equal lengths"]),
        (np.ma.array([0, 1], mask=[True, False]), TypeError, ["masked array", "filled()"]),
        ([0.0, 1.5], ValueError, ["whole numbers,", "1.5 at [1]", "Dense(1)", "MeanSquaredError()"]),
        ([0.0, np.nan], ValueError, ["finite", "nan at [1]"]),
        (np.array([[0, 1]]), ValueError, ["[n]", "[1, 2]"]),
        (np.array([0, 3]), ValueError, ["0 to 2", "3 classes", "0 to 3"]),
        ([-1, 1], ValueError, ["0 to 2", "3 classes", "-1 to 1: number the classes from 0 on"]),
        ([1, 2, 3], ValueError, ["1 to 3: number the classes from 0 on by names, labels = numpy.unique("]),
        ([0, 1, 2, 3], ValueError, ["0 to 3: a last layer Dense(4) gives one number for each class."]),
        ([0, 255], ValueError, ["Dense(256)", "; if not all numbers below are classes, number the classes"]),
    ],
    ids=str,
)
def test_what_is_no_label_is_refused(labels: Any, error: type[Exception], named: list[str]) -> None:
    for use in (partial(as_labels, "Labels"), one_hot):
        assert_refuses(partial(use, labels, 3), error, "Labels", *named)


@pytest.mark.parametrize(
    ("given", "output_shape", "named"),
    [
        ((3,), (3,), ["labels [4] or rows [4, 3]", "4 samples", "[3]"]),
        ((4, 2), (3,), ["labels [4] or rows [4, 3]", "[4, 2]"]),
        ((4, 2), (1,), ["must be rows [4, 1]", "[4, 2]"]),
        ((4,), (2, 3, 1), ["must be rows [4, 2, 3, 1]", "[4]"]),
    ],
    ids=str,
)
def test_targets_of_another_shape_are_refused(given: Shape, output_shape: Shape, named: list[str]) -> None:
    assert_refuses(
        lambda: as_targets("Targets", np.zeros(given), 4, output_shape), ValueError, "Targets", *named
    )
