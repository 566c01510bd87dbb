"""How much memory a block or a function takes."""

import resource
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """Check that the block never takes more than these bytes."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most


def growth(function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> int:
    """Return by how many bytes a new process grows when it calls a function."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply_async(_growth, (function, args, kwargs)).get(timeout=120)


def _growth(function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> int:
    before = _peak()
    function(*args, **kwargs)
    return _peak() - before


def _peak() -> int:
    """Return the most bytes that this process has had in memory."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss begins with the parent's there
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
