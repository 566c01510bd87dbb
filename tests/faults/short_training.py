"""A short training whose bits stand in the repository: `python -m tests.faults.short_training` repeats it.

It prints what it found as JSON; with `--record` that becomes what every other machine is compared with, in
digest.json beside this file. The environment chooses BLAS's kernels: CNN_KERNELS=portable for a record.
"""

from __future__ import annotations

import pipeline.common.kernels  # noqa: F401 - first of all, since it chooses BLAS's kernels for NumPy to load

# isort: split
import argparse
import hashlib
import json
import platform
from importlib import import_module
from pathlib import Path
from typing import Any

import archspec.cpu
import numpy as np
from threadpoolctl import threadpool_info

import cnn
from cnn.types import Array, Labels
from pipeline.common.machine import machine

RECORD = Path(__file__).with_name("digest.json")
TOLERANCE = 0.002
"""How far the accuracy may be from the one on record where other bits are to be expected."""


def bars(n: int, seed: int) -> tuple[Array, Labels]:
    """Return noise `[n, 16, 16, 1]` with a bar in it, which is the longer the higher the label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 5
    x = rng.random((n, 16, 16, 1), dtype=np.float32)
    for image, label in zip(x, labels, strict=True):
        row, column = rng.integers(2, 11), rng.integers(0, 3)
        image[row : row + 3, column : column + 2 * label + 4] += 1.5
    return x, labels


def layers() -> list[cnn.Layer]:
    """Return layers with all kinds of computation, their products large enough for kernels to differ."""
    return [
        cnn.Conv2D(16, 3, padding="same"),
        cnn.BatchNorm(),
        cnn.ReLU(),
        cnn.MaxPool2D(2),
        cnn.Dropout(0.1),
        cnn.Conv2D(24, 3),
        cnn.BatchNorm(),
        cnn.GELU(),
        cnn.AveragePool2D(2),
        cnn.Flatten(),
        cnn.Dense(48),
        cnn.Tanh(),
        cnn.Dropout(0.1),
        cnn.Dense(5),
    ]


def short_training(workers: int) -> dict[str, Any]:
    """Train for eight epochs; return the digests of all arrays, the history and the circumstances."""
    model = cnn.Sequential(layers())
    model.build((16, 16, 1), np.random.default_rng(0))
    history = model.fit(
        *bars(1500, seed=1),
        epochs=8,
        optimiser=cnn.AdamW(learning_rate=cnn.OneCycle(0.02), clip_norm=1.0),
        batch_size=50,
        augmentation=cnn.RandomAffine(rotation=5, scale=0.05, shear=0.05, shift=1),
        validation_data=bars(1000, seed=2),
        callbacks=[cnn.WeightAverage(0.9)],
        workers=workers,
    )
    arrays = model.params | model.state
    return {
        "arrays": {name: hashlib.sha256(array.tobytes()).hexdigest()[:16] for name, array in arrays.items()},
        "history": history,
        "circumstances": circumstances(),
    }


def circumstances() -> dict[str, str]:
    """Return what bits could depend on: system, processor, BLAS, NumPy and what it computes with."""
    facts = machine()
    blas = {
        f"{library['internal_api']} {library['version']} with {library.get('architecture')} kernels"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": f"{facts['processor']} ({archspec.cpu.host().name})",
        "BLAS": ", ".join(sorted(blas)) or "unknown",
        "NumPy": facts["numpy"],
        "NumPy's loops": " ".join(loops()) or "without AVX2",
    }


def loops() -> list[str]:
    """Return which sets of vector instructions NumPy uses here, of those that it chooses from."""
    core = import_module("numpy._core._multiarray_umath")
    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]


def promised() -> bool:
    """Tell whether this is a machine on which the bits are promised to be those on record."""
    return platform.system() == "Linux" and archspec.cpu.host() >= archspec.cpu.TARGETS["x86_64_v3"]


def fault(found: dict[str, Any], recorded: dict[str, Any], *, bits: bool) -> str | None:
    """Say what is wrong with a training's result, and all that may explain it; None if nothing is.

    Args:
        found: what `short_training` gave here.
        recorded: what it gave where it was recorded.
        bits: whether they must be the same to the bit; else it is the accuracy that counts.
    """
    names = recorded["arrays"]
    other = [name for name in names if found["arrays"][name] != names[name]]
    then, here = (one["history"][-1]["validation_accuracy"] for one in (recorded, found))
    if bits and (other or found["history"] != recorded["history"]):
        what = f"other bits than those on record, in {len(other)} of {len(names)} arrays"
    elif not bits and abs(here - then) > TOLERANCE:
        what = f"an accuracy more than {100 * TOLERANCE:.1f} points from the one on record"
    else:
        return None
    rows = [("accuracy", f"{then:.2%}", f"{here:.2%}")]
    rows += [(f"digest of {name}", names[name], found["arrays"][name]) for name in other[:1]]
    rows += [(name, text, found["circumstances"][name]) for name, text in recorded["circumstances"].items()]
    table = "\n".join(f"  {name}: {old} on record, {new} here" for name, old, new in rows)
    return (
        f"The short training gave {what}:\n{table}\n"
        "If NumPy or BLAS is another, install requirements.lock. If cnn was changed and is to give other "
        "numbers, run `CNN_KERNELS=portable python -m tests.faults.short_training --record`. Otherwise the "
        "promise of the same bits is broken on this processor: please report this message."
    )


def main() -> None:
    """Train, and print or record the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.name}")
    arguments = parser.parse_args()
    result = json.dumps(short_training(arguments.workers), indent=2)
    if arguments.record:
        RECORD.write_text(result + "\n", encoding="utf-8")
    print(result)


if __name__ == "__main__":
    main()
