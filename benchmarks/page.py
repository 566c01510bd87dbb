"""The page: `python -m benchmarks.page` writes `docs/performance.md` and its plot from `results.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import floor, log10
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.clock import WARM_UP
from benchmarks.compare import ratios
from benchmarks.plot import draw
from benchmarks.with_pytorch import BATCH_SIZES
from pipeline.errors import PipelineError
from pipeline.stage import run_stage, write_bytes

RESULTS = Path("benchmarks/results.json")
PAGE = Path("docs/performance.md")
PLOT = Path("docs/performance.svg")

Data = Mapping[str, Any]


def page(results: Data) -> str:
    """Return the page as Markdown: every number of it, and what is said of them, comes from the results."""
    machine, settings = results["machine"], results["settings"]
    cases = list(results["cases"].values())
    parts = [
        "# Performance",
        f"`cnn` and PyTorch {(machine['pytorch'] or {}).get('version', '')} on the same processor, "
        f"{machine['processor']}, each with {settings['threads']} threads, in float32. "
        "`make bench` measures, and writes this page.",
        f"![How many times as fast as PyTorch's best configuration]({PLOT.name})",
        _overview(cases),
        "## Case by case",
        *(part for case in cases for part in _case(case, results)),
        *_profile(results),
        *_scaling(results["scaling"]),
        *_method(results),
        "## The machine",
        _table(("", ""), _machine_rows(machine)),
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
    names = list(cases[0]["ratios"])
    rows = [
        (case["title"], case["best"], *(_ratio(case["ratios"][name]) for name in names)) for case in cases
    ]
    return (
        "How many times as fast as the best configuration of PyTorch, pair by pair: the median, and the "
        "lowest and the highest.\n\n" + _table(("", "compared with", *names), rows)
    )


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
        batches = f" (batches of {' or '.join(f'{size:,}' for size in sizes)})" if sizes else ""
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
    head += ["peak memory, MB", "of it beside the program, MB"]
    first, *rest = case["ours"]
    sentences = [_verdict(case)]
    for name in rest:
        reached = _ratio(ratios(case["ours"][name], case["ours"][first]))
        sentences.append(f"- {name} reaches {reached} of the speed of {first}.")
    sentences += [f"- {name} is not available: {why}" for name, why in case["unavailable"].items()]
    return [
        f"### {case['title']}",
        _table(head if latency else head[:3] + head[4:], rows),
        "\n".join(sentences),
    ]


def _profile(results: Data) -> list[str]:
    """Return the table of the layers' times, and how much of a step they explain."""
    profile, settings = results["profile"], results["settings"]
    layers = profile["layers"]
    rows = []
    for layer in layers:
        cells = [layer["layer"], "×".join(map(str, layer["output_shape"]))]
        for way in ("forward", "backward"):
            seconds, operations = layer[f"{way}_seconds"], layer[f"{way}_operations"]
            cells += [f"{1e6 * seconds:.1f}", short(operations / seconds / 1e9) if operations else ""]
        rows.append(cells)
    forward, backward = (sum(layer[f"{way}_seconds"] for layer in layers) for way in ("forward", "backward"))
    rows.append(["all", "", f"{1e6 * forward:.1f}", "", f"{1e6 * backward:.1f}", ""])
    both = forward + backward
    products = sum(
        layer["forward_seconds"] + layer["backward_seconds"]
        for layer in layers
        if layer["forward_operations"]
    )
    limit = results["matrix_products"]["operations_per_second"] / settings["threads"]
    operations = sum(layer["forward_operations"] + layer["backward_operations"] for layer in layers)
    case = results["cases"][profile["case"]]
    name, runs = next(iter(case["ours"].items()))
    step = median(run["seconds"] for run in runs)
    share = both * case["images"] / settings["threads"]
    return [
        "## Layer by layer",
        f"{case['title']}: one thread, native kernels, micro-batches of {profile['micro_batch_size']}, "
        "median times an image. On the way back the first layer computes its parameters' gradients only.",
        _table(
            ("layer", "output", "forward, µs", "GFLOP/s", "backward, µs", "GFLOP/s"),
            rows,
        ),
        f"Layers with matrix products take {products / both:.0%} of the time. At the speed of large matrix "
        f"products their arithmetic alone would take {1e6 * operations / limit:.1f} of the "
        f"{1e6 * both:.1f} µs. Shared by {settings['threads']} workers, the layers come to "
        f"{short(1e3 * share)} ms of the {short(1e3 * step)} ms that a step takes with {name}.",
    ]


