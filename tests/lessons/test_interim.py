from collections.abc import Callable, Iterator

import numpy as np
import pytest

import cnn
from cnn import (
    SGD,
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    ReLU,
    Sequential,
    Softmax,
    SoftmaxCrossEntropy,
)
from lessons.drawings.images import saliency
from lessons.facts.network import answers
from lessons.kit.subject import figure_parameters
from lessons.site.facts import gradient_checks
from lessons.widgets.curves import loss_after_step
from tests.lessons.shown import CASES, CURVES, FILES, Plain, Values, grid, played
from tests.lessons.small import small


def loss(case: Plain) -> Iterator[tuple[str, Values]]:
    probabilities, mean = case["forward"][-2:]
    outputs = grid(probabilities, "outputs")
    value, gradient = SoftmaxCrossEntropy()(outputs, grid(mean, "t"))
    yield "p", Softmax().forward_pass(outputs)[0]
    yield "loss", np.array([value], np.float32)
    yield "doutputs", gradient


def network(case: Plain) -> Iterator[tuple[str, Values]]:
    return update(case) if "update" in case else there_and_back(case)


def there_and_back(case: Plain) -> Iterator[tuple[str, Values]]:
    forward, back = case["forward"][0], case["backward"][-2]
    model = Sequential([Conv2D(1, kernel_size=3), ReLU(), MaxPool2D(2), Flatten(), Dense(2)])
    model.build((6, 6, 1), np.random.default_rng(0))
    model.assign({name: grid(forward, name) for name in model.params})
    y, caches = grid(forward, "x")[None], []
    for place, layer in enumerate(model.layers):
        y, cache = layer.forward_pass(y)
        caches.append(cache)
        yield f"y{place}", y.reshape(grid(forward, f"y{place}").shape)
    dy = grid(back, "dy4")
    yield from loss(case)
    for place in reversed(range(len(caches))):
        dy, grads = model.layers[place].backward_pass(dy, caches[place])
        if place:
            yield f"dy{place - 1}", dy.reshape(grid(back, f"dy{place - 1}").shape)
        yield from ((f"d{place}.{name}", grad) for name, grad in grads.items())


def update(case: Plain) -> Iterator[tuple[str, Values]]:
    (one,) = case["update"]
    names = ("0.weight", "0.bias", "4.weight", "4.bias")
    params, grads = ({name: grid(one, f"{mark}{name}") for name in names} for mark in ("", "d"))
    rate = float(case["name"].removeprefix("rate-"))
    new = SGD(learning_rate=rate).update(params, grads)
    yield from ((f"new {name}", value) for name, value in new.items())


RETURNED: dict[str, Callable[[Plain], Iterator[tuple[str, Values]]]] = {
    "softmax-cross-entropy": loss,
    "network": network,
}


@pytest.mark.parametrize(
    ("layer", "case"),
    [pytest.param(layer, case, id=f"{layer}-{case['name']}") for layer, case in CASES if layer in RETURNED],
)
def test_the_last_steps_leave_exactly_what_cnn_returned(layer: str, case: Plain) -> None:
    filled = played([*case["forward"], *case["backward"], *case.get("update", [])])
    returned = dict(RETURNED[layer](case))
    assert filled.keys() == returned.keys()
    for name, value in returned.items():
        np.testing.assert_array_equal(filled[name], value, err_msg=name)


def test_the_numbers_are_those_of_the_pages() -> None:
    step, *updates = FILES["traces/network.json"]["cases"]
    filled = played([*step["forward"], *step["backward"]])
    assert filled["y3"].tolist() == [[4, 0, 4, 1]]
    assert filled["y4"].tolist() == [[3, 3]]
    assert filled["d4.weight"].tolist() == [[-2, 2], [0, 0], [-2, 2], [-0.5, 0.5]]
    assert filled["d0.weight"].ravel().tolist() == [0, -0.5, 0, 0, -0.75, 0, 0, -0.5, 0]
    (tenth,) = [case for case in updates if case["name"] == "rate-0.1"]
    assert tenth["title"] == "learning rate 0.1: loss 0.6931 → 0.0258"
    assert played(tenth["update"])["new 4.weight"].ravel().round(6).tolist() == pytest.approx(
        [0.7, -0.2, 0, 0.5, 0.2, 0.3, 1.05, -0.05]
    )


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0.6931), (0.1, 0.0258)])
def test_one_step_of_the_small_model_is_that_of_the_page(rate: float, expected: float) -> None:
    assert loss_after_step(rate) == pytest.approx(expected, abs=5e-5)


def test_the_gradient_check_of_the_network_goes_back_to_the_picture() -> None:
    rows = gradient_checks.network().splitlines()[2:]

    names = ["the picture", "`0.weight`", "`0.bias`", "`4.weight`", "`4.bias`"]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in names]
    assert not any("**" in row for row in rows)


def test_saliency_of_a_dense_layer_is_its_weights() -> None:
    model = small([cnn.Flatten(), cnn.Dense(3)])

    found = saliency(model, np.ones((1, 6, 6, 1), np.float32), unit=2)

    np.testing.assert_array_equal(found.ravel(), model.params["1.weight"][:, 2])


def test_answers_are_counted_and_their_loss_is_shared_out() -> None:
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32)

    right, wrong, total = answers(probabilities, np.array([0, 0, 0], np.uint8)).splitlines()[2:]

    assert right == "| right | 2 | 62.5% | 62.5% | 0.4904 | 41% |"
    assert wrong == "| wrong | 1 | 75.0% | 25.0% | 1.3863 | 59% |"
    assert total.startswith("| all | 3 | 66.7% | 50.0% | 0.7890 | 100% |")
