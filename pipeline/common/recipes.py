"""From a recipe's plain data to the objects of `cnn`, and to the JSON schema that editors complete it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

import cnn
from cnn.config import from_config, layer_from_config
from cnn.layers import LAYERS

T = TypeVar("T")

OPTIMISERS: dict[str, type[cnn.Optimiser]] = {
    kind.__name__: kind for kind in (cnn.SGD, cnn.RMSProp, cnn.Adam, cnn.AdamW)
}
SCHEDULES: dict[str, type[cnn.Schedule]] = {
    kind.__name__: kind for kind in (cnn.ConstantRate, cnn.StepDecay, cnn.CosineDecay, cnn.OneCycle)
}
LOSSES: dict[str, type[cnn.Loss]] = {
    kind.__name__: kind for kind in (cnn.SoftmaxCrossEntropy, cnn.MeanSquaredError)
}

AUGMENTATIONS: dict[str, type[cnn.Augmentation]] = {kind.__name__: kind for kind in (cnn.RandomAffine,)}


def make_model(layers: Sequence[Mapping[str, Any]]) -> cnn.Sequential:
    """Make a model, not built yet, from its list of layers.

    Raises:
        ValueError: if a layer or one of its hyperparameters is unknown, missing or wrong; it says which.

    Example:
        >>> make_model([{"layer": "Dense", "units": 10}])
        Sequential([Dense(units=10, initialiser='he_uniform')])
    """
    made = []
    for place, layer in enumerate(layers):
        try:
            made.append(layer_from_config(layer))
        except (TypeError, ValueError) as error:
            raise ValueError(f"layer {place}: {error}") from error
    return cnn.Sequential(made)


def make_optimiser(config: Mapping[str, Any]) -> cnn.Optimiser:
    """Make an optimiser; its learning rate may be a number or a schedule.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.

    Example:
        >>> make_optimiser({"optimiser": "SGD", "learning_rate": {"schedule": "OneCycle", "peak": 0.1}})
        SGD(learning_rate=OneCycle(peak=0.1, warm_up=0.3, start=None, end=None), \
weight_decay=0.0, clip_norm=None, momentum=0.0, nesterov=False)
    """
    rate = config.get("learning_rate")
    if isinstance(rate, Mapping):
        config = {**config, "learning_rate": _made(rate, "schedule", SCHEDULES)}
    return _made(config, "optimiser", OPTIMISERS)


def make_loss(config: Mapping[str, Any]) -> cnn.Loss:
    """Make a loss.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.

    Example:
        >>> make_loss({"loss": "SoftmaxCrossEntropy"})
        SoftmaxCrossEntropy(label_smoothing=0.0)
    """
    return _made(config, "loss", LOSSES)


def make_augmentation(config: Mapping[str, Any] | None) -> cnn.Augmentation | None:
    """Make an augmentation, or None of None.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.

    Example:
        >>> make_augmentation({"augmentation": "RandomAffine", "rotation": 10, "shift": 2})
        RandomAffine(rotation=10.0, scale=0.0, shear=0.0, shift=2.0)
    """
    return None if config is None else _made(config, "augmentation", AUGMENTATIONS)


def _made(config: Mapping[str, Any], what: str, kinds: Mapping[str, type[T]]) -> T:
    """Make one of several kinds, with a ValueError for every fault: that is what pydantic reports."""
    try:
        return from_config(config, what, kinds)
    except TypeError as error:
        raise ValueError(str(error)) from error


def layers_schema() -> dict[str, Any]:
    """Return the JSON schema of a list of layers."""
    return {"type": "array", "minItems": 1, "items": _schema_of_one("layer", LAYERS)}


def optimiser_schema() -> dict[str, Any]:
    """Return the JSON schema of an optimiser, the schedules of its learning rate included."""
    schema = _schema_of_one("optimiser", OPTIMISERS)
    rate = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, _schema_of_one("schedule", SCHEDULES)]}
    for kind in schema["oneOf"]:
        kind["properties"]["learning_rate"] = rate
    return schema


def loss_schema() -> dict[str, Any]:
    """Return the JSON schema of a loss."""
    return _schema_of_one("loss", LOSSES)


def augmentation_schema() -> dict[str, Any]:
    """Return the JSON schema of an augmentation, which may be null."""
    return {"anyOf": [_schema_of_one("augmentation", AUGMENTATIONS), {"type": "null"}]}


def _schema_of_one(what: str, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return the schema of an object of one of these kinds, from the hyperparameters' own types."""
    return {"oneOf": [TypeAdapter(_hyperparameters(what, kind)).json_schema() for kind in kinds.values()]}


def _hyperparameters(what: str, kind: type) -> type[BaseModel]:
    types = get_type_hints(kind)
    entries: dict[str, Any] = {what: (Literal[kind.__name__], ...)}
    for entry in fields(kind):
        if entry.init:
            default = ... if entry.default is MISSING else entry.default
            entries[entry.name] = (_plain(types[entry.name]), default)
    return create_model(kind.__name__, __config__=ConfigDict(extra="forbid"), **entries)


def _plain(annotation: Any) -> Any:
    """Leave schedules, which are no plain data, to `optimiser_schema`."""
    return Annotated[float, Field(gt=0)] if annotation == float | cnn.Schedule else annotation
