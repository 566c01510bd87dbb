"""What a measuring process is told: one JSON object on its standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.common.errors import PipelineError

ROOT = Path(__file__).parents[1]
TIMEOUT = 600  # seconds beside those measured; compiling takes PyTorch up to one minute

Task = Literal["train", "predict", "latency"]
Measurement = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes:
        name: what it is called in `results.json` and on the command line.
        title: what it is called on the page.
        task: training steps, predictions of all images, or of one image after the other.
        layers: the model, as in `params.yaml`.
        optimiser: the optimiser, as in `params.yaml`.
        loss: the loss, as in `params.yaml`.
        images: how many images there are.
        batch_size: the images of one training step.
        micro_batch_size: the images that one of cnn's workers takes at once.
    """

    name: str
    title: str
    task: Task
    layers: list[dict[str, Any]]
    optimiser: dict[str, Any]
    loss: dict[str, Any]
    images: int
    batch_size: int
    micro_batch_size: int

    @property
    def images_at_once(self) -> int:
        """The images of what is timed: a training step, or a prediction."""
        return self.batch_size if self.task == "train" else self.images


@dataclass(frozen=True)
class Job:
    """One measurement.

    Attributes:
        case: what is measured.
        setting: how: the subject's own settings.
        threads: how many threads compute.
        seconds: how long to measure, at least.
    """

    case: Case
    setting: dict[str, Any]
    threads: int
    seconds: float

    @classmethod
    def read(cls, text: str) -> Job:
        """Return the job that `run` wrote.

        Example:
            >>> case = Case("tiny", "Tiny", "train", [], {}, {}, images=8, batch_size=4, micro_batch_size=2)
            >>> job = Job(case, {"kernels": "native"}, threads=2, seconds=1.0)
            >>> Job.read(json.dumps(asdict(job))) == job
            True
        """
        data = json.loads(text)
        return cls(**data | {"case": Case(**data["case"])})

    def run(self, module: str, environment: Mapping[str, str]) -> Measurement:
        """Carry the job out in a fresh process.

        Args:
            module: the program, which answers with one line of JSON.
            environment: the process's environment.

        Raises:
            PipelineError: if it fails; the last line of its error output says why.
        """
        timeout = TIMEOUT + 4 * self.seconds  # a process may measure several things, and warms up
        try:
            done = subprocess.run(  # noqa: S603 - this Python, and a module of this package
                [sys.executable, "-m", module],
                input=json.dumps(asdict(self)),
                capture_output=True,
                text=True,
                cwd=ROOT,
                env=dict(environment),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise PipelineError(f"{self.case.title}: {module} gave no answer in {timeout:g} s.") from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise PipelineError(f"{self.case.title}: {module} failed: {reason.strip()}")
        return dict(json.loads(done.stdout.splitlines()[-1]))
