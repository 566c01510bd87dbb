"""What the tests of damaged files share: pieces of such files, and a watch over memory."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, ParamSpec, TypeVar

import numpy as np

from cnn.types import Array

P = ParamSpec("P")
T = TypeVar("T")


def apart(seconds: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a process of its own, which is ended if it takes longer than these seconds.

    Raises:
        TimeoutError: if it does, or the process dies.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply_async(function, args, kwargs).get(seconds)


@contextmanager
def little_memory(most: int = 1_000_000) -> Iterator[None]:
    """See to it that the block never takes more than these bytes, a megabyte if nothing is said."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most


def npy(kind: str, shape: tuple[int, ...], content: bytes = b"") -> bytes:
    """Return an `.npy` file whose header claims this, whatever follows it."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue() + content


def npz(members: Mapping[str, Any]) -> bytes:
    """Return an `.npz` file."""
    file = io.BytesIO()
    np.savez(file, **members)
    return file.getvalue()


def members_of(content: bytes) -> dict[str, Any]:
    """Return what an `.npz` file holds."""
    with np.load(io.BytesIO(content), allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


def rewritten(
    content: bytes, header: Mapping[str, Any], arrays: Mapping[str, Array | None] | None = None
) -> bytes:
    """Return a model's file with other entries in the header and other arrays; None leaves one out."""
    members = members_of(content)
    entries = json.loads(str(members["header"])) | header
    kept = {name: value for name, value in entries.items() if value is not None}
    changed = {**members, "header": np.array(json.dumps(kept)), **(arrays or {})}
    return npz({name: array for name, array in changed.items() if array is not None})
