"""A short training whose bits are recorded in digest.json: `python -m tests.cnn.short_training` repeats it.

It prints its result as JSON; `--record` writes that to digest.json, with which every other machine compares
its own. The environment chooses BLAS's kernels: CNN_KERNELS=portable for a record.
"""

from __future__ import annotations

import pipeline.common.kernels  # noqa: F401 - first, since it chooses the BLAS kernels that NumPy loads

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

RECORD = Path(__file__).with_name("digest.json")
TOLERANCE = 0.002
"""How far the accuracy may be from the recorded one where other bits are expected."""


def bars(n: int, seed: int) -> tuple[Array, Labels]:
    """Return noise `[n, 16, 16, 1]` with a bar whose length tells the label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 5
    x = rng.random((n, 16, 16, 1), dtype=np.float32)
    for image, label in zip(x, labels, strict=True):
        row, column = rng.integers(2, 11), rng.integers(0, 3)
        image[row : row + 3, column : column + 2 * label + 4] += 1.5
    return x, labels


def layers() -> list[cnn.Layer]:
    """Return layers with all kinds of computation; the products are large enough for kernels to differ."""
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
    """Return what the bits could depend on: system, processor, BLAS, NumPy and its vector instructions."""
    blas = {
        f"{library['internal_api']} {library['version']} with {library.get('architecture')} kernels"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": archspec.cpu.host().name,
        "BLAS": ", ".join(sorted(blas)) or "unknown",
        "NumPy": np.__version__,
        "NumPy's loops": " ".join(loops()) or "without AVX2",
    }


def loops() -> list[str]:
    """Return the sets of vector instructions that NumPy uses here."""
    core = import_module("numpy._core._multiarray_umath")
    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]


def promised() -> bool:
    """Tell whether the recorded bits are promised on this machine."""
    return platform.system() == "Linux" and archspec.cpu.host() >= archspec.cpu.TARGETS["x86_64_v3"]


def fault(found: dict[str, Any], recorded: dict[str, Any], *, bits: bool) -> str | None:
    """Say how a training's result differs from the record, and what may explain it; None if it does not.

    Args:
        found: the result here.
        recorded: the record.
        bits: whether every bit must be the same; otherwise only the accuracy is compared.
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
        "If NumPy or BLAS differs, install requirements.lock. If cnn was changed to give other numbers, run "
        "`CNN_KERNELS=portable python -m tests.cnn.short_training --record`. Otherwise the promise of the "
        "same bits is broken on this processor: please report this message."
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
