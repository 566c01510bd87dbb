"""Train in a loop and watch the memory: `python -m tests.cnn.soak --minutes 60` (Linux).

Each round trains a new model with a checkpoint and an average of its weights, saves it, loads it again and
classifies with it. Prints a table and, as its last line, the verdict as JSON; the exit status is 1 if the
memory grows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import cnn
from tests.cnn.short_training import bars, layers

WARM_UP = 0.2
"""The share of the time that is left out: caches and pools still fill."""
LARGEST_GROWTH = 0.05
"""Flat memory: over the whole time, the fitted line rises by at most this share of the memory."""
EVERY = 10
"""Seconds between two samples; with a sample in each round, their list itself would grow."""
ROWS = 10


class Sample(NamedTuple):
    """The memory after some rounds."""

    seconds: float
    megabytes: float
    rounds: int


def resident() -> float:
    """Return the memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def one_round(folder: Path, seed: int) -> None:
    """Train, save, load and predict once."""
    x, labels = bars(500, seed)
    model = cnn.Sequential(layers())
    model.build(x.shape[1:], np.random.default_rng(seed))
    checkpoint = cnn.Checkpoint(folder / "checkpoint.npz")
    model.fit(
        x,
        labels,
        epochs=2,
        optimiser=cnn.Adam(learning_rate=0.003),
        batch_size=100,
        augmentation=cnn.RandomAffine(rotation=5, shift=1),
        validation_data=(x, labels),
        callbacks=[cnn.WeightAverage(0.9), cnn.BestWeights(), checkpoint],
        seed=seed,
    )
    checkpoint.path.unlink()
    model.save(folder / "model.npz")
    cnn.Sequential.load(folder / "model.npz").predict_proba(x)


def soak(seconds: float) -> list[Sample]:
    """Run rounds for this time; return samples of the memory."""
    samples: list[Sample] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for rounds in count(1):
            one_round(Path(folder), seed=rounds)
            passed = time.monotonic() - started
            if not samples or passed >= min(samples[-1].seconds + EVERY, seconds):
                samples.append(Sample(passed, resident(), rounds))
            if passed >= seconds:
                break
    return samples


def verdict(samples: Sequence[Sample]) -> dict[str, Any]:
    """Fit a line to the memory after the warm-up; tell whether it is flat."""
    after = [one for one in samples if one.seconds >= WARM_UP * samples[-1].seconds]
    seconds, megabytes, _ = np.array(after).T
    slope = float(np.polyfit(seconds - seconds[0], megabytes, 1)[0])
    growth = slope * float(seconds[-1] - seconds[0])
    return {
        "flat": bool(growth <= LARGEST_GROWTH * megabytes.mean()),
        "rounds": samples[-1].rounds,
        "minutes": round(samples[-1].seconds / 60, 1),
        "megabytes": round(float(megabytes.mean()), 1),
        "lowest": round(float(megabytes.min()), 1),
        "highest": round(float(megabytes.max()), 1),
        "growth": round(growth, 2),
        "growth_per_hour": round(slope * 3600, 2),
    }


def main() -> None:
    """Run the soak and print its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    samples = soak(60 * parser.parse_args().minutes)
    print("minutes  rounds  megabytes")
    for number in np.linspace(0, len(samples) - 1, min(ROWS, len(samples))).astype(int):
        sample = samples[number]
        print(f"{sample.seconds / 60:7.1f}  {sample.rounds:6}  {sample.megabytes:9.1f}")
    found = verdict(samples)
    print(json.dumps(found))
    sys.exit(0 if found["flat"] else 1)


if __name__ == "__main__":
    main()
