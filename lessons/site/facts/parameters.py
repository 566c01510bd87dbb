"""Facts about `params.yaml`: every parameter, from the types that check it, and the recipes in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cnn.layers import LAYERS
from lessons.kit.recipes import layers_table
from lessons.kit.tables import code, table
from lessons.params import AllParameters, load_all_parameters
from pipeline.common import recipes as kinds
from pipeline.common.params import Recipe, load_parameters

Schema = Mapping[str, Any]

RECIPE = "recipes.<name>"
FAMILIES: dict[str, Mapping[str, type]] = {
    "layer": LAYERS,
    "optimiser": kinds.OPTIMISERS,
    "schedule": kinds.SCHEDULES,
    "loss": kinds.LOSSES,
    "augmentation": kinds.AUGMENTATIONS,
}


def parameters() -> str:
    """Return every parameter with its value now, what it may be and what it means."""
    schema, values = AllParameters.model_json_schema(), load_all_parameters().model_dump()
    values["recipes"] = {"<name>": values["recipes"][values["recipe"]]}
    rows = [
        [code(name), _now(_value(values, name)), _allowed(entry), entry.get("description", "")]
        for name, entry in _entries(schema, schema, "")
    ]
    tables = [
        "### In `params.yaml`",
        f"The values of {code(RECIPE)} are those of the recipe that is chosen.",
        table(["parameter", "value", "may be", "what it is"], rows),
        "### Layers, optimisers, schedules, losses, augmentations",
        "Arguments without a value must be given; the others may be left out.",
    ]
    described = {one.get("title"): one for one in schema["$defs"].values()}
    for what, family in FAMILIES.items():
        tables.append(table([what, "arguments"], [_kind(described[name]) for name in family]))
    return "\n\n".join(tables)


def recipes() -> str:
    """Return each recipe: its layers, and in a sentence how it is trained."""
    return "\n\n".join(
        f"### {name}\n\n{layers_table(recipe)}\n\n{_training(recipe)}"
        for name, recipe in load_parameters().recipes.items()
    )


def training_recipe() -> str:
    """Return in a sentence or two how the chosen recipe is trained."""
    loaded = load_parameters()
    return f"The recipe that is chosen is {code(loaded.recipe)}. {_training(loaded.chosen)}"


def _training(recipe: Recipe) -> str:
    train = recipe.train
    epochs = "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs"
    optimiser = _made(recipe.optimiser, "optimiser")
    augmentation = _made(recipe.augmentation, "augmentation") if recipe.augmentation else "none"
    average = train.weight_average
    kept = "The weights" if average is None else f"The weights' moving average (decay {average})"
    return (
        f"It trains for {epochs}, in batches of {train.batch_size} images that are cut into micro-batches of "
        f"{train.micro_batch_size}. Optimiser: {optimiser}. Loss: {_made(recipe.loss, 'loss')}. "
        f"Augmentation: {augmentation}. {kept} of the epoch with the best {train.monitor.replace('_', ' ')} "
        f"{'are' if average is None else 'is'} kept."
    )


def _made(config: Mapping[str, Any], what: str) -> str:
    """Return an object's plain data in the form of a call."""
    arguments = ", ".join(
        f"{name}={_made(value, 'schedule').strip('`') if isinstance(value, Mapping) else value}"
        for name, value in config.items()
        if name != what
    )
    return code(f"{config[what]}({arguments})" if arguments else config[what])


def _entries(schema: Schema, whole: Schema, place: str) -> Iterator[tuple[str, Schema]]:
    """Go through the parameters, those of nested groups under names with dots."""
    for name, entry in schema["properties"].items():
        under_names = entry.get("additionalProperties") or {}
        reference = entry.get("$ref", under_names.get("$ref", ""))
        group = whole["$defs"].get(reference.rpartition("/")[2], {})
        if "description" in group:
            path = f"{place}{name}." if "$ref" in entry else f"{place}{name}.<name>."
            yield from _entries(group, whole, path)
        else:
            yield f"{place}{name}", entry


def _allowed(schema: Schema) -> str:
    """Say what a parameter may be."""
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_allowed(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return "one of the kinds below"
    if schema["type"] == "object":
        return "kinds below, under names"
    if schema["type"] == "array":
        return "a list of layers" if "items" in schema else f"{schema['minItems']} numbers"
    names = {"integer": "whole number", "number": "number", "string": "name", "null": code("null")}
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = " and ".join(
        f"{sign}\N{NO-BREAK SPACE}{schema[key]:,}" for key, sign in limits.items() if key in schema
    )
    return f"{names[schema['type']]} {bounds}".strip()


def _value(values: Mapping[str, Any], name: str) -> Any:
    found: Any = values
    for part in name.split("."):
        found = found[part]
    return found


def _now(value: Any) -> str:
    if isinstance(value, list) and isinstance(value[0], dict):
        return f"{len(value)} layers"
    if isinstance(value, dict):
        names = (
            list(value) if all(isinstance(one, dict) for one in value.values()) else list(value.values())[:1]
        )
        return ", ".join(map(code, names))
    return code(json.dumps(value).strip('"'))


def _kind(schema: Schema) -> list[str]:
    arguments = [
        code(f"{name}: {json.dumps(entry['default'])}" if "default" in entry else name)
        for name, entry in list(schema["properties"].items())[1:]
    ]
    return [f"[{code(schema['title'])}][cnn.{schema['title']}]", ", ".join(arguments)]
