import numpy as np

import cnn
from lessons.batch_normalisation import learned
from tests.lessons.shown import CURVES
from tests.lessons.small import small


def test_the_running_mean_is_the_formula_of_the_page_worked_out() -> None:
    curve = CURVES["curves/running-average.json"]
    each, running = (line["y"] for line in curve["lines"])
    for momentum, means, averages in zip(curve["parameter"]["values"], each, running, strict=True):
        expected = [0.0]
        for mean in means[1:]:
            expected.append(momentum * expected[-1] + (1 - momentum) * mean)
        np.testing.assert_allclose(averages, expected, rtol=0, atol=2e-5)


def test_the_table_shows_the_range_of_what_each_batch_normalisation_has_learned() -> None:
    model = small([cnn.Conv2D(2, 3), cnn.BatchNorm(), cnn.Flatten(), cnn.Dense(3)])
    learnt = {"1.scale": [0.5, 2], "1.shift": [-1, 1], "1.mean": [0, 3], "1.variance": [1, 4]}
    model.assign({name: np.array(numbers, np.float32) for name, numbers in learnt.items()})
    assert learned(model).splitlines()[2:] == [
        "| 1. BatchNorm | 2 | 0.50 to 2.00 | −1.00 to 1.00 | 0.00 to 3.00 | 1.00 to 4.00 |"
    ]
    assert learned(small([cnn.Flatten(), cnn.Dense(3)])) == ""
