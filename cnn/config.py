"""Between objects such as layers and plain data, as in a YAML or JSON file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter, isfunction, signature
from typing import Any, ClassVar

import numpy as np

from cnn.habits import nearest, unknown_argument

Kinds = Mapping[str, Mapping[str, Any]]
"""The library's own classes under their names, for each family; functions are the family `"function"`."""


class Configured:
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
                family.

        Example:
            >>> from cnn import Adam, CosineDecay, Dropout
            >>> Dropout(0.25).to_config()
            {'layer': 'Dropout', 'rate': 0.25}
            >>> Adam(learning_rate=CosineDecay(0.1)).to_config()["learning_rate"]
            {'schedule': 'CosineDecay', 'peak': 0.1, 'warm_up': 0.0, 'end': 0.0}
        """
        kind, arguments = type(self).__name__, {}
        for name in constructor_parameters(type(self)):
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
    if isfunction(value) and value.__name__.isidentifier():  # a lambda has no name to find it by
        return {"function": value.__name__}
    raise TypeError(
        f"{owner} must be plain data (None, numbers, texts, lists and dicts of them) or a function made by "
        f"def, received {' '.join(repr(value).split()):.60}."
    )


def from_config(
    config: Mapping[str, Any], what: str, kinds: Kinds, own: Mapping[str, Any] | None = None
) -> Any:
    """Make an object from plain data; it may hold others, as an optimiser holds a schedule.

    Args:
        config: the class under the key `what`, and its constructor's arguments under their names.
        what: the family of what is made, such as `"layer"`.
        kinds: the classes to choose from.
        own: more classes and functions to choose from, which `by_name` has checked.

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
    known |= {each: one for each, one in (own or {}).items() if _family(one) == what}
    if name not in known:
        choices = ", ".join([*known] if own is None else [*known, "what is given as custom=[…]"])
        raise ValueError(f"There is no {what} {name!r}{nearest(name, known)}: there are {choices}.")
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
            raise ValueError(unknown_argument(kind.__name__, "hyperparameter", argument, parameters))
    for argument, parameter in parameters.items():
        if argument not in arguments and parameter.default is Parameter.empty:
            raise ValueError(f"{kind.__name__} needs {argument}, received {dict(config)}.")


# Classes and functions that are not the library's ----------------------------------------------------


def by_name(custom: Iterable[Any], kinds: Kinds) -> dict[str, Any]:
    """Return those of some classes and functions that are not the library's, under their names.

    Args:
        custom: the classes and functions.
        kinds: the library's.

    Raises:
        TypeError: if one is neither a class of layers, losses, schedules or optimisers nor a function.
        ValueError: if one is named like something of the library, or like another one.
    """
    if isinstance(custom, str | Mapping) or not isinstance(custom, Iterable):
        raise TypeError(f"custom must be a list of classes and functions, received {custom!r:.60}.")
    own: dict[str, Any] = {}
    for one in custom:
        if not (isfunction(one) or (isinstance(one, type) and issubclass(one, Configured))):
            raise TypeError(
                "custom takes classes (of layers, losses, schedules or optimisers) and functions, received "
                f"{one!r:.60}."
            )
        name = one.__name__
        if kinds.get(_family(one), {}).get(name) is one:
            continue
        if any(name in known for known in kinds.values()):
            raise ValueError(f"cnn has a {name} itself, received another {name}: give yours another name.")
        if own.setdefault(name, one) is not one:
            raise ValueError(f"Received two different objects named {name}: give one of them another name.")
    return own


def own_parts(things: Iterable[Configured], kinds: Kinds) -> dict[str, Any]:
    """Return the classes and functions that these objects need and that are not the library's.

    Raises:
        TypeError: if plain data cannot describe an object.
        ValueError: if two of them have one name, or one is named like something of the library; or if an
            object would not come back from its plain data.
    """
    things = list(things)
    own = by_name(_parts(things), kinds)
    for thing in things:
        kind, config = type(thing).__name__, plain("", thing)
        try:
            again = plain("", from_config(config, thing.family, kinds, own))
        except Exception as error:  # in a constructor that is not ours
            raise ValueError(f"{kind} would not come back from {config}: {error}") from error
        if again != config:
            raise ValueError(
                f"{kind} would not come back as it is: its to_config tells {config}, and a {kind} made from "
                f"that tells {again}."
            )
    return own


def _parts(value: Any) -> Iterator[Any]:
    """Go through the classes and functions that a value consists of."""
    if isinstance(value, Configured):
        yield type(value)
        for name in constructor_parameters(type(value)):
            yield from _parts(getattr(value, name, None))
    elif isfunction(value) and value.__name__.isidentifier():
        yield value
    elif isinstance(value, list | tuple | Mapping):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _parts(part)


def _family(one: Any) -> str:
    return getattr(one, "family", "function")


def call_to_load(owner: str, path: object, own: Iterable[str]) -> str:
    """Return what to type to load a file with objects that are not the library's.

    Example:
        >>> call_to_load("Sequential", "model.npz", ["Swish"])
        "Sequential.load('model.npz', custom=[Swish])"
    """
    return f"{owner}.load({str(path)!r}, custom=[{', '.join(own):.200}])"


def warn_to_keep(owner: str, path: object, own: Iterable[str]) -> None:
    """Warn once a file is saved that it needs classes or functions that are not the library's.

    It is a warning since the program that saves a file mostly is not the one that loads it.
    """
    if own:
        warnings.warn(
            f"{path} does not hold the code of {', '.join(own):.200}: keep it, and load the file by "
            f"{call_to_load(owner, path, own)}.",
            stacklevel=3,  # the line that called `save`
        )


def given_objects(
    owner: str, path: object, header: Mapping[str, Any], custom: Iterable[Any], kinds: Kinds
) -> dict[str, Any]:
    """Return what `by_name` does, if the header of a file needs no other classes and functions.

    Raises:
        TypeError: as in `by_name`.
        ValueError: as in `by_name`, or if one is missing, or the header names them wrongly.
    """
    given, needed = by_name(custom, kinds), header.get("custom", [])
    if not isinstance(needed, list) or not all(
        isinstance(name, str) and name.isidentifier() for name in needed
    ):
        raise ValueError(f"{path} is damaged: what it needs to be loaded should be a list of names.")
    if not given.keys() >= set(needed):
        raise ValueError(
            f"{path} needs objects that are not cnn's own: load it by {call_to_load(owner, path, needed)}."
        )
    return given
