"""The aims: how fast cnn should be."""

from __future__ import annotations

from benchmarks.job import Task

AIMS: dict[Task, float] = {"train": 1.3, "predict": 1.3, "latency": 1.0}
"""How many times as fast as PyTorch's best configuration, with native kernels."""

PORTABLE_AIM = 0.65
"""The share of the native kernels' speed that portable ones should reach."""


def judged(ratio: float, aim: float) -> str:
    """Return an aim, and whether it is reached.

    Example:
        >>> judged(1.34, aim=1.3), judged(0.9, aim=1.0)
        ('1.30: reached', '1.00: missed by 0.10')
    """
    return f"{aim:.2f}: reached" if ratio >= aim else f"{aim:.2f}: missed by {aim - ratio:.2f}"
