from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cnn
from lessons.pooling import looped_pooling, maxima
from tests.lessons.shown import TRACES, Plain, grid, played, without_padding
from tests.lessons.small import small


def cases(kind: str) -> list[Any]:
    found: list[Plain] = TRACES[f"traces/{kind}-pooling.json"]["cases"]
    return [pytest.param(kind, case, id=f"{kind}-{case['name']}") for case in found]


@pytest.mark.parametrize(("kind", "case"), [*cases("max"), *cases("average")])
def test_the_last_steps_leave_exactly_what_cnn_returned(kind: str, case: Plain) -> None:
    (forward,), (backward,) = case["forward"], case["backward"]
    stride = 1 if case["name"] == "overlapping" else 2
    layer: cnn.Layer = cnn.MaxPool2D(2, stride) if kind == "max" else cnn.AveragePool2D(2, padding="same")
    y, cache = layer.forward_pass(without_padding(forward, "x")[None])
    dx, _ = layer.backward_pass(grid(backward, "dy")[None], cache)
    filled = played([forward, backward])
    assert filled.keys() == {"y", "dx"}
    np.testing.assert_array_equal(filled["y"], y[0])
    np.testing.assert_array_equal(filled["dx"], dx[0])


def test_the_loop_over_windows_gives_what_the_layer_gives() -> None:
    x = np.random.default_rng(0).standard_normal((2, 6, 4, 3))
    np.testing.assert_array_equal(looped_pooling(x), cnn.MaxPool2D(2).forward_pass(x)[0])


def test_the_table_tells_what_each_max_pooling_leaves_out() -> None:
    model = small([cnn.ReLU(), cnn.MaxPool2D(2), cnn.MaxPool2D(3)])
    images = np.zeros((2, 6, 6, 1), np.float32)
    images[0, 0, 0], images[0, 5, 5], images[1] = 1, 2, -1
    activations = [model.activations(images[:1]), model.activations(images[1:])]
    subject: Any = SimpleNamespace(model=model, activations_of_counted=lambda: activations)
    assert maxima(subject).splitlines()[2:] == [
        "| 1. MaxPool2D | 6×6×1 | 3×3×1 | 75% | 11.1% |",
        "| 2. MaxPool2D | 3×3×1 | 1×1×1 | 89% | 50.0% |",
    ]
    model = small([cnn.Flatten(), cnn.Dense(2)])
    without: Any = SimpleNamespace(model=model, activations_of_counted=lambda: activations)
    assert maxima(without) == ""
