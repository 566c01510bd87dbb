"""Micro-batches side by side: the pool of workers, while BLAS uses one thread."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

from cnn.checks import whole_number


@contextmanager
def worker_pool(workers: int | None, executor: Executor | None) -> Iterator[Executor]:
    """Give the executor to run micro-batches on: the caller's, or threads that end with the block.

    Args:
        workers: the number of threads; None takes one for each processor this process may use.
        executor: an executor that exists already (threads, processes, a cluster's); it is left open.

    Raises:
        TypeError: if `workers` is not a whole number.
        ValueError: if it is less than 1, or both are given.
    """
    check_workers(workers, executor)
    keep_freed_memory()
    with one_blas_thread():
        if executor is not None:
            yield executor
        else:
            with ThreadPoolExecutor(workers or processors()) as pool:
                yield pool


def check_workers(workers: int | None, executor: Executor | None) -> None:
    """Refuse a wrong number of workers, or a number together with an executor, which has workers already.

    Raises:
        TypeError: if `workers` is not a whole number, or `executor` no Executor.
        ValueError: if it is less than 1, or both are given.
    """
    if workers is not None:
        if whole_number("Micro-batches", "workers", workers, minimum=-1) < 1:
            raise ValueError(
                f"Micro-batches: workers must be 1 or more, received {workers}: None takes one for each "
                "processor."
            )
        if executor is not None:
            raise ValueError(f"Give either workers or an executor, received both (workers={workers}).")
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            f"executor must be an Executor of concurrent.futures, such as ThreadPoolExecutor(4), received "
            f"{executor!r:.60}: for a number of threads, write workers=4."
        )


@cache
def keep_freed_memory() -> None:
    """Let the C library keep the memory of freed arrays for the next arrays, up to tens of megabytes.

    glibc gives large arrays back to the kernel as soon as they are freed, and the kernel must fill new pages
    with zeros each time. That takes a sixth of a training step, and half of it if MALLOC_TRIM_THRESHOLD_ is
    set, as in Dask's workers. glibc chooses these same thresholds itself after an array of 32 MB has been
    freed. With another C library nothing happens.

    Source:
        mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, in bytes
        library.mallopt(-1, 64 << 20)  # M_TRIM_THRESHOLD


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _BlasLimit:
    """The limit of one BLAS thread for all threads that ask for it: the first sets it, the last removes it.

    If each thread set and restored the limit by itself, two overlapping threads could leave BLAS at one
    thread for good. threadpoolctl lets only the first thread that set OpenBLAS's limit set it again while
    that thread lives; this right is cleared, since the last thread may be another one than the first.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._holders = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._holders == 0:
                OpenBLASController.clear_controlling_thread(force=True)
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._holders += 1

    def leave(self) -> None:
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                OpenBLASController.clear_controlling_thread(force=True)
                self._limit.restore_original_limits()
                OpenBLASController.clear_controlling_thread(force=True)


_blas_limit = _BlasLimit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread in this process, until the last block of this kind ends.

    If threadpoolctl does not know the BLAS (Apple's Accelerate), nothing happens.
    """
    _blas_limit.enter()
    try:
        yield
    finally:
        _blas_limit.leave()


@cache
def _controller() -> ThreadpoolController:
    """Find the loaded BLAS, once: the search takes about as long as a small batch."""
    return ThreadpoolController()
