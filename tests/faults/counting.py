"""Counts the cases that were tried of each fault, over all of pytest's workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest

from pipeline.common import paths
from tests.faults.tables import ROOT, tables

COUNTS = ROOT / paths.FAULT_COUNTS
Tried = Callable[..., None]


class Counting:
    """Adds up what the tests that passed have tried; at the end writes the counts, or compares them.

    Attributes:
        write: whether to write.
        counts: how many cases were tried, by group and fault.
    """

    def __init__(self, *, write: bool) -> None:
        self.write = write
        self.counts = {group: dict.fromkeys(table["faults"], 0) for group, table in tables().items()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for name, value in report.user_properties:
                if name == "tried":
                    self._add(*cast("tuple[str, str, int]", value))

    def _add(self, group: str, fault: str, cases: int) -> None:
        self.counts[group][fault] += cases

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        complaint = None if session.testsfailed else self._write() if self.write else self._compare()
        if complaint:
            session.config.get_terminal_writer().line(complaint, red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self) -> str | None:
        untried = [fault for group in self.counts.values() for fault, cases in group.items() if not cases]
        if untried:
            return f"{paths.FAULT_COUNTS} is not written, as no test has tried {', '.join(untried)}."
        COUNTS.write_text(json.dumps(self.counts, indent=2) + "\n", encoding="utf-8")
        return None

    def _compare(self) -> str | None:
        if self.counts == json.loads(COUNTS.read_text(encoding="utf-8")):
            return None
        return f"{paths.FAULT_COUNTS} holds other counts than this run: renew it with `make fault-counts`."


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-counts",
        choices=["check", "write"],
        help="compare the cases tried with metrics/faults.json, or write them there",
    )


def pytest_configure(config: pytest.Config) -> None:
    how = config.getoption("--fault-counts")
    if how and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Counting(write=how == "write"), "fault-counts")


@pytest.fixture
def tried(request: pytest.FixtureRequest) -> Tried:
    """Note that cases of a fault were tried; they count when the test passes."""

    def note(group: str, fault: str, cases: int = 1) -> None:
        request.node.user_properties.append(("tried", (group, fault, cases)))

    return note
