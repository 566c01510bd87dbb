"""The page about running the pipeline: what the trained network reached."""

from __future__ import annotations

from lessons.kit import results
from lessons.kit.shown import Shown
from lessons.kit.tables import code, plain, table
from pipeline.common.datasets import title_of


def from_repository() -> Shown:
    """Return the results on the test images."""
    found = results.evaluation()
    rows = [
        ["data set", plain(title_of(found["dataset"]))],
        ["recipe", code(found["recipe"])],
        ["test images", f"{found['images']:,}"],
        ["classified wrongly", f"{found['errors']:,}"],
        ["accuracy", f"{found['accuracy']:.2%}"],
        ["loss", f"{found['loss']:.4f}"],
        ["calibration error", f"{found['calibration_error']:.2%}"],
    ]
    return Shown(values={"evaluation": table(["on the test images", "your network"], rows, numbers=1)})
