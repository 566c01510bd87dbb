"""Objects of `cnn`, made from the plain data of `params.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from math import prod
from typing import Annotated, Any, Literal, Union, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from typing_extensions import TypeAliasType

import cnn
from cnn.config import from_config
from cnn.initialisers import InitialiserName
from cnn.layers import LAYERS
from cnn.layers.batch_norm import check_count
from cnn.layers.padding import Padding
from cnn.losses import LOSSES
from cnn.optimisers import OPTIMISERS
from cnn.schedules import SCHEDULES
from cnn.summary import layer_summaries
from cnn.types import Pair, Shape

AUGMENTATIONS: dict[str, type[cnn.Augmentation]] = {kind.__name__: kind for kind in (cnn.RandomAffine,)}
KINDS: dict[str, Mapping[str, type]] = {
    "layer": LAYERS,
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "augmentation": AUGMENTATIONS,
}

LARGEST = 10**10
"""Products or numbers that a layer may need for one image: some seconds of a processor's time."""


def make_model(layers: Sequence[Mapping[str, Any]]) -> cnn.Sequential:
    """Make a model, not built yet, from its list of layers.

    Raises:
        ValueError: if a layer or one of its hyperparameters is unknown, missing or wrong; it says which.

    Example:
        >>> make_model([{"layer": "Dense", "units": 10}])
        Sequential([Dense(units=10, initialiser='he_uniform')])
    """
    made = []
    for index, layer in enumerate(layers):
        try:
            made.append(from_config(layer, "layer", KINDS))
        except (TypeError, ValueError) as error:
            raise ValueError(f"layer {index}: {error}") from error
    return cnn.Sequential(made)


def make_optimiser(config: Mapping[str, Any]) -> cnn.Optimiser:
    """Make an optimiser; its learning rate may be a number or a schedule.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.

    Example:
        >>> make_optimiser({"optimiser": "SGD", "learning_rate": {"schedule": "ConstantRate", "rate": 0.1}})
        SGD(learning_rate=ConstantRate(rate=0.1), weight_decay=0.0, clip_norm=None, momentum=0.0, \
nesterov=False)
    """
    rate = config.get("learning_rate")
    if isinstance(rate, Mapping):  # also one that lacks its kind, which is then missed by name
        config = {**config, "learning_rate": _made(rate, "schedule")}
    made: cnn.Optimiser = _made(config, "optimiser")
    return made


def make_loss(config: Mapping[str, Any]) -> cnn.Loss:
    """Make a loss.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.
    """
    made: cnn.Loss = _made(config, "loss")
    return made


def make_augmentation(config: Mapping[str, Any]) -> cnn.Augmentation:
    """Make an augmentation.

    Raises:
        ValueError: if the kind or a hyperparameter is unknown, missing or wrong.
    """
    made: cnn.Augmentation = _made(config, "augmentation")
    return made


def _made(config: Mapping[str, Any], what: str) -> Any:
    """Make one of several kinds; every fault is a ValueError, which is what pydantic reports."""
    try:
        return from_config(config, what, KINDS)
    except TypeError as error:
        raise ValueError(str(error)) from error


def with_number_of_classes(layers: Any, classes: int) -> Any:
    """Return layers as they stand in `params.yaml`, with a number where one has `units: classes`.

    Example:
        >>> with_number_of_classes([{"layer": "Dense", "units": "classes"}], 10)
        [{'layer': 'Dense', 'units': 10}]
    """
    if not isinstance(layers, list):
        return layers
    return [
        {**layer, "units": classes} if isinstance(layer, dict) and layer.get("units") == "classes" else layer
        for layer in layers
    ]


def check_shapes(layers: Sequence[Mapping[str, Any]], input_shape: Shape, classes: int, images: int) -> None:
    """Refuse a model that is absurdly large, cannot be trained, or does not give one number for each class.

    Args:
        layers: the model's layers.
        input_shape: height, width and channels of an image.
        classes: how many classes there are.
        images: the fewest images that it is trained with at a time.

    Raises:
        ValueError: if a layer is too large or does not fit; it says which.
    """
    model = make_model(layers)
    output_shape = model.output_shape(input_shape)
    for index, line in enumerate(layer_summaries(model.layers, input_shape)):
        if isinstance(model[index], cnn.BatchNorm):
            try:
                check_count(images * prod(line.output_shape[:-1]))
            except ValueError as error:
                raise ValueError(f"Layer {index} (BatchNorm) does not fit: {error}") from error
        if max(line.multiply_adds, prod(line.output_shape)) > LARGEST:
            raise ValueError(
                f"Layer {index} ({line.kind}) is too large: an image would take more than {LARGEST:,} "
                "products or numbers in it; choose fewer units or filters, or less padding."
            )
    if output_shape != (classes,):
        raise ValueError(
            f"Layer {len(layers) - 1} ({layers[-1]['layer']}) does not fit: the last layer must give an "
            f"output of {(classes,)}, a number for each class, received {output_shape}; "
            "a last Dense may say units: classes."
        )


# The types below describe the plain data to editors. They do not check them: making the objects does, and its
# errors say more.

_NAMED = {name: TypeAliasType(name, type_) for name, type_ in {"Pair": Pair, "Padding": Padding}.items()}
"""Types that stand once in the JSON schema and have a name there."""


def _one_of(what: str, kinds: Mapping[str, type], **other_types: Any) -> Any:
    """Return the type of plain data that describes one of these kinds, from the hyperparameters' types."""
    described: list[type[BaseModel]] = []
    for name, kind in kinds.items():
        types = get_type_hints(kind, localns=_NAMED) | other_types
        entries: dict[str, Any] = {what: (Literal[name], ...)}
        for entry in fields(kind):
            if entry.init:
                default = ... if entry.default is MISSING else entry.default
                entries[entry.name] = types[entry.name], default
        described.append(create_model(name, __config__=ConfigDict(extra="forbid"), **entries))
    union: Any = Union[tuple(described)]  # noqa: UP007 - of as many types as there are kinds
    if len(described) > 1:
        union = Annotated[union, Field(discriminator=what)]
    return TypeAliasType(what.capitalize(), union)


LAYER = _one_of("layer", LAYERS, initialiser=InitialiserName, units=int | Literal["classes"])
SCHEDULE = _one_of("schedule", SCHEDULES)
OPTIMISER = _one_of("optimiser", OPTIMISERS, learning_rate=Annotated[float, Field(gt=0)] | SCHEDULE)
LOSS = _one_of("loss", LOSSES)
AUGMENTATION = _one_of("augmentation", AUGMENTATIONS)
