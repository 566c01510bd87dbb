"""How cnn's time and memory grow: with the images, with the batch and with the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.cases import BATCHES
from benchmarks.compare import Tell
from benchmarks.job import Case
from benchmarks.subjects import NATIVE, THREADS


@dataclass(frozen=True)
class Sizes:
    """What is tried.

    Attributes:
        images: numbers of images to predict.
        batch_sizes: numbers of images of a training step.
        workers: numbers of workers of a training step.
    """

    images: Sequence[int] = (1_000, 5_000, 25_000)
    batch_sizes: Sequence[int] = (64, 128, 256, 512)
    workers: Sequence[int] = (1, 2, 4)

    def __len__(self) -> int:
        return len(self.images) + len(self.batch_sizes) + len(self.workers)


def scaling(case: Case, sizes: Sizes, seconds: float, tell: Tell) -> dict[str, Any]:
    """Measure training steps, and predictions with the same network, in different sizes, once each.

    Args:
        case: whose network it is.
        sizes: what is tried.
        seconds: how long each measurement takes at least.
        tell: what is told of each measurement before it begins.

    Returns:
        Under the name of what grows, one line for each size: the size, the images of what was timed, and
        the measurement.
    """
    by_images = [(size, replace(case, task="predict", images=size), THREADS) for size in sizes.images]
    by_batch = [(size, _training(case, size), THREADS) for size in sizes.batch_sizes]
    by_workers = [(size, _training(case, case.batch_size), size) for size in sizes.workers]
    found: dict[str, Any] = {}
    for name, trials in (("images", by_images), ("batch_size", by_batch), ("workers", by_workers)):
        found[name] = []
        for size, trial, threads in trials:
            tell(f"scaling, {name} {size}")
            line = {"size": size, "images": trial.images_at_once}
            found[name].append(line | NATIVE.measure(trial, seconds, threads))
    return found


def _training(case: Case, batch_size: int) -> Case:
    return replace(case, task="train", batch_size=batch_size, images=BATCHES * batch_size)
