import pytest

import cnn
from lessons.optimisers import height, path, paths_table
from tests.lessons.shown import CURVES
from tests.lessons.small import FIGURES

VALLEY = FIGURES.valley


def test_sgd_walks_down_the_valley_as_the_page_says() -> None:
    points = path(VALLEY, cnn.SGD(learning_rate=0.2))
    assert points[:4].round(6).tolist() == [[5, 1], [4, -0.8], [3.2, 0.64], [2.56, -0.512]]
    assert height(VALLEY, points[0]) == 17


def test_the_table_tells_how_soon_the_loss_stays_low() -> None:
    chosen = {"SGD": {"optimiser": "SGD", "learning_rate": 0.2}, "too slow": {"optimiser": "SGD"}}
    valley = VALLEY.model_copy(update={"optimisers": chosen})
    paths = {
        name: path(valley, cnn.SGD(learning_rate=rate)) for name, rate in (("SGD", 0.2), ("too slow", 0.001))
    }
    down, up = paths_table(valley, paths).splitlines()[2:]
    losses = height(valley, paths["SGD"])
    assert losses[11] < 0.01 * losses[0] < losses[10]
    assert down == "| SGD | learning rate 0.2 | 11 | 10.3 |"
    assert up.startswith(f"| too slow |  | more than {valley.steps} |")


def test_the_last_learning_rate_of_the_slider_no_longer_settles_across_the_valley() -> None:
    across = CURVES["curves/learning-rate.json"]["lines"][0]["y"]
    assert [abs(row[-1]) < abs(row[0]) for row in across[-2:]] == [True, False]


def test_the_rate_of_one_cycle_is_at_its_peak_where_the_warm_up_ends() -> None:
    curve = CURVES["curves/one-cycle.json"]
    (rates,) = (line["y"] for line in curve["lines"])
    for warm_up, row in zip(curve["parameter"]["values"], rates, strict=True):
        assert curve["x"][row.index(max(row))] == pytest.approx(warm_up)
