import json

import pytest

from tests.faults.counting import COUNTS
from tests.faults.tables import tables


def test_every_fault_of_the_tables_has_been_tried(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--fault-counts") == "write":
        pytest.skip("the counts are being written")
    counts = json.loads(COUNTS.read_text(encoding="utf-8"))
    assert {group: list(of_group) for group, of_group in counts.items()} == {
        group: list(table["faults"]) for group, table in tables().items()
    }
    assert all(cases > 0 for of_group in counts.values() for cases in of_group.values())
