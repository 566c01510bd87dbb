"""What a layer of a user's own must return: a message says what it returned instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn.habits import in_brief
from cnn.layers import Layer
from cnn.types import Array, Gradients


def output_and_cache(layer: Layer, found: Any) -> tuple[Array, Any]:
    """Return what a forward pass returned.

    Raises:
        TypeError: if it is not an output and a cache.
    """
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], np.ndarray):
        return found
    raise _broken(layer, "forward_pass", "the output and a cache, (y, cache)", found)


def dx_and_gradients(layer: Layer, found: Any) -> tuple[Array, Gradients]:
    """Return what a backward pass returned.

    Raises:
        TypeError: if it is not the input's gradient and those of the parameters.
    """
    if isinstance(found, tuple) and len(found) == 2:
        return found
    expected = "the gradient of the input and a dict of those of the parameters, (dx, grads)"
    raise _broken(layer, "backward_pass", expected, found)


def check_gradients(layer: Layer, grads: Any) -> None:
    """Refuse gradients that are not those of the layer's parameters.

    Raises:
        TypeError: if a name or a shape is another.
    """
    params = layer.params
    if not isinstance(grads, dict) or grads.keys() != params.keys():
        names = ", ".join(params) or "none"
        raise _broken(layer, "backward_pass", f"a gradient for each of its parameters ({names})", grads)
    for name, grad in grads.items():
        if np.shape(grad) != params[name].shape:
            expected = f"a gradient of {name} in the shape of {name}, {list(params[name].shape)}"
            raise _broken(layer, "backward_pass", expected, grad)


def _broken(layer: Layer, method: str, expected: str, found: object) -> TypeError:
    return TypeError(f"{layer.kind}: {method} must return {expected}, received {in_brief(found)}.")
