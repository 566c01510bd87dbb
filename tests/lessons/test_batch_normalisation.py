import numpy as np
import pytest

import cnn
from lessons.batch_normalisation import ARRIVING, BLOCK, COLUMN, CROWDS, silent, stages, ways_back
from lessons.kit.small_trainings import Trained, TwoTrainings
from tests.lessons.shown import CURVES
from tests.lessons.small import FIGURES, small


def test_the_running_mean_is_the_formula_of_the_page_worked_out() -> None:
    curve = CURVES["curves/running-average.json"]
    each, running = (line["y"] for line in curve["lines"])
    for momentum, means, averages in zip(curve["parameter"]["values"], each, running, strict=True):
        expected = [0.0]
        for mean in means[1:]:
            expected.append(momentum * expected[-1] + (1 - momentum) * mean)
        np.testing.assert_allclose(averages, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("axes", CROWDS)
def test_the_numbers_of_a_crowd_are_those_that_numpy_takes_the_mean_of(axes: tuple[int, ...]) -> None:
    block = np.random.default_rng(0).standard_normal(BLOCK)
    _, crowd = CROWDS[axes]
    means = block.mean(axis=axes)
    assert np.isclose(means, block[crowd].mean(), rtol=0, atol=1e-12).any()


def test_the_three_ways_back_add_up_to_dx() -> None:
    *ways, dx = ways_back(COLUMN, ARRIVING, 2.0).values()
    np.testing.assert_allclose(sum(ways), dx, rtol=0, atol=1e-12)
    assert dx.round(3).ravel().tolist() == [-0.5, 0.5, -1.5, 1.5]  # as on the page


def test_the_stages_are_what_the_last_such_layer_is_given_x_hat_and_what_it_returns() -> None:
    model = small([cnn.BatchNorm(), cnn.Conv2D(2, 3), cnn.BatchNorm(), cnn.Flatten(), cnn.Dense(3)])
    model.params["2.scale"][:] = 3
    x = np.random.default_rng(0).standard_normal((5, 6, 6, 1), np.float32)
    before, normalised, after = stages(model, x)
    assert before.shape == (5 * 4 * 4, 2)
    np.testing.assert_allclose(normalised, (before - before.mean(axis=0)) / before.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(after, 3 * normalised, atol=1e-5)


def test_units_that_give_0_for_all_samples_are_counted_in_both_networks() -> None:
    alive, silenced = (small([cnn.Flatten(), cnn.Dense(4), cnn.ReLU(), cnn.Dense(3)]) for _ in range(2))
    alive.params["1.bias"][:] = 1000
    silenced.params["1.bias"][:] = [1000, 1000, -1000, -1000]
    pair = TwoTrainings(FIGURES.normalisation, 300, Trained(alive, []), Trained(silenced, []))
    x = np.random.default_rng(0).standard_normal((5, 6, 6, 1), np.float32)
    assert silent(pair, x) == {"units": 4, "with": 0, "without": 2}
