"""The subjects: who is measured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from benchmarks.job import Case, Job, Measurement
from pipeline.common.kernels import CHOICE, VARIABLE, core_type

THREADS = 2


@dataclass(frozen=True)
class Subject:
    """Who is measured, and how.

    Attributes:
        name: what it is called.
        module: the program that measures it.
        setting: what the program is told.
    """

    name: str
    module: str
    setting: dict[str, Any]

    def measure(self, case: Case, seconds: float, threads: int = THREADS) -> Measurement:
        """Measure one case in a fresh process.

        Raises:
            PipelineError: if that fails.
        """
        return Job(case, self.setting, threads, seconds).run(self.module, self._environment())

    def _environment(self) -> dict[str, str]:
        """Return this process's environment, with the kernels that BLAS shall take."""
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
BREAKDOWN = Subject("where a step's time goes", "benchmarks.breakdown", {"kernels": "native"})
