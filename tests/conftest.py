"""Settings of the whole test suite."""

import pytest
from hypothesis import settings

from tests.faults.counting import pytest_addoption, pytest_configure, tried
from tests.faults.moments import stages
from tests.pipeline.clone import clone, first_run

__all__ = ["clone", "first_run", "pytest_addoption", "pytest_configure", "stages", "tried"]

# Derandomised: a change makes a test fail, not the day it runs on.
settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50, print_blob=True)
settings.load_profile("repository")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line what the browser tests lack, where they were skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason in sorted({report.longrepr[2] for report in skipped if "tests/browser" in report.nodeid}):
        terminalreporter.write_line(f"tests/browser: {reason}")
