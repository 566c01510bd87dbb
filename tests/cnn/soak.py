"""Train in a loop and watch the memory: `python -m tests.cnn.soak --minutes 60` (Linux).

Each round trains a new model with a checkpoint and an average of its weights, saves it, loads it again and
classifies with it. The exit status is 1 if the memory grows.
"""

import argparse
import os
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np

import cnn
from tests.cnn.short_training import bars, layers

WARM_UP = 0.2
"""The share of the time that is left out: caches and pools still fill."""
LARGEST_GROWTH = 0.05
"""Flat memory: from the warm-up to the end it grows by at most this share."""


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
        progress=False,
        seed=seed,
    )
    checkpoint.path.unlink()
    model.save(folder / "model.npz")
    cnn.Sequential.load(folder / "model.npz").predict_proba(x)


def main() -> None:
    """Run rounds for the time asked for; print the memory ten times, and whether it is flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    seconds, started = 60 * parser.parse_args().minutes, time.monotonic()
    found: list[float] = []  # a number for each tenth of the time
    with tempfile.TemporaryDirectory() as folder:
        for rounds in count(1):
            one_round(Path(folder), seed=rounds)
            passed = time.monotonic() - started
            if passed >= (len(found) + 1) / 10 * seconds:
                found.append(resident())
                print(f"{passed / 60:.1f} minutes, {rounds} rounds: {found[-1]:.1f} MB")
            if len(found) == 10:
                break
    growth = found[-1] / found[int(10 * WARM_UP)] - 1
    print(f"after the warm-up, the memory changed by {growth:+.1%}")
    sys.exit(1 if growth > LARGEST_GROWTH else 0)


if __name__ == "__main__":
    main()
