"""Measure cnn and PyTorch side by side: `python -m benchmarks` writes `benchmarks/results.json`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile

from benchmarks.cases import all_cases
from benchmarks.compare import compare
from benchmarks.page import RESULTS, spread
from benchmarks.process import OURS, PYTORCH
from benchmarks.run import Plan, run
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage


def tell(what: str) -> None:
    """Say on stderr what is measured next."""
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    """Measure all cases and write the results, or measure some and only print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side does each case")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a measurement takes at least")
    parser.add_argument("--cases", nargs="+", metavar="CASE", help="only these; nothing is written then")
    arguments = parser.parse_args()
    if sys.platform == "win32":
        raise PipelineError("The benchmarks were started on Windows: run them on Linux or macOS.")
    if arguments.rounds < 1 or arguments.seconds <= 0:
        raise PipelineError("--rounds must be 1 or more, and --seconds more than 0.")
    cases = {case.name: case for case in all_cases(load_parameters())}
    names = arguments.cases or list(cases)
    unknown = [name for name in names if name not in cases]
    if unknown:
        raise PipelineError(f"There is no case {unknown[0]!r}: there are {', '.join(cases)}.")
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = compiled  # compiled once a run, not once a process
        if arguments.cases:
            found = {
                name: compare(cases[name], OURS, PYTORCH, arguments.rounds, arguments.seconds, tell)
                for name in names
            }
        else:
            plan = Plan(list(cases.values()), OURS, PYTORCH, arguments.rounds, arguments.seconds)
            results = run(plan, tell)
            write_json(RESULTS, results)
            found = results["cases"]
    for case in found.values():
        print(f"{case['title']}:")
        for name, ratios in case["ratios"].items():
            print(f"- {name} is {spread(ratios)} times as fast as {case['best']}")


if __name__ == "__main__":
    run_stage(main)
