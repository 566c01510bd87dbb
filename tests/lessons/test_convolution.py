import numpy as np
import pytest

import cnn
from cnn.layers.padding import Padding
from lessons.convolution import simplest_convolution
from tests.lessons.shown import TRACES, Plain, Values, grid, played, without_padding

CASES = TRACES["traces/convolution.json"]["cases"]


@pytest.mark.parametrize("shape", [(3, 3, 1, 1), (2, 3, 4, 5), (1, 1, 2, 3), (6, 5, 3, 2)])
def test_the_simplest_convolution_gives_what_the_layer_gives(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(size) for size in ((4, 6, 5, shape[2]), shape, shape[3:]))
    layer = cnn.Conv2D(shape[3], (shape[0], shape[1]))
    layer.params = {"weight": weight, "bias": bias}
    np.testing.assert_allclose(simplest_convolution(x, weight, bias), layer.forward_pass(x)[0], rtol=1e-12)


def returned(case: Plain) -> dict[str, Values]:
    (forward,), (weights, _, inputs) = case["forward"], case["backward"]
    weight = grid(forward, "weight")
    stride = 2 if case["name"] == "stride" else 1
    padding: Padding = "same" if case["name"] == "same" else "valid"
    layer = cnn.Conv2D(weight.shape[3], weight.shape[:2], stride, padding)
    layer.params = {"weight": weight, "bias": grid(forward, "bias")}
    y, cache = layer.forward_pass(without_padding(forward, "x")[None])
    dy = grid(weights, "dy")
    np.testing.assert_array_equal(without_padding(inputs, "dy"), dy)
    dx, grads = layer.backward_pass(dy[None], cache)
    return {"y": y[0], "dx": dx[0], "dweight": grads["weight"], "dbias": grads["bias"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_last_steps_leave_exactly_what_cnn_returned(case: Plain) -> None:
    filled, expected = played([*case["forward"], *case["backward"]]), returned(case)
    assert filled.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(filled[name], value, err_msg=name)


def test_the_numbers_are_those_of_the_page() -> None:
    filled = played([*CASES[0]["forward"], *CASES[0]["backward"]])
    assert {name: value.ravel().tolist() for name, value in filled.items()} == {
        "y": [137, 147, 167, 177],
        "dweight": [11, 14, 20, 23],
        "dbias": [3],
        "dx": [1, 2, 0, 3, 6, 4, 0, 6, 8],
    }
