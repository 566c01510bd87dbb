"""The page about `params.yaml`: every parameter, from the types that check it, and the recipes in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lessons.kit.layers import layers_table
from lessons.kit.shown import Shown
from lessons.kit.tables import code, table
from lessons.params import AllParameters, load_all_parameters
from pipeline.common.params import Recipe

Schema = Mapping[str, Any]


def from_repository() -> Shown:
    """Return every parameter, and the recipes."""
    parameters = load_all_parameters()
    return Shown(
        values={
            "file": parameters_table(parameters),
            "recipes": [
                {
                    "name": name,
                    "layers": layers_table(recipe, parameters.data.input_shape),
                    "training": training(recipe),
                }
                for name, recipe in parameters.recipes.items()
            ],
        }
    )


def parameters_table(parameters: AllParameters) -> str:
    """Return every parameter with its present value, what it may be and what it means."""
    schema = AllParameters.model_json_schema()
    values = parameters.model_dump()
    values["recipes"] = {"<name>": values["recipes"][parameters.recipe]}
    rows = [
        [code(name), _now(_value(values, name)), _allowed(entry), entry.get("description", "")]
        for name, entry in _entries(schema, schema, "")
    ]
    return table(["parameter", "value", "may be", "what it is"], rows)


def _entries(schema: Schema, whole: Schema, before: str) -> Iterator[tuple[str, Schema]]:
    """Go through the parameters, those of nested groups under names with dots."""
    for name, entry in schema["properties"].items():
        under_names = entry.get("additionalProperties") or {}
        reference = entry.get("$ref", under_names.get("$ref", ""))
        group = whole["$defs"].get(reference.rpartition("/")[2], {})
        if "description" in group:
            path = f"{before}{name}." if "$ref" in entry else f"{before}{name}.<name>."
            yield from _entries(group, whole, path)
        else:
            yield f"{before}{name}", entry


def _allowed(schema: Schema) -> str:
    """Say what a parameter may be."""
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_allowed(one) for one in schema["anyOf"])
    if "$ref" in schema:
        return "a class and its arguments"
    if schema["type"] == "object":
        return "classes and their arguments, under names"
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
    return code(json.dumps(value, ensure_ascii=False).strip('"'))


def training(recipe: Recipe) -> dict[str, Any]:
    """Return what a page tells about how a recipe is trained, each piece as text."""
    train, augmentation = recipe.train, recipe.augmentation
    return {
        "epochs": "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs",
        "batch_size": str(train.batch_size),
        "micro_batch_size": str(train.micro_batch_size),
        "optimiser": _as_call(recipe.optimiser, "optimiser"),
        "loss": _as_call(recipe.loss, "loss"),
        "augmentation": _as_call(augmentation, "augmentation") if augmentation else "",
        "monitor": train.monitor.replace("_", " "),
        "weight_average": "" if train.weight_average is None else str(train.weight_average),
    }


def _as_call(config: Mapping[str, Any], kind: str) -> str:
    """Return an object's plain data in the form of a call.

    Example:
        >>> _as_call({"optimiser": "SGD", "momentum": 0.9}, "optimiser")
        'SGD(momentum=0.9)'
    """
    arguments = ", ".join(
        f"{name}={_as_call(value, 'schedule') if isinstance(value, Mapping) else value}"
        for name, value in config.items()
        if name != kind
    )
    return f"{config[kind]}({arguments})" if arguments else str(config[kind])
