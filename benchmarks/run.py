"""All measurements, one after the other, as the plain data of `results.json`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.compare import Tell, compare
from benchmarks.job import Case
from benchmarks.machine import describe_machine
from benchmarks.scaling import Sizes, scaling
from benchmarks.subjects import BREAKDOWN, LAYER_PROFILE, MATRIX_PRODUCT, THREADS, Subject


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        cases: the cases; the first is the one whose layers are profiled and whose size is varied.
        ours: the subjects of cnn.
        others: those they are compared with.
        pairs: how often each subject does each case.
        seconds: how long each measurement takes at least.
        sizes: the sizes of the scaling tables.
    """

    cases: Sequence[Case]
    ours: Sequence[Subject]
    others: Sequence[Subject]
    pairs: int
    seconds: float
    sizes: Sizes

    @property
    def measurements(self) -> int:
        """How many processes it takes: one for each case's speed limit, one profiles, some break down."""
        subjects = len(self.ours) + len(self.others)
        return len(self.cases) * (self.pairs * subjects + 1) + 1 + len(self.trainings) + len(self.sizes)

    @property
    def trainings(self) -> list[Case]:
        """The cases of training steps, which are broken down."""
        return [case for case in self.cases if case.task == "train"]


def run(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure everything.

    Args:
        plan: what is measured.
        tell: what is told of each measurement before it begins.

    Returns:
        The machine, the settings and every measurement.

    Raises:
        PipelineError: if one of cnn's measurements fails, or all of the others'.
    """
    load = os.getloadavg()[0]
    cases, limits = {}, []
    for case in plan.cases:
        tell(f"{case.name}, speed of matrix products")
        limits.append(MATRIX_PRODUCT.measure(case, plan.seconds / 2))
        cases[case.name] = compare(case, plan.ours, plan.others, plan.pairs, plan.seconds, tell)
    first = plan.cases[0]
    tell("profile of the layers")
    profile = LAYER_PROFILE.measure(first, plan.seconds)
    breakdown = {}
    for case in plan.trainings:
        tell(f"{case.name}, where a step's time goes")
        breakdown[case.name] = BREAKDOWN.measure(case, plan.seconds)
    return {
        "machine": describe_machine() | {"load_before": load},
        "settings": {"pairs": plan.pairs, "seconds": plan.seconds, "threads": THREADS},
        "matrix_products": {
            "runs": limits,
            "operations_per_second": max(limit["operations_per_second"] for limit in limits),
        },
        "cases": cases,
        "profile": profile | {"case": first.name, "micro_batch_size": first.micro_batch_size},
        "breakdown": breakdown,
        "scaling": scaling(first, plan.sizes, plan.seconds, tell),
    }
