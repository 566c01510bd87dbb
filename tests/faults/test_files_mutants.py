"""Mutants of valid files, by the thousand."""

from __future__ import annotations

import pytest

from tests.faults.counting import Tried
from tests.faults.files import apart
from tests.faults.mutants import KINDS, try_mutants

QUICK, ALL = 120, 4_000
MEMORY = {"idx-mutants": 20_000_000, "model-mutants": 20_000_000, "picture-mutants": 1_000_000_000}


@pytest.mark.parametrize(
    "numbers", [range(QUICK), pytest.param(range(QUICK, ALL), marks=pytest.mark.slow)], ids=["quick", "slow"]
)
@pytest.mark.parametrize("fault", KINDS)
def test_a_mutant_is_refused_or_read_as_another_reader_reads_it(
    fault: str, numbers: range, tried: Tried
) -> None:
    # A process of its own: a decoder that breaks it is a failure, and what it takes can be measured.
    outcome = apart(500, try_mutants, fault, numbers)
    assert outcome.refused + outcome.read == len(numbers)
    assert min(outcome.refused, outcome.read) > len(numbers) / 10, "both must occur"
    assert outcome.memory < MEMORY[fault]
    assert outcome.slowest < 2
    tried("files", fault, len(numbers))
