from math import cos, pi
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn import ConstantRate, CosineDecay, OneCycle, Schedule, StepDecay
from tests.refusals import assert_refuses


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (ConstantRate(0.3), {0.0: 0.3, 0.5: 0.3, 1.0: 0.3}),
        (StepDecay(0.8), {0.0: 0.8, 0.49: 0.8, 0.5: 0.08, 0.74: 0.08, 0.75: 0.008, 1.0: 0.008}),
        (StepDecay(0.8, points=(0.75, 0.5)), {0.4: 0.8, 0.6: 0.08, 0.8: 0.008}),
        (StepDecay(0.8, points=()), {0.0: 0.8, 1.0: 0.8}),
        (CosineDecay(0.4), {0.0: 0.4, 0.25: 0.2 * (1 + cos(pi / 4)), 0.5: 0.2, 1.0: 0.0}),
        (CosineDecay(0.4, warm_up=0.2, end=0.1), {0.0: 0.0, 0.1: 0.2, 0.2: 0.4, 0.6: 0.25, 1.0: 0.1}),
        (OneCycle(1.0), {0.0: 1 / 25, 0.15: 0.52, 0.3: 1.0, 0.65: 0.50005, 1.0: 1e-4}),
        (
            OneCycle(3.0, warm_up=0.5, start=1.0, end=0.1),
            {0.0: 1.0, 0.25: 2.0, 0.5: 3.0, 0.75: 1.55, 1.0: 0.1},
        ),
    ],
    ids=repr,
)
def test_rates_are_those_worked_by_hand(schedule: Schedule, rates: dict[float, float]) -> None:
    for at, rate in rates.items():
        assert schedule(at) == pytest.approx(rate, abs=1e-15)


@given(
    schedule=st.sampled_from([CosineDecay(1.0, warm_up=0.2, end=0.1), OneCycle(1.0, warm_up=0.2)]),
    progress=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_rates_rise_to_their_peak_and_fall_without_a_jump(schedule: Schedule, progress: list[float]) -> None:
    sooner, later = progress
    rates = schedule(sooner), schedule(later)
    if later <= 0.2:
        assert rates[0] <= rates[1] + 1e-15
    elif sooner >= 0.2:
        assert rates[0] >= rates[1] - 1e-15
    assert schedule(0.2 - 1e-9) == pytest.approx(schedule(0.2), abs=1e-7)


@pytest.mark.parametrize(
    ("kind", "arguments", "error", "named"),
    [
        (ConstantRate, {"rate": 0}, ValueError, ["rate", "(0, inf)", "0"]),
        (StepDecay, {"peak": 1, "factor": 1}, ValueError, ["factor", "(0, 1)", "1"]),
        (StepDecay, {"peak": 1, "points": (0.5, 1.5)}, ValueError, ["points", "1.5"]),
        (StepDecay, {"peak": 1, "points": ("half",)}, TypeError, ["points", "number", "'half'"]),
        (CosineDecay, {"peak": 1, "warm_up": 1}, ValueError, ["warm_up", "[0, 1)", "1"]),
        (OneCycle, {"peak": 1, "warm_up": 1}, ValueError, ["warm_up", "(0, 1)", "1"]),
        (OneCycle, {"peak": 1, "start": 1}, ValueError, ["start", "[0, 1.0)", "received 1"]),
    ],
)
def test_wrong_arguments_are_refused(
    kind: type[Schedule], arguments: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: kind(**arguments), error, kind.__name__, *named)