def _scaling(scaling: Data) -> list[str]:
    titles = {
        "images": "images predicted",
        "batch_size": "images in a training step's batch",
        "workers": "workers of a training step",
    }
    parts = [
        "## How time and memory grow",
        "The network of the layers above, native kernels, one measurement each.",
    ]
    for name, title in titles.items():
        rows = [
            (
                f"{line['size']:,}",
                short(1e3 * line["seconds"]),
                short(line["images"] / line["seconds"]),
                megabytes(line["memory"]),
            )
            for line in scaling[name]
        ]
        parts.append(_table((title, "ms", "images/s", "peak memory, MB"), rows))
    return parts


def _method(results: Data) -> list[str]:
    settings = results["settings"]
    seconds, sizes = settings["seconds"], ", ".join(f"{size:,}" for size in BATCH_SIZES)
    peak = short(results["matrix_products"]["operations_per_second"] / 1e9)
    return [
        "## How it is measured",
        f"""\
- {settings["pairs"]} rounds; in each, every subject does the case once, in turn, in a fresh process; the
  order moves on by one from round to round. A ratio compares two processes of the same round. PyTorch's best
  is the configuration whose median over the rounds is the shortest.
- A process warms up for {WARM_UP * seconds:g} s, after compiling if it does, and then measures for at least
  {seconds:g} s; its time is the median of its steps.
- Both have the same network with the same weights: the process of PyTorch first makes sure that the outputs
  agree.
- A training step is forward, loss, backward and the optimiser's step, without augmentation and weight
  averages. The images are random numbers that lie in memory, for PyTorch cut into batches and in its own
  layout; cnn's step is one of `fit`, which picks its shuffled images too. PyTorch's optimiser is fused.
- PyTorch predicts in `inference_mode`; many images in batches of {sizes}, whichever a trial finds the
  fastest, a single one with the weights as constants where it compiles. cnn is called by `predict` and
  `predict_proba`.
- The peak is {peak} GFLOP/s: that of products of large matrices with native kernels, one in each of
  the {settings["threads"]} threads, the best of several in the same run. A share of it counts the
  multiplications and additions of the layers' matrix products.
- Peak memory is the most that a process held, the libraries included; the last column is how much of it came
  after they were loaded.""",
    ]


def _machine_rows(machine: Data) -> list[tuple[str, str]]:
    pytorch = machine["pytorch"] or {"version": "not installed", "build": ""}
    settings = ", ".join(f"{name}={value}" for name, value in machine["blas_settings"].items())
    return [
        ("date", machine["date"]),
        ("processor", f"{machine['processor']}, {machine['processors']} cores"),
        ("memory", f"{machine['memory'] / 2**30:.0f} GB"),
        ("load before", f"{machine['load_before']:.2f} processes in the last minute"),
        ("system", machine["system"]),
        ("Python, NumPy", f"{machine['python']}, {machine['numpy']}"),
        ("BLAS", machine["blas"] + (f" ({settings})" if settings else "")),
        ("kernels", ", ".join(f"{name}: {core or 'its own'}" for name, core in machine["kernels"].items())),
        ("PyTorch", f"{pytorch['version']}; {pytorch['build']}"),
    ]


def _ratio(found: Data) -> str:
    return f"{found['median']:.2f} ({found['lowest']:.2f} – {found['highest']:.2f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the rest to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(value: float) -> str:
    """Return a positive number with three digits that count, or all before the point.

    Example:
        >>> short(0.012345), short(1.5), short(1234.5)
        ('0.0123', '1.50', '1,234')
    """
    return f"{value:,.{max(0, 2 - floor(log10(value)))}f}"


def megabytes(size: float) -> str:
    """Return a size in bytes as whole megabytes.

    Example:
        >>> megabytes(123_456_789)
        '123'
    """
    return f"{size / 1e6:,.0f}"


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
    """Write the page and its plot."""
    results = read_results()
    write_bytes(PLOT, draw(results))
    write_bytes(PAGE, page(results).encode())


if __name__ == "__main__":
    run_stage(main)
