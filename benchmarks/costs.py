"""The page's sections on what costs time and memory: layers, the parts of a step, and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from benchmarks.text import listed, megabytes, microseconds, short, table

Data = Mapping[str, Any]

PARTS = {
    "products": "matrix products",
    "copies": "copies of patches",
    "calls": "calls of Python and NumPy elsewhere",
    "rest": "element-wise work and the rest",
    "main_thread": "the main thread: sum of gradients, optimiser",
}


def layers_section(results: Data) -> list[str]:
    """Return the table of the layers' times."""
    profile = results["profile"]
    layers = profile["layers"]
    rows = []
    for layer in layers:
        cells = [layer["layer"], "×".join(map(str, layer["output_shape"]))]
        for way in ("forward", "backward"):
            seconds, operations = layer[f"{way}_seconds"], layer[f"{way}_operations"]
            cells += [microseconds(seconds), short(operations / seconds / 1e9) if operations else ""]
        rows.append(cells)
    forward, backward = (sum(layer[f"{way}_seconds"] for layer in layers) for way in ("forward", "backward"))
    rows.append(["all", "", microseconds(forward), "", microseconds(backward), ""])
    products = sum(
        layer["forward_seconds"] + layer["backward_seconds"]
        for layer in layers
        if layer["forward_operations"]
    )
    return [
        "## Layer by layer",
        f"{results['cases'][profile['case']]['title']}: one thread, native kernels, micro-batches of "
        f"{profile['micro_batch_size']}, median times an image. On the way back the first layer computes its "
        "parameters' gradients only.",
        table(("layer", "output", "forward, µs", "GFLOP/s", "backward, µs", "GFLOP/s"), rows),
        f"Layers with matrix products take {products / (forward + backward):.0%} of the time.",
    ]


def breakdown_section(results: Data) -> list[str]:
    """Return the table of what a training step's time goes into, and how far that explains the step."""
    broken_down = results["breakdown"]
    if not broken_down:
        return []
    cases = [results["cases"][name] for name in broken_down]
    steps = [sum(parts[part] for part in PARTS) for parts in broken_down.values()]
    columns = list(zip(cases, broken_down.values(), steps, strict=True))
    rows = [
        [title, *(f"{microseconds(parts[part])} ({parts[part] / step:.0%})" for _, parts, step in columns)]
        for part, title in PARTS.items()
    ]
    rows.append(["all, in one thread", *(microseconds(step) for step in steps)])
    rows.append(
        ["GFLOP/s of the products", *(short(p["operations"] / p["products"] / 1e9) for _, p, _ in columns)]
    )
    limit = results["matrix_products"]["operations_per_second"] / results["settings"]["threads"]
    return [
        "## What a training step's time goes into",
        "One thread, native kernels, median times, µs an image and share.",
        table(("", *(case["title"].removeprefix("Training step, ") for case in cases)), rows),
        f"""\
- Steps are those of `fit`, with an executor that runs each micro-batch at once and keeps its time. What is
  left of a step is the main thread's: it adds up the gradients, takes the optimiser's step and picks the
  images.
- Matrix products are gone through by themselves, on arrays of the same shapes and memory order; for
  comparison, large ones reach {short(limit / 1e9)} GFLOP/s a thread.
- Copies are the convolutions' patches, padding included, gone through at the same time. Products and copies
  include their own calls: at most {_inside(broken_down)} an image, column by column.
- Calls elsewhere are those of a micro-batch that hardly computes anything: one image of the smallest size
  that the network takes (column by column {_sides(broken_down)}), without its products and copies, shared by
  as many images as a micro-batch has.
- The rest is what is left: activations, pooling, biases, normalisation, dropout and the loss.""",
        f"Shared by {results['settings']['threads']} workers, this explains the steps measured as follows. "
        "The difference is what the threads cost each other, and how the machine was at either time.",
        "\n".join(_explained(case, step, parts, results) for case, parts, step in columns),
    ]


def _explained(case: Data, step: float, parts: Data, results: Data) -> str:
    """Return how much of a step the parts explain."""
    threads = results["settings"]["threads"]
    name, runs = next(iter(case["ours"].items()))
    main_thread = case["images"] * parts["main_thread"]
    shared = case["images"] * (step - parts["main_thread"]) / threads
    measured = median(run["seconds"] for run in runs)
    return (
        f"- {case['title']}: the micro-batches {short(1e3 * shared)} ms, the main thread "
        f"{short(1e3 * main_thread)} ms, together {short(1e3 * (shared + main_thread))} ms; {name} takes "
        f"{short(1e3 * measured)} ms."
    )


def _inside(broken_down: Data) -> str:
    found = [microseconds(parts["calls_of_products_and_copies"]) for parts in broken_down.values()]
    return f"{listed(found)} µs"


def _sides(broken_down: Data) -> str:
    return listed([f"{parts['smallest_side']}×{parts['smallest_side']}" for parts in broken_down.values()])


def scaling_section(scaling: Data) -> list[str]:
    """Return the tables of how time and memory grow."""
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
        parts.append(table((title, "ms", "images/s", "peak memory, MB"), rows))
    return parts
