"""The page about running the pipeline: what the trained network reached."""

from __future__ import annotations

from lessons.kit.results import evaluation_table
from lessons.kit.shown import Shown


def from_code() -> Shown:
    """Return the results on the test images."""
    return Shown(values={"evaluation": evaluation_table()})
