"""Facts about results: what the trained network reached, and what repetitions of recipes reached."""

from __future__ import annotations

import math
from typing import Any

from cnn.callbacks import best_epoch
from lessons.kit import results
from pipeline.common.datasets import DATASETS
from pipeline.common.params import load_parameters


def validation_and_test() -> str:
    """Return how the epoch that was kept did on the validation images and on the test images."""
    found, history = results.evaluation(), results.history()
    monitor = load_parameters().chosen.train.monitor
    kept = best_epoch(history, monitor)
    validation = next(record for record in history if record["epoch"] == kept)["validation_accuracy"]
    accuracy, images = found["accuracy"], found["images"]
    luck = math.sqrt(accuracy * (1 - accuracy) / images)
    return (
        f"Your network's best epoch was number {kept} of {len(history)}. It reached {validation:.2%} on the "
        f"validation images and {accuracy:.2%} on the {images:,} test images of {_title(found)}. "
        f"Other {images:,} images would have given another number: its standard error is "
        f"√({accuracy:.4f} · {1 - accuracy:.4f} / {images:,}) = {luck:.2%}. "
        "A difference as small as that may be luck."
    )


def _title(found: dict[str, Any]) -> str:
    return DATASETS[found["dataset"]].title
