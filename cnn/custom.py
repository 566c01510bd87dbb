"""A user's own classes and functions: what a file needs to be loaded, and what it was given."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from inspect import isfunction
from typing import Any

from cnn.config import Configured, Kinds, constructor_parameters, family_of, from_config, plain


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
        if kinds.get(family_of(one), {}).get(name) is one:
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
