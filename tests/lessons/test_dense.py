import numpy as np

import cnn
from lessons.dense import strongest
from tests.lessons.shown import TRACES, grid, played


def test_the_last_steps_leave_exactly_what_cnn_returned() -> None:
    (case,) = TRACES["traces/dense.json"]["cases"]
    (forward,), (weights, *_) = case["forward"], case["backward"]
    layer = cnn.Dense(2)
    layer.params = {"weight": grid(forward, "weight"), "bias": grid(forward, "bias")}
    y, cache = layer.forward_pass(grid(forward, "x"))
    dx, grads = layer.backward_pass(grid(weights, "dy"), cache)
    filled = played([*case["forward"], *case["backward"]])
    returned = {"y": y, "dx": dx, "dweight": grads["weight"], "dbias": grads["bias"]}
    assert filled.keys() == returned.keys()
    for name, value in returned.items():
        np.testing.assert_array_equal(filled[name], value, err_msg=name)


def test_the_inputs_that_weigh_most_are_shown_in_their_order() -> None:
    evidence = np.zeros((100, 10))
    evidence[90, 3], evidence[50, 2] = 1.0, -2.0
    assert strongest(evidence) == [*range(30), 50, 90]
