from types import SimpleNamespace
from typing import Any

import numpy as np

import cnn
from lessons.activations import let_through, reached, without_activations
from lessons.kit.small_trainings import Trained, TwoTrainings
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, Labelled
from tests.lessons.shown import CURVES
from tests.lessons.small import FIGURES, small


def test_the_sigmoid_is_steepest_in_the_middle_and_the_tangent_touches_it() -> None:
    curve = CURVES["curves/sigmoid.json"]
    y, slope, tangent = (line["y"] for line in curve["lines"])
    middle = curve["x"].index(0)
    assert max(slope[0]) == slope[0][middle] == 0.25
    for point, row in zip(curve["parameter"]["values"], tangent, strict=True):
        at = curve["x"].index(point)
        assert row[at] == y[0][at]
    assert tangent[0][-1] is None


def test_leaky_relu_has_the_slope_of_the_slider_on_the_left() -> None:
    curve = CURVES["curves/leaky-relu.json"]
    for slope, y, derivative in zip(
        curve["parameter"]["values"], *(line["y"] for line in curve["lines"]), strict=True
    ):
        assert (derivative[0], derivative[-1]) == (slope, 1)
        assert abs(y[0] - slope * curve["x"][0]) < 1e-5


def test_the_table_counts_positive_numbers_and_units_that_never_or_always_give_one() -> None:
    images = np.zeros((4, 6, 6), np.uint8)
    images[:, 0, 0], images[:2, 5, 5] = 1, 2
    model = small([cnn.ReLU(), cnn.Flatten(), cnn.Dense(2)])
    constants = ImageSet("mnist", DIGITS, 0.0, 1.0)
    counted = Labelled(images, np.zeros(4, np.uint8))
    subject: Any = SimpleNamespace(model=model, counted=counted, image_set=constants)
    assert let_through(subject).splitlines()[2:] == ["| 0. ReLU | 36 | 4.2% | 34 | 1 |"]


def test_what_is_left_without_activations_is_named_beside_what_both_networks_reach() -> None:
    training = FIGURES.linear
    assert "ReLU" in {layer["layer"] for layer in training.model}
    assert {layer["layer"] for layer in without_activations(training.model)} == {"Flatten", "Dense"}
    history = [{"accuracy": 0.5, "validation_accuracy": 0.25}]
    pair = TwoTrainings(
        training,
        300,
        Trained(small([cnn.Flatten(), cnn.Dense(3), cnn.ReLU()]), history),
        Trained(small([cnn.Flatten(), cnn.Dense(3)]), history),
    )
    assert reached(pair).splitlines()[2:] == [
        "| with activations | Flatten → Dense 3 → ReLU | 50.0% | 25.0% |",
        "| without | Flatten → Dense 3 | 50.0% | 25.0% |",
    ]
