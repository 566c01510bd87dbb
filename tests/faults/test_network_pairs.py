"""Every pair of faults on two mirrors before a good one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from pipeline.fetch import fetch
from tests.faults.counting import Tried
from tests.faults.network import (
    FAULTS,
    Mirror,
    assert_attempts,
    in_little_memory,
    network,
    patience_with,
    soon,
    waiting,
)
from tests.pipeline.tiny_data import TINY, assert_holds

# Two files show all that four do: whether a mirror is asked again.
PAIR = replace(TINY, files=dict(islice(TINY.files.items(), 2)))
FILES = [file.name for file in PAIR.files.values()]


@pytest.fixture
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """Run mirrors for one test only, because what they do for ever would slow down the next."""
    with network(tmp_path_factory.mktemp("network")) as mirror:
        yield mirror


@pytest.mark.slow
@pytest.mark.parametrize("first", FAULTS)
def test_the_third_mirror_makes_up_for_the_first_two(
    tmp_path: Path, mirror: Mirror, tried: Tried, first: str
) -> None:
    def check(second: str) -> None:
        mirrors = {mirror(first, 1): first, mirror(second, 2): second, mirror("good", 3): "good"}
        patience = patience_with(first, second, silence=1, deadline=1.5)

        with soon(patience, [first, second]):
            fetched = fetch(PAIR, tmp_path / second / "pair", list(mirrors), "none", patience)

        assert_holds(tmp_path / second / "pair", PAIR)
        assert_attempts(fetched.attempts, FILES, mirrors)

    with in_little_memory(megabytes=32):  # of ten at a time
        for second in FAULTS:
            if not waiting([first, second]):
                check(second)
        with ThreadPoolExecutor(10) as executor:  # the others do little but wait
            list(executor.map(check, [second for second in FAULTS if waiting([first, second])]))

    for second in FAULTS:
        tried("network", first)
        tried("network", second)
