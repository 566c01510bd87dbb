"""The page: `python -m benchmarks.page` writes `docs/performance.md` and its figure from `results.json`.

The page's sentences stand in `page.md`; every number in them comes from the results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from math import floor, log10
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.cases import Task
from benchmarks.compare import FIRST_ROUNDS, HOPELESS, ratios
from benchmarks.plot import draw
from benchmarks.process import PREDICTIONS, WARM_UP
from benchmarks.with_pytorch import BATCH_SIZES
from lessons.kit.shown import drawn
from lessons.kit.tables import times
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.running import run_stage

RESULTS = Path("benchmarks/results.json")
PAGE = Path("docs/performance.md")

AIMS: dict[Task, float] = {"train": 1.3, "predict": 1.3, "latency": 1.0}
"""How many times as fast as PyTorch's best configuration cnn should be, with native kernels."""

PORTABLE_AIM = 0.65
"""The share of the native kernels' speed that portable kernels should reach."""

Data = Mapping[str, Any]


def figures(results: Data) -> dict[Path, bytes]:
    """Return the figure in all its forms, and where each is written."""
    files = drawn(PAGE.stem, partial(draw, results=results))
    return {PAGE.with_name(name): content for name, content in files.items()}


def page(results: Data) -> str:
    """Return the page as Markdown."""
    environment = Environment(  # noqa: S701 - Markdown, of our own numbers
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"judged": judged, "short": short, "spread": spread, "times": times}
    layers = results["profile"]["layers"]
    both = [layer["forward_seconds"] + layer["backward_seconds"] for layer in layers]
    products = [seconds for layer, seconds in zip(layers, both, strict=True) if layer["forward_operations"]]
    limit = results["matrix_products"]["operations_per_second"]
    return environment.get_template("page.md").render(
        results,
        figure=f"{PAGE.stem}.svg",
        comparisons=[_comparison(case, limit) for case in results["cases"].values()],
        names=[*next(iter(results["cases"].values()))["ours"]],
        aims=AIMS,
        portable_aim=PORTABLE_AIM,
        products_share=sum(products) / sum(both),
        limit=limit,
        warm_up=WARM_UP,
        predictions=PREDICTIONS,
        first_rounds=FIRST_ROUNDS,
        hopeless=HOPELESS,
        batch_sizes=BATCH_SIZES,
    )


def _comparison(case: Data, limit: float) -> dict[str, Any]:
    """Return a case with its speeds, as the page shows them."""
    native, portable = case["ours"]
    subjects = {}
    for name, runs in (case["ours"] | case["others"]).items():
        seconds = [run["seconds"] for run in runs]
        speed = case["images"] / median(seconds)
        subjects[name] = {
            "seconds": (median(seconds), min(seconds), max(seconds)),
            "seconds_99": median(run["seconds_99"] for run in runs),
            "speed": speed,
            "peak": speed * case["operations_per_image"] / limit,
            "memory": median(run["memory"] for run in runs),
            "added_memory": median(run["memory"] - run["memory_before"] for run in runs),
            "batches": sorted({run["batch_size"] for run in runs if "batch_size" in run}),
        }
    return {
        **case,
        "subjects": subjects,
        "native": case["ratios"][native],
        "portable": case["ratios"][portable],
        "share": ratios(case["ours"][portable], case["ours"][native]),
    }


def judged(ratio: float, aim: float) -> str:
    """Return an aim, and whether it was reached.

    Example:
        >>> judged(1.34, aim=1.3), judged(0.9, aim=1.0)
        ('1.30: reached', '1.00: missed by 0.10')
    """
    return f"{aim:.2f}: reached" if ratio >= aim else f"{aim:.2f}: missed by {aim - ratio:.2f}"


def short(value: float) -> str:
    """Return a positive number with three digits, or with all digits before the point.

    Example:
        >>> short(0.012345), short(1.5), short(1234.5)
        ('0.0123', '1.50', '1,234')
    """
    return f"{value:,.{max(0, 2 - floor(log10(value)))}f}"


def spread(found: Data) -> str:
    """Return the median of ratios, with the lowest and the highest.

    Example:
        >>> spread({"median": 1.25, "lowest": 1, "highest": 1.5})
        '1.25 (1.00 – 1.50)'
    """
    return f"{found['median']:.2f} ({found['lowest']:.2f} – {found['highest']:.2f})"


def read_results(path: Path = RESULTS) -> dict[str, Any]:
    """Return the results.

    Raises:
        PipelineError: if there are none.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path} here: run `make bench` in the repository's root.") from error


def main() -> None:
    """Write the page and its figure."""
    results = read_results()
    for path, content in figures(results).items():
        write_bytes(path, content)
    write_bytes(PAGE, page(results).encode())


if __name__ == "__main__":
    run_stage(main)
