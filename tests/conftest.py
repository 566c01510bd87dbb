"""Settings of the whole test suite."""

from hypothesis import settings

# Derandomised: a change makes a test fail, not the day it runs on.
settings.register_profile("repository", deadline=None, derandomize=True, max_examples=50, print_blob=True)
settings.load_profile("repository")
