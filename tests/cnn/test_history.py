import copy
from typing import Any

import numpy as np

from cnn.history import History
from tests.refusals import assert_refuses

HISTORY = History(
    [
        {"epoch": 1, "learning_rate": 0.001, "loss": 0.123456, "accuracy": 0.9},
        {"epoch": 2, "learning_rate": 0.001, "loss": 0.0625, "accuracy": 1.0},
    ]
)


def test_a_history_gives_records_by_number_and_entries_by_name() -> None:
    assert HISTORY[-1]["accuracy"] == 1
    assert HISTORY["accuracy"] == [0.9, 1.0]
    assert HISTORY[1:]["loss"] == [0.0625]
    assert History()["loss"] == []


def test_an_entry_that_is_not_there_is_refused_with_those_that_are() -> None:
    named = "'val_loss'", "epoch, learning_rate, loss, accuracy"
    assert_refuses(lambda: HISTORY["val_loss"], KeyError, *named)


def test_an_entry_by_its_name_in_keras_is_answered_with_ours() -> None:
    history = History([{"epoch": 1, "loss": 0.5, "validation_loss": 0.4}])
    assert_refuses(lambda: history["val_loss"], KeyError, "did you mean 'validation_loss'?")


def test_a_history_shows_as_a_table_with_numbers_as_people_read_them() -> None:
    assert repr(HISTORY).splitlines() == [
        "epoch  learning rate    loss  accuracy",
        "1              0.001  0.1235    90.00%",
        "2              0.001  0.0625   100.00%",
    ]
    assert HISTORY[:1]._repr_html_() == (
        "<table><thead><tr><th>epoch</th><th>learning rate</th><th>loss</th><th>accuracy</th></tr></thead>"
        "<tbody><tr><td>1</td><td>0.001</td><td>0.1235</td><td>90.00%</td></tr></tbody></table>"
    )


def test_a_history_shows_entries_that_only_some_epochs_have() -> None:
    history = History([{"epoch": 1}, {"epoch": 2, "found": 0.5}])
    assert repr(history).splitlines() == ["epoch  found", "1", "2        0.5"]
    assert repr(History()) == "epoch"


def test_a_copy_of_a_history_is_a_history() -> None:
    assert copy.deepcopy(HISTORY)["loss"] == HISTORY["loss"]


def test_entries_that_are_no_numbers_are_shown_in_brief() -> None:
    record: Any = {"epoch": 1, "f1": np.zeros(3), "note": "good", "loss": np.float32(0.5)}
    assert "an array of the shape [3]  'good'   0.5" in str(History([record]))
