"""A measuring process: who is measured, how the process is started, and how it keeps the time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import Case
from pipeline.common.datasets import DIGITS, INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import CHOICE, VARIABLE, core_type

ROOT = Path(__file__).parents[1]
THREADS = 2
TIMEOUT = 600  # seconds beside those measured; PyTorch compiles for up to one minute
WARM_UP = 0.25  # as a share of the time measured
PREDICTIONS = 3  # how often many images are predicted at least

Measurement = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """What a measuring process reads from its standard input, as one JSON object.

    Attributes:
        case: what is measured.
        setting: the subject's own settings.
        threads: how many threads compute.
        seconds: how long to measure, at least.
    """

    case: Case
    setting: dict[str, Any]
    threads: int
    seconds: float


@dataclass(frozen=True)
class Subject:
    """Who is measured, and how.

    Attributes:
        name: its name in `results.json` and on the page.
        module: the program that measures it; it answers with one line of JSON.
        setting: what the program is told.
    """

    name: str
    module: str
    setting: dict[str, Any]

    def measure(self, case: Case, seconds: float, threads: int = THREADS) -> Measurement:
        """Measure one case in a fresh process.

        Raises:
            PipelineError: if the process fails; the last line of its error output says why.
        """
        timeout = TIMEOUT + 4 * seconds  # a process warms up, and may measure several things
        try:
            done = subprocess.run(  # noqa: S603 - this Python, and a module of this package
                [sys.executable, "-m", self.module],
                input=json.dumps(asdict(Job(case, self.setting, threads, seconds))),
                capture_output=True,
                text=True,
                cwd=ROOT,
                env=self._environment(),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PipelineError(f"{case.title}: {self.module} gave no answer in {timeout:g} s.") from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise PipelineError(f"{case.title}: {self.module} failed: {reason.strip()}")
        return dict(json.loads(done.stdout.splitlines()[-1]))

    def _environment(self) -> dict[str, str]:
        """Return this process's environment, with the BLAS kernels that the subject's settings ask for."""
        environment = {name: value for name, value in os.environ.items() if name not in {CHOICE, VARIABLE}}
        kernels = self.setting.get("kernels")
        if kernels is not None:
            environment[CHOICE] = kernels
            core = core_type(kernels)
            if core is not None:
                environment[VARIABLE] = core
        return environment


NATIVE = Subject("cnn (native kernels)", "benchmarks.with_cnn", {"kernels": "native"})
PORTABLE = Subject("cnn (portable kernels)", "benchmarks.with_cnn", {"kernels": "portable"})
OURS = (NATIVE, PORTABLE)

PYTORCH = tuple(
    Subject(
        f"PyTorch ({layout}{', compiled' if compiled else ''})",
        "benchmarks.with_pytorch",
        {"layout": layout, "compiled": compiled},
    )
    for layout in ("NCHW", "channels_last")
    for compiled in (False, True)
)

MATRIX_PRODUCT = Subject("matrix products", "benchmarks.matrix_product", {"kernels": "native"})
LAYER_PROFILE = Subject("profile of the layers", "benchmarks.layer_profile", {"kernels": "native"})


def answer(measure: Callable[[Job], Measurement]) -> None:
    """In the measuring process: read the job, carry it out, and print what was measured."""
    data = json.load(sys.stdin)
    print(json.dumps(measure(Job(**data | {"case": Case(**data["case"])}))))


class Clock:
    """Times steps that follow each other, after a warm-up.

    Args:
        seconds: how long to measure, at least.
        warm_up: how many seconds of steps are not counted at the beginning; None is a share of `seconds`.
        steps: how many steps to measure, at least.

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
        """Note that one step has ended and the next one begins."""
        now = perf_counter()
        if self._last >= self._warm_from:
            self.times.append(now - self._last)
        self._last = now

    @property
    def done(self) -> bool:
        """Whether enough has been measured."""
        return len(self.times) >= self._steps and sum(self.times) >= self._seconds

    def summary(self) -> Measurement:
        """Return the median and the 99th percentile of the steps' seconds, and the number of steps."""
        median, high = np.percentile(self.times, (50, 99)).tolist()
        return {"seconds": median, "seconds_99": high, "steps": len(self.times)}


def time_prediction(predict: Callable[[], object], seconds: float) -> Clock:
    """Time predictions of many images; the first one is the warm-up."""
    predict()
    clock = Clock(seconds, warm_up=0.0, steps=PREDICTIONS)
    while not clock.done:
        predict()
        clock.tick()
    return clock


def samples(images: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return random images `[n, h, w, c]` and labels `[n]`: no time depends on what they show."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, *INPUT_SHAPE), dtype=np.float32)
    return x, rng.integers(len(DIGITS), size=images)


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count what the parent process held when it started this one
        match = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"))
        if match:
            return int(match[1]) * 1024
    import resource  # which Windows does not have

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
