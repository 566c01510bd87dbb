import numpy as np

from lessons.dense import strongest


def test_the_inputs_that_weigh_most_are_shown_in_their_order() -> None:
    evidence = np.zeros((100, 10))
    evidence[90, 3], evidence[50, 2] = 1.0, -2.0
    assert strongest(evidence) == [*range(30), 50, 90]
