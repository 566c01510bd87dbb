import numpy as np

from tests.lessons.shown import CURVES


def test_the_running_mean_is_the_formula_of_the_page_worked_out() -> None:
    curve = CURVES["curves/running-average.json"]
    each, running = (line["y"] for line in curve["lines"])
    for momentum, means, averages in zip(curve["parameter"]["values"], each, running, strict=True):
        expected = [0.0]
        for mean in means[1:]:
            expected.append(momentum * expected[-1] + (1 - momentum) * mean)
        np.testing.assert_allclose(averages, expected, rtol=0, atol=2e-5)
