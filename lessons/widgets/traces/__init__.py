"""The traces: what every layer does to small arrays, recorded from `cnn` and split into single cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lessons.kit.shown import to_json
from lessons.widgets.traces import dense, flatten, loss, pooling

TRACES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "max-pooling": pooling.max_cases,
    "average-pooling": pooling.average_cases,
    "flatten": flatten.cases,
    "dense": dense.cases,
    "softmax-cross-entropy": loss.cases,
}
"""What records the cases of each layer, by the name that the pages use."""


def traces() -> dict[str, bytes]:
    """Record the traces of all layers.

    Returns:
        The JSON files by their names.

    Raises:
        PipelineError: if a trace no longer fits the library.
    """
    return {
        f"traces/{layer}.json": to_json({"layer": layer, "cases": cases()}) for layer, cases in TRACES.items()
    }
