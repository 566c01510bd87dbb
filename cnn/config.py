"""Between objects such as layers and plain data, as in a YAML or JSON file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, isfunction, signature
from typing import Any, ClassVar

import numpy as np

from cnn.habits import Explains, nearest, unknown_argument

Kinds = Mapping[str, Mapping[str, Any]]
"""The library's own classes under their names, for each family; functions are the family `"function"`."""


class Configured(Explains):
    """What plain data can describe: an object's class, and the arguments of its constructor.

    Layers, losses, schedules and optimisers are such objects. The constructor must keep each of its arguments
    as an attribute of the same name, as a dataclass does; a class that does not writes its own `to_config`.

    Attributes:
        family: what the object is, such as `"layer"`; its class stands under this key in the plain data.
    """

    family: ClassVar[str]

    def to_config(self) -> dict[str, Any]:
        """Return the class and the constructor's arguments as plain data, as they stand in a YAML file.

        A function stands there as `{"function": name}`.

        Raises:
            TypeError: if an argument was not kept as an attribute, is not plain data, or is named like the
                family; or if the constructor takes any number of them.

        Example:
            >>> from cnn import Adam, CosineDecay, Dropout
            >>> Dropout(0.25).to_config()
            {'layer': 'Dropout', 'rate': 0.25}
            >>> Adam(learning_rate=CosineDecay(0.1)).to_config()["learning_rate"]
            {'schedule': 'CosineDecay', 'peak': 0.1, 'warm_up': 0.0, 'end': 0.0}
        """
        kind, arguments = type(self).__name__, {}
        for name, parameter in constructor_parameters(type(self)).items():
            if parameter.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
                raise TypeError(
                    f"{kind} takes {parameter}, and plain data cannot tell what that held: leave it out of "
                    "the constructor, which names each argument, or write to_config."
                )
            if name == self.family:
                raise TypeError(
                    f"{kind} has an argument named {name}, the key under which its class stands: rename it."
                )
            if not hasattr(self, name):
                raise TypeError(
                    f"{kind} has no attribute {name} that tells what its constructor received as {name}: set "
                    f"self.{name} there, or write to_config."
                )
            arguments[name] = getattr(self, name)
        return {self.family: kind, **plain(kind, arguments)}


def constructor_parameters(kind: type) -> dict[str, Parameter]:
    """Return what the constructor of a class takes, without `self`.

    Example:
        >>> from cnn import Dense
        >>> list(constructor_parameters(Dense))
        ['units', 'initialiser']
    """
    made_by: Callable[..., object] = kind.__init__  # type: ignore[misc]
    return {} if made_by is object.__init__ else dict(list(signature(made_by).parameters.items())[1:])


def plain(owner: str, value: Any) -> Any:
    """Return a value as plain data: None, numbers, texts, and lists and dicts of them.

    Args:
        owner: whose value it is; the message begins with it.
        value: the value; tuples become lists, functions and Configured objects become dicts.

    Raises:
        TypeError: if the value, or one in it, cannot be told so.
    """
    match value:
        case np.generic():
            return plain(owner, value.item())
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [plain(owner, part) for part in value]
        case Mapping() if all(isinstance(name, str) for name in value):
            return {name: plain(f"{owner}: {name}", part) for name, part in value.items()}
        case Configured():
            return plain(type(value).__name__, value.to_config())
        case np.ndarray():
            raise TypeError(f"{owner} must be plain data, received an array: make a list of it by .tolist().")
        case Mapping():
            wrong = next(name for name in value if not isinstance(name, str))
            raise TypeError(
                f"{owner} must be plain data, whose dicts have texts as keys, received the key {wrong!r} of "
                f"the type {type(wrong).__name__}: write {str(wrong)!r}."
            )
    if isfunction(value) and value.__name__.isidentifier():  # a lambda has no name to find it by
        return {"function": value.__name__}
    raise TypeError(
        f"{owner} must be plain data (None, numbers, texts, lists and dicts of them) or a function made by "
        f"def, received {' '.join(repr(value).split()):.60}."
    )


def family_of(one: Any) -> str:
    """Return the family of a class such as Dense, which is "layer"; anything else is a function."""
    return getattr(one, "family", "function")


def from_config(
    config: Mapping[str, Any], what: str, kinds: Kinds, own: Mapping[str, Any] | None = None
) -> Any:
    """Make an object from plain data; it may hold others, as an optimiser holds a schedule.

    Args:
        config: the class under the key `what`, and its constructor's arguments under their names.
        what: the family of what is made, such as `"layer"`.
        kinds: the classes to choose from.
        own: more classes and functions to choose from, which `cnn.custom.check_custom` has checked.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the class or an argument is unknown, missing or out of range.

    Example:
        >>> from cnn.layers import LAYERS
        >>> from_config({"layer": "MaxPool2D", "pool_size": 2}, "layer", {"layer": LAYERS})
        MaxPool2D(pool_size=(2, 2), stride=(2, 2), padding='valid')
    """
    if not isinstance(config, Mapping) or what not in config:
        raise ValueError(f"Expected the kind of {what} under the key {what!r}, received {config!r}.")
    arguments = dict(config)
    name = str(arguments.pop(what))
    known = dict(kinds.get(what, {}))
    known |= {each: one for each, one in (own or {}).items() if family_of(one) == what}
    if name not in known:
        choices = ", ".join([*known] if own is None else [*known, "what is given as custom=[…]"])
        raise ValueError(f"There is no {what} {name!r}{nearest(name, known, f'there are {choices}')}")
    if what == "function":
        return known[name]
    _check_arguments(known[name], arguments, config)

    def made(value: Any) -> Any:
        if isinstance(value, Mapping):
            family = next((family for family in ("function", *kinds) if family in value), None)
            if family:
                return from_config(value, family, kinds, own)
            return {key: made(part) for key, part in value.items()}
        return [made(part) for part in value] if isinstance(value, list) else value

    return known[name](**{argument: made(value) for argument, value in arguments.items()})


def _check_arguments(kind: type, arguments: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    parameters = constructor_parameters(kind)
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return  # it takes what it likes
    for argument in arguments:
        if argument not in parameters:
            raise ValueError(
                unknown_argument(kind, "hyperparameter", argument, parameters, arguments[argument])
            )
    for argument, parameter in parameters.items():
        if argument not in arguments and parameter.default is Parameter.empty:
            raise ValueError(f"{kind.__name__} needs {argument}, received {dict(config)}.")
