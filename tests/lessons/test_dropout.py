import numpy as np

import cnn
from cnn.types import Labels
from lessons.dropout import accuracies, dropped, masked
from tests.lessons.shown import CURVES, TRACES, grid
from tests.lessons.small import small


def test_the_trace_has_a_fresh_mask_in_each_iteration_and_none_at_inference() -> None:
    training, inference = TRACES["traces/dropout.json"]["cases"]
    masks = [grid(forward, "mask").tolist() for forward in training["forward"]]
    assert masks[:2] == [[0, 2, 2, 2, 0, 0], [2, 2, 0, 0, 2, 0]]  # as on the page
    assert masks == [grid(backward, "mask").tolist() for backward in training["backward"]]
    assert len({tuple(mask) for mask in masks}) == 4
    for one in (*inference["forward"], *inference["backward"]):
        assert "mask" not in {array["name"] for array in one["arrays"]}


def test_the_curve_drops_nothing_at_rate_0_and_scales_what_is_kept() -> None:
    curve = CURVES["curves/dropout-rate.json"]
    _, behind, mean = (line["y"] for line in curve["lines"])
    assert set(behind[0]) == {1}
    for rate, row, (one, *_) in zip(curve["parameter"]["values"], behind, mean, strict=True):
        assert set(row) <= {0, round(1 / (1 - rate), 5)}
        assert abs(one - np.mean(row)) < 2e-5


def test_the_table_counts_what_each_dropout_takes_away() -> None:
    layers = [cnn.Conv2D(2, 3), cnn.Dropout(0.25), cnn.Flatten(), cnn.Dropout(0.5), cnn.Dense(3)]
    assert dropped(small(layers)).splitlines()[2:] == [
        "| 1. Dropout | 0.25 | 32 | 8 | 1.33 |",
        "| 3. Dropout | 0.5 | 32 | 16 | 2 |",
    ]
    assert dropped(small([cnn.Flatten(), cnn.Dense(3)])) == ""


def test_dropout_left_on_changes_the_answers_from_pass_to_pass() -> None:
    model = small([cnn.Flatten(), cnn.Dropout(0.5), cnn.Dense(3)])
    x = np.random.default_rng(0).standard_normal((200, 6, 6, 1), np.float32)
    labels: Labels = model.predict(x)
    off, *left_on = accuracies(model, x, labels, [None, *map(np.random.default_rng, range(5))])
    assert off == 1
    assert max(left_on) < 1
    assert len(set(left_on)) > 1


def test_a_map_is_masked_by_nan_where_a_number_was_dropped() -> None:
    maps = np.ones((1, 6, 6, 1), np.float32)
    assert np.isnan(masked(cnn.Dropout(0.5), maps, np.random.default_rng(0))).any()
    np.testing.assert_array_equal(masked(cnn.Dropout(0.0), maps, np.random.default_rng(0)), maps)
