"""Where training left the finite numbers: the layer that a message about it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnn.types import Array, Gradients

if TYPE_CHECKING:
    from cnn.micro_batch import MicroBatchResult
    from cnn.stack import LayerStack


def first_overflow(model: LayerStack, x: Array, rng: np.random.Generator | None = None) -> int:
    """Return the place of the first layer whose output is not finite.

    Where every output is finite and the loss is not, it is the last layer: its numbers are too large for it.

    Args:
        model: the model.
        x: the samples for which the loss is not finite.
        rng: where dropout draws from in training; None goes forward as at inference.

    Example:
        >>> from cnn import Dense, ReLU
        >>> from cnn.stack import LayerStack
        >>> stack = LayerStack([ReLU(), Dense(2), ReLU()])
        >>> shape = stack.build((3,), np.random.default_rng(0))
        >>> stack.assign({"1.bias": np.array([0, np.inf])})
        >>> first_overflow(stack, np.ones((1, 3)))
        1
    """
    with np.errstate(over="ignore", invalid="ignore"):
        for place, layer in enumerate(model.layers):
            x, _ = layer.forward_pass(x, training=rng is not None, rng=rng)
            if not np.isfinite(x).all():
                return place
    return len(model.layers) - 1


def diverging_layer(
    results: Sequence[MicroBatchResult], grads: Gradients, params: Mapping[str, Array]
) -> int | None:
    """Return the place of the layer in which a step left the finite numbers, or None if it did not.

    That is the first layer whose output or statistics are not finite on the way forward, or else the last
    one with such gradients, where the way back begins, or else the first one with such new parameters.

    Args:
        results: of the batch's micro-batches.
        grads: the gradients of the whole batch, under flat names.
        params: the new parameters, under flat names.
    """
    forward = {result.overflow for result in results if result.overflow is not None}
    for result in results:
        forward |= {place for place, seen in enumerate(result.observations) if not _finite(seen.values())}
    if forward:
        return min(forward)
    if _finite(params.values()):
        return None
    return max(_places(grads), default=min(_places(params)))


def _places(arrays: Mapping[str, Array]) -> set[int]:
    """Return the layers' places in the flat names of those arrays that are not finite."""
    return {int(name.partition(".")[0]) for name, array in arrays.items() if not _finite([array])}


def _finite(arrays: Iterable[Array]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)
