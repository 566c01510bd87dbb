"""The traces: what every layer does to small arrays, recorded from `cnn` and split into single cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.trace_convolution import convolution
from pipeline.trace_dense import dense
from pipeline.trace_dropout import dropout
from pipeline.trace_flatten import flatten
from pipeline.trace_format import to_json
from pipeline.trace_loss import softmax_cross_entropy
from pipeline.trace_network import network
from pipeline.trace_pooling import average_pooling, max_pooling

TRACES: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "convolution": convolution,
    "max-pooling": max_pooling,
    "average-pooling": average_pooling,
    "dropout": dropout,
    "flatten": flatten,
    "dense": dense,
    "softmax-cross-entropy": softmax_cross_entropy,
    "network": network,
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
