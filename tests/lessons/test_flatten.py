import numpy as np

import cnn
from lessons.flatten import row_and_parameters
from tests.lessons.shown import TRACES, grid, played
from tests.lessons.small import small


def test_the_last_steps_leave_exactly_what_cnn_returned() -> None:
    (case,) = TRACES["traces/flatten.json"]["cases"]
    (forward,), (backward,) = case["forward"], case["backward"]
    y, cache = cnn.Flatten().forward_pass(grid(forward, "x")[None])
    dx, _ = cnn.Flatten().backward_pass(grid(backward, "dy"), cache)
    filled = played([forward, backward])
    assert filled.keys() == {"y", "dx"}
    np.testing.assert_array_equal(filled["y"], y)
    np.testing.assert_array_equal(filled["dx"], dx[0])
    assert forward["steps"][6]["text"] == "y[0, 6] = 110: x[1, 1, 0] goes to index (1 · 2 + 1) · 2 + 0 = 6."


def test_the_table_counts_the_parameters_of_the_next_dense_layer() -> None:
    model = small([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.ReLU(), cnn.Dense(3), cnn.Dense(2)])
    assert row_and_parameters(model).splitlines()[2:] == ["| 4×4×2 | 32 | 99 | 78% |"]
    assert row_and_parameters(small([cnn.GlobalAveragePool2D(), cnn.Dense(3)])) == ""
