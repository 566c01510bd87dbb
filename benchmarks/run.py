"""All measurements, one after the other, as the plain data of `results.json`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.cases import BATCHES, Case
from benchmarks.compare import Tell, compare
from benchmarks.machine import describe_machine
from benchmarks.process import LAYER_PROFILE, MATRIX_PRODUCT, NATIVE, THREADS, Subject

SIZES = {"images": (1_000, 5_000, 25_000), "batch_size": (64, 128, 256, 512), "workers": (1, 2, 4)}


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        cases: the cases; the first one is training, its layers are profiled and its size is varied.
        ours: the subjects of cnn.
        others: the subjects that they are compared with.
        rounds: how often each subject does each case.
        seconds: how long each measurement takes at least.
        sizes: how many images are predicted, how many are in a training step, how many workers share it.
    """

    cases: Sequence[Case]
    ours: Sequence[Subject]
    others: Sequence[Subject]
    rounds: int
    seconds: float
    sizes: Mapping[str, Sequence[int]] = field(default_factory=lambda: SIZES)


def run(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure everything.

    Args:
        plan: what is measured.
        tell: is told what each measurement is, before it begins.

    Returns:
        The machine, the settings and every measurement.

    Raises:
        PipelineError: if a measurement of cnn fails, or all those of the others.
    """
    load = os.getloadavg()[0]
    cases, limits = {}, []
    for case in plan.cases:
        tell(f"{case.name}, speed of matrix products")
        limits.append(MATRIX_PRODUCT.measure(case, plan.seconds / 2))
        cases[case.name] = compare(case, plan.ours, plan.others, plan.rounds, plan.seconds, tell)
    first = plan.cases[0]
    tell(f"{first.name}, layer by layer")
    profile = LAYER_PROFILE.measure(first, plan.seconds)
    return {
        "machine": describe_machine() | {"load_before": load},
        "settings": {"pairs": plan.rounds, "seconds": plan.seconds, "threads": THREADS},
        "matrix_products": {
            "runs": limits,
            "operations_per_second": max(limit["operations_per_second"] for limit in limits),
        },
        "cases": cases,
        "profile": profile | {"case": first.name, "micro_batch_size": first.micro_batch_size},
        "scaling": {name: _scaling(name, plan, tell) for name in plan.sizes},
    }


def _scaling(name: str, plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure the first case's network in several sizes, once each."""
    case, found = plan.cases[0], []
    for size in plan.sizes[name]:
        trial, threads = case, THREADS
        if name == "images":
            trial = replace(case, task="predict", images=size)
        elif name == "batch_size":
            trial = replace(case, batch_size=size, images=BATCHES * size)
        else:
            threads = size
        tell(f"{case.name}, {name} {size}")
        line = {"size": size, "images": trial.images_at_once}
        found.append(line | NATIVE.measure(trial, plan.seconds, threads))
    return found
