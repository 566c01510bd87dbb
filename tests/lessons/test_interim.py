from collections.abc import Callable, Iterator

import numpy as np
import pytest

import cnn
from cnn import (
    AveragePool2D,
    Dense,
    Flatten,
    Layer,
    MaxPool2D,
    Softmax,
    SoftmaxCrossEntropy,
)
from lessons.drawings.images import busiest
from lessons.facts.network import answers
from lessons.kit.subject import figure_parameters
from lessons.valley import height, path
from tests.lessons.shown import CASES, CURVES, Plain, Values, grid, played, without_padding


def pooling(layer: Layer, case: Plain) -> Iterator[tuple[str, Values]]:
    (forward,), (backward,) = case["forward"], case["backward"]
    y, cache = layer.forward_pass(without_padding(forward, "x")[None])
    yield "y", y[0]
    yield "dx", layer.backward_pass(grid(backward, "dy")[None], cache)[0][0]


def max_pooling(case: Plain) -> Iterator[tuple[str, Values]]:
    return pooling(MaxPool2D(2, stride=1 if case["name"] == "overlapping" else 2), case)


def average_pooling(case: Plain) -> Iterator[tuple[str, Values]]:
    return pooling(AveragePool2D(2, padding="same"), case)


def flatten(case: Plain) -> Iterator[tuple[str, Values]]:
    (forward,), (backward,) = case["forward"], case["backward"]
    y, cache = Flatten().forward_pass(grid(forward, "x")[None])
    yield "y", y
    yield "dx", Flatten().backward_pass(grid(backward, "dy"), cache)[0][0]


def dense(case: Plain) -> Iterator[tuple[str, Values]]:
    (forward,), (weights, _, _) = case["forward"], case["backward"]
    layer = Dense(2)
    layer.params = {"weight": grid(forward, "weight"), "bias": grid(forward, "bias")}
    y, cache = layer.forward_pass(grid(forward, "x"))
    dx, grads = layer.backward_pass(grid(weights, "dy"), cache)
    yield from {"y": y, "dx": dx, "dweight": grads["weight"], "dbias": grads["bias"]}.items()


def loss(case: Plain) -> Iterator[tuple[str, Values]]:
    probabilities, mean = case["forward"][-2:]
    outputs = grid(probabilities, "outputs")
    value, gradient = SoftmaxCrossEntropy()(outputs, grid(mean, "t"))
    yield "p", Softmax().forward_pass(outputs)[0]
    yield "loss", np.array([value], np.float32)
    yield "doutputs", gradient


RETURNED: dict[str, Callable[[Plain], Iterator[tuple[str, Values]]]] = {
    "max-pooling": max_pooling,
    "average-pooling": average_pooling,
    "flatten": flatten,
    "dense": dense,
    "softmax-cross-entropy": loss,
}


@pytest.mark.parametrize(
    ("layer", "case"),
    [pytest.param(layer, case, id=f"{layer}-{case['name']}") for layer, case in CASES if layer in RETURNED],
)
def test_the_last_steps_leave_exactly_what_cnn_returned(layer: str, case: Plain) -> None:
    filled = played([*case["forward"], *case["backward"]])
    returned = dict(RETURNED[layer](case))
    assert filled.keys() == returned.keys()
    for name, value in returned.items():
        np.testing.assert_array_equal(filled[name], value, err_msg=name)


VALLEY = figure_parameters().valley


def test_sgd_walks_down_the_valley_as_the_page_says() -> None:
    places = path(VALLEY, cnn.SGD(learning_rate=0.2))

    assert places[:4].round(6).tolist() == [[5, 1], [4, -0.8], [3.2, 0.64], [2.56, -0.512]]
    assert height(VALLEY, places[0]) == 17


def test_the_last_learning_rate_of_the_slider_no_longer_settles_across_the_valley() -> None:
    across = CURVES["curves/learning-rate.json"]["lines"][0]["y"]

    assert [abs(row[-1]) < abs(row[0]) for row in across[-2:]] == [True, False]


def test_the_busiest_part_of_an_image_holds_what_it_shows() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[12:17, 20:26] = 200

    row, column = busiest(image)

    assert image[row : row + 10, column : column + 10].sum() == image.sum()


def test_answers_are_counted_and_their_loss_is_shared_out() -> None:
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32)

    right, wrong, total = answers(probabilities, np.array([0, 0, 0], np.uint8)).splitlines()[2:]

    assert right == "| right | 2 | 62.5% | 62.5% | 0.4904 | 41% |"
    assert wrong == "| wrong | 1 | 75.0% | 25.0% | 1.3863 | 59% |"
    assert total.startswith("| all | 3 | 66.7% | 50.0% | 0.7890 | 100% |")
