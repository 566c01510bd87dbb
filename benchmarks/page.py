"""The page: `python -m benchmarks.page` writes `docs/performance.md` and its figure from `results.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.aims import AIMS, PORTABLE_AIM, judged
from benchmarks.compare import FIRST_ROUNDS, ratios
from benchmarks.costs import breakdown_section, layers_section, scaling_section
from benchmarks.method import machine_section, method_section
from benchmarks.plot import draw
from benchmarks.text import listed, megabytes, short, spread, table
from lessons.kit.themes import DARK, LIGHT, Theme
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.running import run_stage

RESULTS = Path("benchmarks/results.json")
PAGE = Path("docs/performance.md")
THEMES = (LIGHT, DARK)

Data = Mapping[str, Any]


def figure(theme: Theme) -> Path:
    """Return where the figure is written."""
    return PAGE.with_name(f"{PAGE.stem}-{theme.name}.svg")


def page(results: Data) -> str:
    """Return the page as Markdown: every number of it, and what is said of them, comes from the results."""
    machine, settings = results["machine"], results["settings"]
    cases = list(results["cases"].values())
    parts = [
        "# Performance",
        f"`cnn` and PyTorch {(machine['pytorch'] or {}).get('version', '')} on the same processor, "
        f"{machine['processor']}, each with {settings['threads']} threads, in float32. "
        "`make bench` measures, and writes this page.",
        "\n".join(
            f"![How many times as fast as PyTorch's best configuration, case by case]"
            f"({figure(theme).name}#only-{theme.name})"
            for theme in THEMES
        ),
        _overview(cases),
        "## Case by case",
        *(part for case in cases for part in _case(case, results)),
        *layers_section(results),
        *breakdown_section(results),
        *scaling_section(results["scaling"]),
        *method_section(results),
        *machine_section(machine),
    ]
    return "\n\n".join(parts) + "\n"


def verdicts(results: Data) -> str:
    """Return what the comparison says of each case, in sentences."""
    return "\n".join(f"{case['title']}.\n{_verdict(case)}" for case in results["cases"].values())


def _verdict(case: Data) -> str:
    """Return how fast cnn is beside the best of the others.

    Example:
        >>> speeds = {"pairs": [1.1, 1.2], "median": 1.15, "lowest": 1.1, "highest": 1.2}
        >>> print(_verdict({"best": "PyTorch (NCHW)", "ratios": {"cnn": speeds}}))
        - cnn is 1.15 times as fast as PyTorch (NCHW), ahead in 2 of 2 pairs: 1.10, 1.20.
    """
    lines = []
    for name, found in case["ratios"].items():
        pairs = found["pairs"]
        lines.append(
            f"- {name} is {found['median']:.2f} times as fast as {case['best']}, ahead in "
            f"{sum(ratio > 1 for ratio in pairs)} of {len(pairs)} pairs: "
            f"{', '.join(f'{ratio:.2f}' for ratio in pairs)}."
        )
    return "\n".join(lines)


def _overview(cases: Sequence[Data]) -> str:
    """Return the ratios of all cases, and whether they are as high as they should be."""
    native, portable = cases[0]["ratios"]
    rows = []
    for case in cases:
        found, share = case["ratios"], _share(case)
        rows.append(
            (
                case["title"],
                case["best"],
                spread(found[native]),
                judged(found[native]["median"], AIMS[case["task"]]),
                spread(found[portable]),
                f"{share['median']:.2f}",
                judged(share["median"], PORTABLE_AIM),
            )
        )
    head = ("", "compared with", native, "aim", portable, f"of the speed of {native}", "aim")
    return (
        "How many times as fast as the best configuration of PyTorch, pair by pair: the median, and the "
        "lowest and the highest.\n\n" + table(head, rows)
    )


def _share(case: Data) -> dict[str, Any]:
    """Return which share of the native kernels' speed portable ones reach."""
    native, portable = case["ours"].values()
    return ratios(portable, native)


def _case(case: Data, results: Data) -> list[str]:
    """Return a case's heading, its table and what there is to say of it."""
    limit = results["matrix_products"]["operations_per_second"]
    latency = case["task"] == "latency"
    unit, factor = ("µs", 1e6) if latency else ("ms", 1e3)
    rows = []
    for name, runs in (case["ours"] | case["others"]).items():
        seconds = [run["seconds"] for run in runs]
        speed = case["images"] / median(seconds)
        sizes = sorted({run["batch_size"] for run in runs if "batch_size" in run})
        batches = f", batches of {listed([f'{size:,}' for size in sizes], 'or')}" if sizes else ""
        cells = [
            f"{name}{batches}",
            short(factor * median(seconds)),
            f"{short(factor * min(seconds))} – {short(factor * max(seconds))}",
            short(factor * median(run["seconds_99"] for run in runs)),
            f"{short(speed)}",
            f"{speed * case['operations_per_image'] / limit:.0%}",
            megabytes(median(run["memory"] for run in runs)),
            megabytes(median(run["memory"] - run["memory_before"] for run in runs)),
        ]
        rows.append(cells if latency else cells[:3] + cells[4:])
    head = ["", f"median, {unit}", "lowest – highest", f"99th percentile, {unit}", "images/s", "of the peak"]
    head += ["peak memory, MB", "of it after loading, MB"]
    native, portable = case["ours"]
    sentences = [_verdict(case), f"- {portable} reaches {spread(_share(case))} of the speed of {native}."]
    sentences += [
        f"- {name} took {longer:.2f} times as long as the fastest, and was left out after {FIRST_ROUNDS} "
        "rounds."
        for name, longer in case["behind"].items()
    ]
    sentences += [f"- {name} is not available: {why}" for name, why in case["unavailable"].items()]
    return [
        f"### {case['title']}",
        table(head if latency else head[:3] + head[4:], rows),
        "\n".join(sentences),
    ]


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
    """Write the page and its figure, for a light page and a dark one."""
    results = read_results()
    for theme in THEMES:
        write_bytes(figure(theme), draw(results, theme))
    write_bytes(PAGE, page(results).encode())


if __name__ == "__main__":
    run_stage(main)
