"""Settings of the whole test suite."""

from hypothesis import settings

from tests.faults.counting import pytest_addoption, pytest_configure, tried

__all__ = ["pytest_addoption", "pytest_configure", "tried"]

# Derandomised: a change makes a test fail, not the day it runs on.
settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50, print_blob=True)
settings.load_profile("repository")
