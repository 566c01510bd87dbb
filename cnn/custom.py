"""A user's own classes and functions: what a file needs to be loaded, and what it was given."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from inspect import isfunction
from typing import Any

from cnn.config import Configured, Kinds, constructor_parameters, family_of, from_config, plain
from cnn.habits import in_brief


def check_custom(custom: Iterable[Any], kinds: Kinds) -> dict[str, Any]:
    """Return those of some classes and functions that are not the library's, under their names.

    Args:
        custom: the classes and functions.
        kinds: the library's.

    Raises:
        TypeError: if one is neither a class of layers, losses, schedules or optimisers nor a function.
        ValueError: if one is named like something of the library, or like another one.
    """
    if isinstance(custom, str | Mapping) or not isinstance(custom, Iterable):
        raise TypeError(f"custom must be a list of classes and functions, received {in_brief(custom)}.")
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
        ValueError: if two of them have one name, or one is named like something of the library.
    """
    return check_custom(_parts(list(things)), kinds)


def made_again(config: Mapping[str, Any], kinds: Kinds, own: Mapping[str, Any]) -> Any:
    """Make an object from its plain data, as loading a file will: one of a user's own class may fail.

    Args:
        config: what `to_config` returned, with the family as its first key.
        kinds: the library's classes.
        own: what `own_parts` returned.

    Raises:
        ValueError: if the object cannot be made, or tells other plain data than it was made from.
    """
    family = next(iter(config))
    try:
        again = from_config(config, family, kinds, own)
        tells = plain("", again)
    except Exception as error:  # in a constructor that is not ours
        raise ValueError(f"{config[family]} would not come back from {config}: {error}") from error
    if tells != config:
        raise ValueError(
            f"{config[family]} would not come back as it is: its to_config tells {config}, and what is made "
            f"from that tells {tells}."
        )
    return again


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
    names = [f"{name:.60}" for name in own]  # a damaged file may name anything
    names = names if len(names) <= 12 else [*names[:11], "…"]
    return f"{owner}.load({str(path)!r}, custom=[{', '.join(names)}])"


def warn_to_keep(owner: str, path: object, own: Iterable[str]) -> None:
    """Warn once a file is saved that it needs classes or functions that are not the library's.

    It is a warning since the program that saves a file mostly is not the one that loads it.
    """
    if own:
        warnings.warn(
            f"{path} does not hold the code of {', '.join(own)}: keep it, and load the file by "
            f"{call_to_load(owner, path, own)}.",
            stacklevel=3,  # the line that called `save`
        )


def given_objects(
    owner: str, path: object, header: Mapping[str, Any], custom: Iterable[Any], kinds: Kinds
) -> dict[str, Any]:
    """Return what `check_custom` does, if the header of a file needs no other classes and functions.

    Raises:
        TypeError: as in `check_custom`.
        ValueError: as in `check_custom`, or if one is missing, or the header names them wrongly.
    """
    given, needed = check_custom(custom, kinds), header.get("custom", [])
    if not isinstance(needed, list) or not all(
        isinstance(name, str) and name.isidentifier() for name in needed
    ):
        raise ValueError(f"{path} is damaged: what it needs to be loaded should be a list of names.")
    if not given.keys() >= set(needed):
        raise ValueError(
            f"{path} needs objects that are not cnn's own: load it by {call_to_load(owner, path, needed)}."
        )
    return given
