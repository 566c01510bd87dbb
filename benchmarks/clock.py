"""What the measuring processes share: the clock, the images, the memory, and the line they answer with."""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.job import Job, Measurement
from pipeline.common.datasets import CLASSES, INPUT_SHAPE

WARM_UP = 0.25  # of the time measured
PREDICTIONS = 3  # of many images, at least


class Clock:
    """Times steps that follow each other, once a warm-up is over.

    Args:
        seconds: how long to measure, at least.
        warm_up: for how long to leave steps out before; None is a share of `seconds`.
        steps: how many to measure, at least.

    Attributes:
        times: the seconds that each step took.

    Example:
        >>> clock = Clock(seconds=0.0, warm_up=0.0)
        >>> clock.done
        False
        >>> clock.tick()
        >>> clock.done, clock.summary()["steps"]
        (True, 1)
    """

    def __init__(self, seconds: float, warm_up: float | None = None, steps: int = 1) -> None:
        self.times: list[float] = []
        self._seconds = seconds
        self._steps = steps
        self._last = perf_counter()
        self._warm_from = self._last + (WARM_UP * seconds if warm_up is None else warm_up)

    def tick(self) -> None:
        """Note that a step is over, and that the next one begins."""
        now = perf_counter()
        if self._last >= self._warm_from:
            self.times.append(now - self._last)
        self._last = now

    @property
    def done(self) -> bool:
        """Whether enough has been measured."""
        return len(self.times) >= self._steps and sum(self.times) >= self._seconds

    def summary(self) -> Measurement:
        """Return the median and the 99th percentile of the steps' seconds, and how many they were."""
        median, high = np.percentile(self.times, (50, 99)).tolist()
        return {"seconds": median, "seconds_99": high, "steps": len(self.times)}


def time_prediction(predict: Callable[[], object], seconds: float) -> Clock:
    """Time predictions of many images, after one of them all has warmed up.

    Example:
        >>> time_prediction(lambda: None, seconds=0.0).summary()["steps"]
        3
    """
    predict()
    clock = Clock(seconds, warm_up=0.0, steps=PREDICTIONS)
    while not clock.done:
        predict()
        clock.tick()
    return clock


def samples(images: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return random images `[n, h, w, c]` and labels `[n]`: no time depends on what they show.

    Example:
        >>> x, labels = samples(3)
        >>> x.shape, labels.shape
        ((3, 28, 28, 1), (3,))
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, *INPUT_SHAPE), dtype=np.float32)
    return x, rng.integers(CLASSES, size=images)


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in bytes.

    Example:
        >>> peak_memory() > 1_000_000
        True
    """
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss counts the parent's memory too, where the process began as its copy
        match = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"))
        if match:
            return int(match[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def answer(measure: Callable[[Job], Measurement]) -> None:
    """Carry out the job on standard input, and print what was measured."""
    print(json.dumps(measure(Job.read(sys.stdin.read()))))
