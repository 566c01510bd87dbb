"""What an object is, as plain data, so that two of them can be compared in different processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from math import isfinite
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from cnn.config import constructor_parameters


def description(value: Any, *left_out: str, inside: tuple[int, ...] = ()) -> Any:
    """Return what an object is, as plain data that two objects share only if they are the same.

    An object is its class and what its constructor received, if it keeps that under the same names, or else
    all of its attributes. An array is its type, shape and digest. A class or function is compared by its
    name, and so is the class of an object; those of the library have the name of the library in front, so
    that a namesake is another class. Unlike `Configured.to_config`, this takes any object, and nothing can be
    made from it.

    Args:
        value: the object.
        left_out: attributes of the object itself that do not belong to what it is.
        inside: the ids of the objects around it, since an object may lead back to itself.

    Example:
        >>> from cnn import CosineDecay
        >>> description(CosineDecay(0.1, warm_up=0.2))
        {'class': 'cnn.CosineDecay', 'peak': 0.1, 'warm_up': 0.2, 'end': 0.0}
    """

    def part(each: Any) -> Any:
        return description(each, inside=(*inside, id(value)))

    found: Any
    match value:
        case _ if id(value) in inside:
            found = {"class": _name(type(value))}
        case Mapping():
            found = {str(name): part(each) for name, each in value.items()}
        case list() | tuple():
            found = [part(each) for each in value]
        case np.generic():
            found = part(value.item())
        case np.ndarray():
            whole = np.ascontiguousarray(value)
            content = value.tobytes() if value.dtype.hasobject else whole.view(np.uint8).data
            found = f"{value.dtype} {list(value.shape)} {sha256(content).hexdigest()[:16]}"
        case None | bool() | int() | str() | float():
            endless = isinstance(value, float) and not isfinite(value)
            found = repr(value) if endless else value  # NaN would differ from itself
        case type() | FunctionType() | BuiltinFunctionType():
            found = _name(value)
        case _:
            attributes = {name: each for name, each in _attributes(value).items() if name not in left_out}
            found = {"class": _name(type(value)), **part(attributes)}
    return found


def _name(value: Any) -> str:
    ours = str(value.__module__).partition(".")[0] == "cnn"
    return f"cnn.{value.__qualname__}" if ours else str(value.__qualname__)


def _attributes(value: Any) -> dict[str, Any]:
    """Return an object's attributes that belong to its configuration; none if it cannot be looked into."""
    try:
        names = [*constructor_parameters(type(value))]
        names += [entry.name for entry in fields(value) if not entry.init] if is_dataclass(value) else []
        if names:
            return {name: getattr(value, name) for name in names}
    except (AttributeError, TypeError, ValueError):
        pass  # the constructor is not written in Python, or its arguments were not kept under their names
    return getattr(value, "__dict__", {})


def difference(name: str, there: Any, here: Any) -> tuple[str, str, str] | None:
    """Return the name of the first part in which two descriptions differ, and both parts in a few words.

    Example:
        >>> from cnn import SGD, ConstantRate, CosineDecay
        >>> rates = 0.1, CosineDecay(0.1), CosineDecay(0.2)
        >>> one, two, three = (description(SGD(learning_rate=rate)) for rate in rates)
        >>> difference("optimiser", two, three)
        ('optimiser.learning_rate.peak', '0.1', '0.2')
        >>> difference("optimiser", one, two)
        ('optimiser.learning_rate', '0.1', 'cnn.CosineDecay')
    """
    if there == here:
        return None
    inner: list[tuple[str, Any, Any]] = []
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        inner = [(f"{name}[{index}]", *pair) for index, pair in enumerate(zip(there, here, strict=True))]
    elif isinstance(there, dict) and isinstance(here, dict) and there.get("class") == here.get("class"):
        inner = [(f"{name}.{key}", there.get(key), here.get(key)) for key in there | here]
    found = (difference(*each) for each in inner)
    return next((each for each in found if each), (name, _brief(there), _brief(here)))


def _brief(described: Any) -> str:
    if isinstance(described, list):
        more = ", …" if len(described) > 24 else ""
        return f"[{', '.join(map(_brief, described[:24]))}{more}]"
    if isinstance(described, dict) and "class" in described:
        return str(described["class"])
    return f"{described!r:.100}"
