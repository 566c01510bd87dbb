"""How fast two ways to the same numbers are, measured when the site is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from timeit import Timer

import numpy as np

from cnn.parallel import one_blas_thread
from cnn.types import Array
from lessons.kit.tables import table
from pipeline.common.machine import machine

REPEATS = 5  # measurements, of which the fastest counts


def compared(what: str, ways: Sequence[tuple[str, Callable[[], object]]]) -> str:
    """Return a table of the time that each way takes on one thread, and how much faster than the first it is.

    Args:
        what: what is computed.
        ways: the name of each way, and a function that goes it.
    """
    with one_blas_thread():
        seconds = [_fastest(way) for _, way in ways]
    rows = [
        [name, f"{1e6 * time:,.0f} µs", f"{seconds[0] / time:.1f}"]
        for (name, _), time in zip(ways, seconds, strict=True)
    ]
    return table([what, "time", "times as fast"], rows, numbers=2)


def processor() -> str:
    """Return the name of this machine's processor."""
    return str(machine()["processor"])


def random_images(*shape: int) -> Array:
    """Return random numbers from 1 to 2, of this shape."""
    return np.random.default_rng(0).random(shape, dtype=np.float32) + 1


def _fastest(way: Callable[[], object]) -> float:
    timer = Timer(way)
    number, _ = timer.autorange(lambda *_: None)
    return min(timer.repeat(REPEATS, max(1, number // 8))) / max(1, number // 8)
