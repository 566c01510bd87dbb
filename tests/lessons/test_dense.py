import numpy as np
import pytest

from lessons.dense import DEPTH, STARTS, STRONGEST, signal_sizes, strongest


def test_the_inputs_that_weigh_most_are_shown_from_the_best_for_the_answer_to_the_worst() -> None:
    evidence = np.random.default_rng(0).uniform(-1, 1, (100, 10))
    evidence[90, 3], evidence[50, 3] = 5.0, -5.0
    shown = strongest(evidence, answer=3)
    assert (shown[0], shown[-1], len(shown)) == (90, 50, STRONGEST)


@pytest.mark.parametrize(
    ("name", "factor"), [("He × 2", 4.0), ("He", 1.0), ("Glorot", 0.5), ("He ÷ 2", 0.25)]
)
def test_each_layer_changes_the_mean_square_by_the_factor_of_the_derivation(name: str, factor: float) -> None:
    sizes = signal_sizes(*STARTS[name])
    assert sizes[-1] ** (1 / DEPTH) == pytest.approx(factor, rel=0.05)
