"""Measure cnn and PyTorch side by side: `python -m benchmarks` writes `benchmarks/results.json`."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tqdm import tqdm

from benchmarks.cases import all_cases
from benchmarks.page import RESULTS, verdicts
from benchmarks.run import Plan, run
from benchmarks.scaling import Sizes
from benchmarks.subjects import OURS, PYTORCH
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage


class Progress:
    """A bar on stderr that says what is being measured, and for how long it goes on.

    Args:
        total: the number of measurements.
    """

    def __init__(self, total: int) -> None:
        self._bar = tqdm(total=total, unit="measurement", dynamic_ncols=True)
        self._begun = False

    def __call__(self, what: str) -> None:
        """Say what is measured next; what was before is done."""
        self._bar.update(self._begun)
        self._begun = True
        self._bar.set_description(what)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="how often each subject does each case")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a measurement takes at least")
    parser.add_argument("--cases", nargs="+", metavar="CASE", help="only these")
    parser.add_argument("--output", type=Path, help=f"what to write; {RESULTS} if all cases are measured")
    arguments = parser.parse_args()
    if arguments.pairs < 1 or arguments.seconds <= 0:
        raise PipelineError("--pairs must be 1 or more, and --seconds more than 0.")
    cases = {case.name: case for case in all_cases(load_parameters())}
    names = arguments.cases or list(cases)
    unknown = [name for name in names if name not in cases]
    if unknown:
        raise PipelineError(f"There is no case {unknown[0]!r}: there are {', '.join(cases)}.")
    sizes = Sizes() if names == list(cases) else Sizes((), (), ())
    plan = Plan([cases[name] for name in names], OURS, PYTORCH, arguments.pairs, arguments.seconds, sizes)
    progress = Progress(plan.measurements)
    try:
        with tempfile.TemporaryDirectory() as compiled:
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = compiled  # compiled once a run, not once a process
            results = run(plan, progress)
    finally:
        progress.close()
    output = arguments.output or (None if arguments.cases else RESULTS)
    if output is not None:
        write_json(output, results)
    print(verdicts(results))


if __name__ == "__main__":
    run_stage(main)
