"""Mutants of valid files: each is refused in the project's own words, or read as another reader reads it.

Every mutant follows from its kind and number alone. Those of even number keep a valid header: an IDX file's
dimensions, an archive's directory and checksums, a picture's size and format.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.faults.mutant_arrays import idx_mutant, model_mutant, reads_idx, reads_model
from tests.faults.mutant_pictures import picture_mutant, reads_picture

KINDS: dict[str, tuple[Callable[[Random, bool], bytes], Callable[[Path], bool]]] = {
    "idx-mutants": (idx_mutant, reads_idx),
    "model-mutants": (model_mutant, reads_model),
    "picture-mutants": (picture_mutant, reads_picture),
}


class Outcome(NamedTuple):
    """What became of a number of mutants.

    Attributes:
        refused: how many were refused.
        read: how many were read, as another reader reads them.
        memory: how many bytes the process grew by at most.
        slowest: the processor's seconds that the slowest of them took.
    """

    refused: int
    read: int
    memory: int
    slowest: float


def try_mutants(kind: str, numbers: range) -> Outcome:
    """Try the mutants of these numbers, in a process of its own.

    Raises:
        AssertionError: if one is read otherwise than another reader reads it.
        Exception: whatever else than a refusal a reader raises.
    """
    warnings.simplefilter("error")
    mutant, reads = KINDS[kind]
    outcomes, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant"
        path.write_bytes(mutant(Random(0), True))
        reads(path)  # so that whatever is loaded late has been loaded
        before = peak_memory()
        for number in numbers:
            path.write_bytes(mutant(Random(f"{kind} {number}"), number % 2 == 0))
            start = time.process_time()
            try:
                outcomes.append(reads(path))
            except Exception as error:
                error.add_note(f"number {number} of {kind}")
                raise
            slowest = max(slowest, time.process_time() - start)
    return Outcome(outcomes.count(False), outcomes.count(True), peak_memory() - before, slowest)


def peak_memory() -> int:
    """Return the most bytes that this process has had in memory."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss begins with the parent's there
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
