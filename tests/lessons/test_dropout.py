import numpy as np

import cnn
from lessons.dropout import dropped, spread_of_weights
from lessons.kit.small_trainings import Pair, Trained
from lessons.kit.subject import figure_parameters
from tests.lessons.shown import CURVES, TRACES, grid, played
from tests.lessons.small import small


def test_the_trace_has_a_fresh_mask_in_each_iteration_and_none_at_inference() -> None:
    training, inference = TRACES["traces/dropout.json"]["cases"]
    rng = np.random.default_rng(1)
    masks = []
    for forward, backward in zip(training["forward"], training["backward"], strict=True):
        x, dy = grid(forward, "x"), grid(backward, "dy")
        y, mask = cnn.Dropout(0.5).forward_pass(x[None], True, rng)
        masks.append(grid(forward, "mask").tolist())
        np.testing.assert_array_equal(grid(forward, "mask")[None], mask)
        np.testing.assert_array_equal(grid(backward, "mask")[None], mask)
        np.testing.assert_array_equal(played([forward])["y"], y[0])
        np.testing.assert_array_equal(played([backward])["dx"], dy * mask[0] if mask is not None else dy)
    assert masks[:2] == [[0, 2, 2, 2, 0, 0], [2, 2, 0, 0, 2, 0]]  # as on the page
    assert len({tuple(mask) for mask in masks}) == 4
    (forward,), (backward,) = inference["forward"], inference["backward"]
    np.testing.assert_array_equal(played([forward])["y"], grid(forward, "x"))
    np.testing.assert_array_equal(played([backward])["dx"], grid(backward, "dy"))


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


def test_the_spread_of_weights_is_told_for_both_trainings() -> None:
    wide, narrow = (small([cnn.Flatten(), cnn.Dense(2)]) for _ in range(2))
    wide.params["1.weight"][:] = np.tile([1.0, -1.0], (36, 1))
    narrow.params["1.weight"][:] = 0
    pair = Pair(figure_parameters().overfitting, 300, Trained(narrow, []), Trained(wide, []))
    assert spread_of_weights(pair).splitlines()[2:] == ["| 1. Dense | 1.0000 | 0.0000 |"]
