"""Each fault on the first of two mirrors, and on all of three."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.common.errors import PipelineError
from pipeline.fetch import fetch
from pipeline.mirrors import Patience
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
from tests.faults.tables import tables
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds

FILES = list(CONTENTS)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    with network(tmp_path_factory.mktemp("network")) as mirror:
        yield mirror


def test_patience_lasts_as_long_as_the_table_says() -> None:
    table = tables()["network"]["faults"]
    assert Patience() == Patience(silence=10, deadline=5 * 60)
    for name, fault in FAULTS.items():
        lasts = {"": "", "silence": "10 seconds", "deadline": "5 minutes"}[fault.waits_for]
        assert lasts in table[name]["outcome"], name


@pytest.mark.parametrize("fault", FAULTS)
def test_the_second_mirror_makes_up_for_the_first(
    tmp_path: Path, mirror: Mirror, tried: Tried, fault: str
) -> None:
    mirrors = {mirror(fault, 1): fault, mirror("good", 2): "good"}
    patience = patience_with(fault, silence=1, deadline=1.5)

    fetched = fetch(TINY, tmp_path / "tiny", list(mirrors), "none", patience)

    assert_holds(tmp_path / "tiny", TINY)
    assert_attempts(fetched.attempts, FILES, mirrors)
    tried("network", fault)


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=[pytest.mark.slow] if waiting([one]) else []) for one in FAULTS]
)
def test_three_faulty_mirrors_end_in_an_error_that_lists_them_all_soon_and_in_little_memory(
    tmp_path: Path, mirror: Mirror, tried: Tried, fault: str
) -> None:
    mirrors = [mirror(fault, place) for place in (1, 2, 3)]
    patience = patience_with(fault, silence=1, deadline=1.5)

    with (
        soon(patience, [fault] * 3),
        in_little_memory(megabytes=8),
        pytest.raises(PipelineError) as caught,
    ):
        fetch(TINY, tmp_path / "tiny", mirrors, "none", patience)

    told, expected = str(caught.value).split("), expected a mirror ")
    attempts = told.removeprefix("tiny could not be fetched (").split("; ")
    for one, address in zip(attempts, mirrors, strict=True):
        assert one.startswith(f"{address}: {FILES[0]}: ")
        assert FAULTS[fault].reason in one
    assert "set CNN_DATA_MIRROR to a folder or URL that holds tiny/*.gz" in expected
    assert list(tmp_path.iterdir()) == []
    tried("network", fault)
