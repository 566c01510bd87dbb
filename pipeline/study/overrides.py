"""Changes to the parameters from the command line: another recipe, other values inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cnn.habits import nearest
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import Kernels
from pipeline.common.params import Parameters, parse_parameters


def with_recipe(parameters: Parameters, recipe: str, kernels: Kernels | None) -> Parameters:
    """Return the parameters with another recipe chosen and, unless None, other kernels.

    Raises:
        PipelineError: if there is no such recipe.
    """
    recipes = parameters.recipes
    if recipe not in recipes:
        known = ", ".join(recipes)
        raise PipelineError(f"There is no recipe {recipe!r}{nearest(recipe, recipes, f'there are {known}')}")
    runtime = parameters.runtime.model_copy(update={"kernels": kernels} if kernels else {})
    return parameters.model_copy(update={"recipe": recipe, "runtime": runtime})


def with_settings(parameters: Parameters, settings: Sequence[str]) -> Parameters:
    """Return the parameters with other values inside the chosen recipe.

    Args:
        parameters: the parameters.
        settings: locations and values, such as `train.epochs=8` and `model.5.rate=0.3`; a value is YAML.

    Raises:
        PipelineError: if a location does not exist, or a value does not fit it.
    """
    for setting in settings:
        location, equals, text = setting.partition("=")
        if not equals:
            raise PipelineError(f"--set {setting} names no value: expected a form like train.epochs=8.")
        try:
            value = YAML(typ="safe", pure=True).load(text)
        except (YAMLError, ValueError) as error:
            raise PipelineError(f"--set {setting}: {text!r} is not a valid YAML value.") from error
        parameters = with_value(parameters, location, value)
    return parameters


def with_value(parameters: Parameters, location: str, value: Any) -> Parameters:
    """Return the parameters with another value at a location of the chosen recipe, such as `train.seed`.

    Raises:
        PipelineError: if the location does not exist, or the value does not fit it.
    """
    data = parameters.model_dump()
    node = data["recipes"][parameters.recipe]
    *way, last = location.split(".")
    for depth, key in enumerate(way):
        node = node[_existing(node, key, way[:depth], location)]
    if isinstance(node, dict):  # parse_parameters says what may stand there
        node[last] = value
    else:
        node[_existing(node, last, way, location)] = value
    return parse_parameters(data, f"recipe {parameters.recipe} with {location}={value}", Parameters)


def _existing(node: Any, key: str, way: Sequence[str], location: str) -> str | int:
    """Return the key or index of a part, which must exist."""
    here = ".".join(way) or "the recipe"
    if isinstance(node, list):
        if key.isdecimal() and int(key) < len(node):
            return int(key)
        raise PipelineError(f"There is no {location}: {here} has the items 0 to {len(node) - 1}.")
    if not isinstance(node, Mapping):
        raise PipelineError(f"There is no {location}: {here} is {node!r}, which has no parts.")
    if key not in node:
        known = f"there are {', '.join(node)} in {here}"
        raise PipelineError(f"There is no {location}{nearest(key, node, known)}")
    return key
