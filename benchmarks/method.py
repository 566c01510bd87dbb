"""The page's sections on how and where it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.clock import PREDICTIONS, WARM_UP
from benchmarks.compare import FIRST_ROUNDS, HOPELESS
from benchmarks.text import short, table
from benchmarks.with_pytorch import BATCH_SIZES

Data = Mapping[str, Any]


def method_section(results: Data) -> list[str]:
    """Return how it is measured."""
    settings = results["settings"]
    seconds, sizes = settings["seconds"], ", ".join(f"{size:,}" for size in BATCH_SIZES)
    peak = short(results["matrix_products"]["operations_per_second"] / 1e9)
    return [
        "## How it is measured",
        f"""\
- {settings["pairs"]} rounds; in each, every subject does the case once, in turn, in a fresh process; the
  order moves on by one from round to round. A ratio compares two processes of the same round. PyTorch's best
  is the configuration whose median over the rounds is the shortest; one whose shortest time in the first
  {FIRST_ROUNDS} rounds is more than {HOPELESS:g} times that of the fastest is left out of the others.
- A process first compiles, if its configuration does. For training steps and single images it then warms up
  for {WARM_UP * seconds:g} s and measures for at least {seconds:g} s. Many images it predicts once to warm
  up, all of them, and then at least {PREDICTIONS} times, for at least {seconds:g} s. Its time is the median
  of its steps or predictions.
- Both have the same network with the same weights: the process of PyTorch first makes sure that the outputs
  agree.
- A training step is forward, loss, backward and the optimiser's step, without augmentation and weight
  averages. The images are random numbers that lie in memory, for PyTorch cut into batches and in its own
  layout; cnn's step is one of `fit`, which picks its shuffled images too. PyTorch's optimiser is fused.
- PyTorch predicts in `inference_mode`, with the weights as constants ("freezing") where it compiles; many
  images in batches of {sizes}, whichever a trial in the process finds the fastest, which counts in its peak
  memory. cnn is called by `predict` and `predict_proba`.
- The peak is {peak} GFLOP/s: that of products of large matrices with native kernels, one in each of
  the {settings["threads"]} threads, the best of several in the same run. A share of it counts the
  multiplications and additions of the layers' matrix products.
- Peak memory is the most that a process held, the libraries included; the last column is how much of it came
  after they were loaded.""",
    ]


def machine_section(machine: Data) -> list[str]:
    """Return what it was measured on."""
    pytorch = machine["pytorch"] or {"version": "not installed", "build": ""}
    settings = ", ".join(f"{name}={value}" for name, value in machine["blas_settings"].items())
    rows = [
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
    return ["## The machine", table(("", ""), rows)]
