import numpy as np
import pytest

from cnn import Conv2D, Dense, Flatten, ReLU
from lessons.kit.layers import layers_table
from lessons.sequential import STEPS, errors, gradient_check, parameter_counts
from pipeline.common.model import untrained_model
from pipeline.common.params import load_parameters
from tests.lessons.shown import TRACES, played
from tests.lessons.small import small

STEP, *UPDATES = TRACES["traces/network.json"]["cases"]


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


def test_the_gradient_check_of_the_network_goes_back_to_the_picture() -> None:
    rows = gradient_check().splitlines()[2:]

    names = ["the picture", "`0.weight`", "`0.bias`", "`4.weight`", "`4.bias`"]
    assert [row.split(" | ")[0] for row in rows] == [f"| {name}" for name in names]
    assert not any("**" in row for row in rows)


def test_a_convolution_is_set_beside_the_dense_layer_of_as_many_outputs() -> None:
    rows = parameter_counts(small([Conv2D(2, 3), ReLU(), Flatten(), Dense(3)])).splitlines()[2:]
    assert rows == ["| Conv2D, 6×6×1 → 4×4×2 | 20 | 1,184 |", "| Dense, 32 → 3 | 99 |  |"]


def test_the_table_of_a_recipe_counts_its_parameters() -> None:
    parameters = load_parameters()
    counted = sum(array.size for array in untrained_model(parameters).params.values())
    (total,) = layers_table(parameters.chosen, parameters.data.input_shape).splitlines()[-1:]
    assert total.split(" | ")[2] == f"{counted:,}"


def test_a_shorter_step_helps_both_sides_more_than_one_until_rounding_hurts() -> None:
    both, one = errors(np.float64), errors(np.float64, both=False)
    tenth, thousandth, best = (int(np.abs(STEPS - step).argmin()) for step in (0.1, 0.001, 6e-6))
    assert both[tenth] / both[thousandth] == pytest.approx(100**2, rel=0.1)
    assert one[tenth] / one[thousandth] == pytest.approx(10**2, rel=0.1)
    assert both[best] < 1e-9 < both[0]


def test_in_float32_no_step_finds_the_slope_as_the_check_demands() -> None:
    assert errors(np.float32).min() > 1e-6
