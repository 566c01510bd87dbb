from collections.abc import Iterator

import numpy as np
import pytest

from cnn import SGD, Conv2D, Dense, Flatten, MaxPool2D, ReLU, Sequential, Softmax, SoftmaxCrossEntropy
from lessons.sequential import gradient_check, loss_after_step, parameter_counts
from tests.lessons.shown import TRACES, Plain, Values, grid, played
from tests.lessons.small import small

STEP, *UPDATES = TRACES["traces/network.json"]["cases"]


def forward_and_backward(case: Plain) -> Iterator[tuple[str, Values]]:
    forward, back = case["forward"][0], case["backward"][-2]
    model = Sequential([Conv2D(1, kernel_size=3), ReLU(), MaxPool2D(2), Flatten(), Dense(2)])
    model.build((6, 6, 1), np.random.default_rng(0))
    model.assign({name: grid(forward, name) for name in model.params})
    y, caches = grid(forward, "x")[None], []
    for index, layer in enumerate(model.layers):
        y, cache = layer.forward_pass(y)
        caches.append(cache)
        yield f"y{index}", y.reshape(grid(forward, f"y{index}").shape)
    dy = grid(back, "dy4")
    probabilities, mean = case["forward"][-2:]
    outputs = grid(probabilities, "outputs")
    value, gradient = SoftmaxCrossEntropy()(outputs, grid(mean, "t"))
    yield from {
        "p": Softmax().forward_pass(outputs)[0],
        "loss": np.array([value], np.float32),
        "doutputs": gradient,
    }.items()
    for index in reversed(range(len(caches))):
        dy, grads = model.layers[index].backward_pass(dy, caches[index])
        if index:
            yield f"dy{index - 1}", dy.reshape(grid(back, f"dy{index - 1}").shape)
        yield from ((f"d{index}.{name}", grad) for name, grad in grads.items())


def update(case: Plain) -> Iterator[tuple[str, Values]]:
    (one,) = case["update"]
    names = ("0.weight", "0.bias", "4.weight", "4.bias")
    params, grads = ({name: grid(one, f"{mark}{name}") for name in names} for mark in ("", "d"))
    rate = float(case["name"].removeprefix("rate-"))
    new = SGD(learning_rate=rate).update(params, grads)
    yield from ((f"new {name}", value) for name, value in new.items())


@pytest.mark.parametrize("case", [STEP, *UPDATES], ids=lambda case: case["name"])
def test_the_last_steps_leave_exactly_what_cnn_returned(case: Plain) -> None:
    filled = played([*case["forward"], *case["backward"], *case.get("update", [])])
    returned = dict(update(case) if "update" in case else forward_and_backward(case))
    assert filled.keys() == returned.keys()
    for name, value in returned.items():
        np.testing.assert_array_equal(filled[name], value, err_msg=name)


def test_the_numbers_are_those_of_the_page() -> None:
    filled = played([*STEP["forward"], *STEP["backward"]])
    assert filled["y3"].tolist() == [[4, 0, 4, 1]]
    assert filled["y4"].tolist() == [[3, 3]]
    assert filled["d4.weight"].tolist() == [[-2, 2], [0, 0], [-2, 2], [-0.5, 0.5]]
    assert filled["d0.weight"].ravel().tolist() == [0, -0.5, 0, 0, -0.75, 0, 0, -0.5, 0]
    (tenth,) = [case for case in UPDATES if case["name"] == "rate-0.1"]
    assert tenth["title"] == "learning rate 0.1: loss 0.6931 → 0.0258"
    assert played(tenth["update"])["new 4.weight"].ravel().round(6).tolist() == pytest.approx(
        [0.7, -0.2, 0, 0.5, 0.2, 0.3, 1.05, -0.05]
    )


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0.6931), (0.1, 0.0258)])
def test_one_step_of_the_small_model_is_that_of_the_page(rate: float, expected: float) -> None:
    assert loss_after_step(rate) == pytest.approx(expected, abs=5e-5)


def test_the_gradient_check_of_the_network_goes_back_to_the_picture() -> None:
    rows = gradient_check().splitlines()[2:]

    names = ["the picture", "`0.weight`", "`0.bias`", "`4.weight`", "`4.bias`"]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in names]
    assert not any("**" in row for row in rows)


def test_a_convolution_is_set_beside_the_dense_layer_of_as_many_outputs() -> None:
    rows = parameter_counts(small([Conv2D(2, 3), ReLU(), Flatten(), Dense(3)])).splitlines()[2:]
    assert rows == ["| Conv2D, 6×6×1 → 4×4×2 | 20 | 1,184 |", "| Dense, 32 → 3 | 99 |  |"]
