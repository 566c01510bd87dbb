"""One micro-batch: forward and backward, in whatever thread or process it runs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnn.augmentation import Augmentation
from cnn.divergence import first_overflow
from cnn.labels import labels_of
from cnn.losses import Loss
from cnn.parallel import keep_freed_memory, one_blas_thread
from cnn.types import Array, Gradients, Targets

if TYPE_CHECKING:
    from cnn.sequential import Sequential


class MicroBatchResult(NamedTuple):
    """What one micro-batch adds to its batch."""

    loss: float
    correct: int
    grads: Gradients
    observations: list[dict[str, Array]]
    overflow: int | None  # the layer that made the loss no finite number, if it is none


def run_micro_batch(
    model: Sequential,
    loss: Loss,
    augmentation: Augmentation | None,
    x: Array,
    draws: Array,
    targets: Targets,
    batch_size: int,
    rng_key: tuple[int, ...],
) -> MicroBatchResult:
    """Take one micro-batch forward and backward.

    Args:
        model: the model, which is only read.
        loss: what is made smaller.
        augmentation: what changes the samples first.
        x: the micro-batch's samples.
        draws: the random numbers of their augmentation, one row for each sample.
        targets: their targets.
        batch_size: N, the size of the whole batch.
        rng_key: seed, epoch, step and the micro-batch's place, from which dropout's randomness derives.

    Returns:
        Its part of the loss, the gradients, the statistics, and which layer overflowed.
    """
    keep_freed_memory()  # of this process, which need not be that of fit
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):  # Training reports what overflows
        if augmentation is not None:
            x = augmentation(x, draws)
        outputs, caches = model.forward_pass(x, training=True, rng=generator(*rng_key))
        value, doutputs = loss(outputs, targets, batch_size)
        grads = model.parameter_gradients(doutputs, caches)
    correct = int((labels_of(outputs) == labels_of(targets)).sum())
    seen = [layer.observations(cache) for layer, cache in zip(model.layers, caches, strict=True)]
    overflow = None if isfinite(value) else first_overflow(model, x, generator(*rng_key))
    return MicroBatchResult(value, correct, grads, seen, overflow)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the generator that belongs to this epoch, step and micro-batch, whatever ran before.

    Example:
        >>> bool(generator(0, 1, 2).random() == generator(0, 1, 2).random())
        True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
