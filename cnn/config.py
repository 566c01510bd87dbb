"""From plain data, as in a YAML or JSON file, to layers and other dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from cnn.habits import nearest, unknown_argument
from cnn.layers import LAYERS, Layer

T = TypeVar("T")


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Make the layer that `Layer.to_config` describes; it is not built yet. Errors as in `from_config`.

    Example:
        >>> layer_from_config({"layer": "MaxPool2D", "pool_size": 2})
        MaxPool2D(pool_size=(2, 2), stride=(2, 2), padding='valid')
    """
    return from_config(config, "layer", LAYERS)


def from_config(config: Mapping[str, Any], what: str, kinds: Mapping[str, type[T]]) -> T:
    """Make an object of one of several kinds from plain data.

    Args:
        config: the kind under the key `what`, and the hyperparameters under their names.
        what: what is made, such as `"layer"`.
        kinds: the dataclasses to choose from, under their names.

    Raises:
        TypeError: if a hyperparameter has the wrong type.
        ValueError: if the kind or a hyperparameter is unknown, missing or out of range.
    """
    if not isinstance(config, Mapping) or what not in config:
        raise ValueError(f"Expected the kind of {what} under the key {what!r}, received {config!r}.")
    hyperparameters = dict(config)
    kind = str(hyperparameters.pop(what))
    if kind not in kinds:
        raise ValueError(f"There is no {what} {kind!r}{nearest(kind, kinds)}: there are {', '.join(kinds)}.")
    known = {entry.name: entry for entry in fields(kinds[kind]) if entry.init}  # type: ignore[arg-type]
    for name in hyperparameters:
        if name not in known:
            raise ValueError(unknown_argument(kind, "hyperparameter", name, known))
    for name, entry in known.items():
        if name not in hyperparameters and entry.default is MISSING:
            raise ValueError(f"{kind} needs {name}, received {dict(config)}.")
    return kinds[kind](**hyperparameters)
