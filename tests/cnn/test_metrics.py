from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import accuracy, confusion_matrix
from tests.cnn.test_labels import ALIKE
from tests.refusals import assert_refuses

answers = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)


@given(pairs=answers)
def test_accuracy_is_the_share_of_right_answers(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = np.array(pairs).T
    assert accuracy(labels, predictions) == sum(t == p for t, p in pairs) / len(pairs)


@given(pairs=answers)
def test_the_confusion_matrix_counts_true_classes_in_rows_and_predicted_ones_in_columns(
    pairs: list[tuple[int, int]],
) -> None:
    labels, predictions = np.array(pairs).T
    counts = confusion_matrix(labels, predictions, classes=5)
    assert counts.tolist() == [[pairs.count((t, p)) for p in range(5)] for t in range(5)]


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_labels_of_any_whole_number_type_count(kind: Any) -> None:
    labels, predictions = np.array([0, 99, 99], kind), np.array([0, 99, 1], kind)
    assert accuracy(labels, predictions) == 2 / 3
    counts = confusion_matrix(labels, predictions, classes=100)  # 99 · 100 + 99 is more than a byte holds
    assert counts.dtype == np.int64
    assert (counts[0, 0], counts[99, 99], counts[99, 1], counts.sum()) == (1, 1, 1, 3)


@pytest.mark.parametrize("labels", ALIKE, ids=lambda labels: type(labels).__name__)
def test_labels_count_in_every_form_that_people_have(labels: Any) -> None:
    predictions = np.array([0, 1, 0])
    assert accuracy(labels, predictions) == accuracy(predictions, labels) == 2 / 3
    assert confusion_matrix(labels, predictions, classes=2).tolist() == [[1, 0], [1, 1]]
    assert confusion_matrix(labels, predictions).tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("labels", "predictions", "named"),
    [
        (np.array([1, 2]), np.array([1]), ["[n]", "[2] and [1]"]),
        (np.eye(2), np.eye(2), ["[n]", "received [2, 2]"]),
        (np.array([], int), np.array([], int), ["n of 1 or more", "[0] and [0]"]),
    ],
)
def test_labels_and_predictions_that_do_not_pair_up_are_refused(
    labels: Any, predictions: Any, named: list[str]
) -> None:
    assert_refuses(lambda: accuracy(labels, predictions), ValueError, *named)
    assert_refuses(lambda: confusion_matrix(labels, predictions, 3), ValueError, *named)


@pytest.mark.parametrize(
    ("labels", "predictions", "error", "named"),
    [
        (np.array([0, 3]), np.array([0, 1]), ValueError, ["0 to 2", "0 to 3"]),
        (np.array([0, 1]), np.array([-1, 1]), ValueError, ["0 to 2", "-1 to 1"]),
        (np.array([0.5, 1.0]), np.array([0, 1]), ValueError, ["labels", "whole numbers", "0.5 at [0]"]),
    ],
)
def test_the_confusion_matrix_refuses_what_is_no_class(
    labels: Any, predictions: Any, error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: confusion_matrix(labels, predictions, 3), error, *named)
