"""Settings of the whole test suite."""

import pytest
from hypothesis import settings

# Derandomised: a change makes a test fail, not the day it runs on.
settings.register_profile("repository", deadline=None, derandomize=True, max_examples=20, print_blob=True)
settings.load_profile("repository")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in a line what the browser tests lack, where they were skipped, or what they measured."""
    skipped, passed = (
        [report for report in terminalreporter.stats.get(how, []) if "tests/browser" in report.nodeid]
        for how in ("skipped", "passed")
    )
    reasons = {report.longrepr[2] for report in skipped}
    measured = {f"{name} {value}" for report in passed for name, value in report.user_properties}
    for line in sorted(reasons | measured):
        terminalreporter.write_line(f"tests/browser: {line}")
