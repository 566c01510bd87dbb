from functools import partial
from typing import Any

import numpy as np
import pytest

from cnn import one_hot
from cnn.labels import check_labels, labels_of, target_rows
from tests.refusals import assert_refuses


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
    ("labels", "error", "named"),
    [
        ([0, 1], TypeError, ["whole numbers", "list"]),
        (np.array([0.0, 1.0]), TypeError, ["whole numbers", "float64"]),
        (np.array([True, False]), TypeError, ["whole numbers", "bool"]),
        (np.array([[0, 1]]), ValueError, ["[n]", "[1, 2]"]),
        (np.array([0, 3]), ValueError, ["0 to 2", "3 classes", "0 to 3"]),
    ],
)
def test_what_is_no_label_is_refused(labels: Any, error: type[Exception], named: list[str]) -> None:
    for use in (check_labels, one_hot):
        assert_refuses(partial(use, labels, 3), error, *named)
