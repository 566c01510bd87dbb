"""Habits: what to write here instead of what Keras, PyTorch or scikit-learn would take.

What people type stands in the tables of `cnn.foreign_names`; a name that they do not hold is answered with
the most similar one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, partial, wraps
from inspect import Parameter, isabstract, isfunction, signature
from itertools import chain
from opcode import opmap
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

from cnn.foreign_names import ACTIVATIONS, ARGUMENTS, ATTRIBUTES, IN_ORDER, NAMES, SYNONYMS

P = ParamSpec("P")
T = TypeVar("T")


class Explains:
    """Answer an argument or an attribute that a class does not have with what it has instead.

    The base of layers, losses, optimisers and all else that users make. Subclasses, pickle and copy work as
    they would without it. Type checkers do not see it, and go on refusing such names themselves.
    """

    if not TYPE_CHECKING:

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            """Check the arguments, which `__init__` takes."""
            if args or kwargs:  # pickle and copy give none
                check_arguments(cls, cls.__init__, args, kwargs)
            return super().__new__(cls)

        def __getattr__(self, name: str) -> Any:
            _check_attribute(type(self), name)
            return object.__getattribute__(self, name)  # raises Python's own error

        def __setattr__(self, name: str, value: Any) -> None:
            if type(self).__module__.startswith("cnn.") and not hasattr(type(self), name):
                _check_attribute(type(self), name)  # a class of a user's own may have such an attribute
            super().__setattr__(name, value)


def _check_attribute(owner: type, name: str) -> None:
    """Refuse an attribute that objects have in other libraries: it would do nothing here."""
    advice = _advice(ATTRIBUTES, owner, name)
    if advice:
        raise AttributeError(f"{owner.__name__} has no attribute {name!r}: {advice}.")


def _advice(table: Mapping[str, Mapping[str, str]], owner: type | str, name: str) -> str:
    """Return what a table says of a name, under a class, one of its bases, or a method; else nothing."""
    kinds = [owner] if isinstance(owner, str) else [kind.__name__ for kind in owner.__mro__]
    return next((table[kind][name] for kind in kinds if name in table.get(kind, {})), "")


def explains_arguments(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method answer an argument that it does not have with what it has instead."""

    @wraps(method)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        check_arguments(method.__name__, method, args[1:], kwargs)
        return method(*args, **kwargs)

    return explained


def check_arguments(
    owner: type | str, function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> None:
    """Refuse arguments that a method does not have, and values that mean something else in other libraries.

    Args:
        owner: the class, or the method's name; the message begins with it.
        function: the method, whose first argument is `self`.
        args: the values without a name, but for `self`.
        kwargs: the values with a name.

    Raises:
        TypeError: if an argument is not known, or cannot have its value.
    """
    known, in_order, kinds = _taken_by(function)
    title = _title(owner)
    if len(args) > len(in_order) and Parameter.VAR_POSITIONAL not in kinds:
        taken = f"only {', '.join(in_order)} without a name" if in_order else "no values without a name"
        advice = IN_ORDER.get(title, "write the others as name=value" if known else "leave them out")
        if in_order[:1] == ["learning_rate"] and isinstance(args[0], Mapping):
            advice = ARGUMENTS["Optimiser"]["params"]
        raise TypeError(f"{title} takes {taken}, received {len(args)} in a row: {advice}.")
    for name in kwargs:
        if name not in known and Parameter.VAR_KEYWORD not in kinds:
            raise TypeError(unknown_argument(owner, "argument", name, known, kwargs[name]))
    if owner == "fit" and len(args) == 1 and "targets" not in kwargs:
        raise TypeError(
            "fit needs x and targets, received x alone: give all samples as one array and their targets as "
            "another; fit cuts them into batches."
        )
    for name, value in chain(zip(in_order, args, strict=False), kwargs.items()):
        _check_meaning(title, name, value)


def _title(owner: type | str) -> str:
    return owner if isinstance(owner, str) else owner.__name__


@cache
def _taken_by(function: Callable[..., object]) -> tuple[list[str], list[str], set[object]]:
    """Return the names that a method takes, those of them that need not be written, and the kinds of all."""
    taken = [] if function is object.__init__ else list(signature(function).parameters.values())
    in_order = [one.name for one in taken[1:] if one.kind <= Parameter.POSITIONAL_OR_KEYWORD]
    return [one.name for one in taken[1:]], in_order, {one.kind for one in taken}


def _check_meaning(owner: str, name: str, value: object) -> None:
    """Refuse a value which another library takes as its argument of another name, at the same point."""
    match owner, name, value:
        case "Dense", "initialiser", int():
            advice = "give the outputs alone, since the inputs follow from the samples"
        case "Conv2D" | "Dense", "initialiser", str() if value in ACTIVATIONS:
            advice = ACTIVATIONS[value]
        case "BatchNorm", "momentum", int() if value > 1:
            advice = ARGUMENTS["BatchNorm"]["num_features"]
        case _, "learning_rate", Mapping():
            advice = ARGUMENTS["Optimiser"]["params"]
        case _:
            return
    raise TypeError(f"{owner}: {name} cannot be {in_brief(value)}: {advice}.")


def unknown_argument(
    owner: type | str, what: str, name: str, known: Collection[str], value: object = ...
) -> str:
    """Return the sentence for an argument or hyperparameter that is not known: what to write instead.

    Args:
        owner: the class, or the method's name.
        what: how to call it, such as `"argument"`.
        name: the name that is not known.
        known: the names to choose from.
        value: what was received under that name.

    Example:
        >>> unknown_argument("Dense", "argument", "out_features", ["units", "initialiser"])
        "Dense has no argument 'out_features': did you mean 'units'? It has units, initialiser."
        >>> unknown_argument("predict", "argument", "verbose", ["x"])
        "predict has no argument 'verbose': it prints nothing; leave it out."
    """
    advice = _advice(ARGUMENTS, owner, name)
    if advice and name == "activation":
        advice = ACTIVATIONS.get(str(value), advice)
    hint = f": {advice}." if advice else nearest(name, known, f"it has {', '.join(known) or 'none'}")
    return f"{_title(owner)} has no {what} {name!r}{hint}"


def answer_names(package: ModuleType, *modules: ModuleType) -> None:
    """Make a package and its modules answer a name that they do not have with what to write instead.

    `from cnn import …` hides the words of an AttributeError, but not those of an ImportError.

    Args:
        package: the package; its `__all__` are the names to choose from.
        modules: modules of it.
    """
    for module in (package, *modules):
        vars(module)["__getattr__"] = partial(_refuse_name, module, package)


def _refuse_name(module: ModuleType, package: ModuleType, name: str) -> NoReturn:
    """Raise the error for a name that a module does not have.

    Example:
        >>> import cnn
        >>> cnn.Linear
        Traceback (most recent call last):
        AttributeError: cnn has no 'Linear': did you mean 'Dense'?
        >>> from cnn.layers import MaxPooling2D
        Traceback (most recent call last):
        ImportError: cnn.layers has no 'MaxPooling2D': did you mean 'MaxPool2D'?
    """
    advice = NAMES.get(_folded(name), "")
    found = "" if advice else _similar(name, package.__all__)
    if name.startswith("_") or not (advice or found):
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
    if found:
        elsewhere = "" if found in vars(module) else f" It is in {package.__name__}."
        advice = f"did you mean {found!r}?{elsewhere}"
    # Safe, since bytes are only compared: where imports run otherwise, this is an AttributeError as usual.
    caller = sys._getframe(1)
    is_import = caller.f_code.co_code[caller.f_lasti] == opmap["IMPORT_FROM"]
    kind = ImportError if is_import else AttributeError
    raise kind(f"{module.__name__} has no {name!r}: {advice}{'' if found else '.'}")


def check_object(expected: str, value: object, kind: type) -> None:
    """Refuse anything but an object of this kind; for a class or its name, say what makes an object.

    Args:
        expected: the beginning of the sentence, such as `"fit: loss must be a Loss"`.
        value: what was received.
        kind: the class that it must have.

    Raises:
        TypeError: if it is not such an object.
    """
    if isinstance(value, kind):
        return
    ours = {one.__name__: one for one in _kinds_of(kind)}
    if isinstance(value, type):
        received, wanted = f"the class {value.__name__}", value if issubclass(value, kind) else None
    else:
        received, wanted = in_brief(value), ours.get(_similar(value, ours))
    advice = NAMES.get(_folded(value)) or (f"write {_call(wanted)}" if wanted else "")
    raise TypeError(f"{expected}, received {received}{f': {advice}' if advice else ''}.")


def in_brief(value: object) -> str:
    """Return what was received in a few words and on one line, for a message.

    Example:
        >>> from numpy import zeros
        >>> in_brief((zeros((5, 2)), None)), in_brief({"weight": 1}), in_brief([0] * 100), in_brief("adam")
        ('a tuple of an array of the shape [5, 2], None', "a dict of 'weight'", 'a list of 100', "'adam'")
    """
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"an array of the shape {list(value.shape)}"
    if isinstance(value, tuple | list | dict):
        parts = ", ".join(map(in_brief, value)) if len(value) <= 4 else str(len(value))
        return f"a {type(value).__name__} of {parts or 'nothing'}"
    line = " ".join(repr(value).split())
    return line if len(line) <= 60 else f"{line[:60]}…"


def check_hooks(kind: type, hooks: Mapping[str, object]) -> None:
    """Refuse a callback class with a method `on_…` that is no hook, or does not take exactly the training.

    Args:
        kind: the class.
        hooks: the hooks under their names, `on_…`; other entries do not count.

    Raises:
        TypeError: if a method would never be called, or not as it expects.
    """
    known = [name for name in hooks if name.startswith("on_")]
    for name, method in vars(kind).items():
        if not (name.startswith("on_") and isfunction(method)):
            continue
        if name not in known:
            hint = nearest(name, known, f"the hooks are {', '.join(known)}")
            raise TypeError(f"{kind.__name__} has a method {name}, which is never called{hint}")
        taken = list(signature(method).parameters.values())
        if len(taken) != 2 and not any(one.kind is Parameter.VAR_POSITIONAL for one in taken):
            raise TypeError(
                f"{kind.__name__}.{name} must take the training alone, as in {name}(self, training), "
                f"received {name}({', '.join(map(str, taken))})."
            )


def check_takes_training(function: Callable[..., object]) -> None:
    """Refuse a function as a callback that cannot be called with the training alone.

    Raises:
        TypeError: if it takes no argument, or needs more than one.
    """
    try:
        expected = signature(function)
    except ValueError:  # some functions that are written in C do not tell
        return
    try:
        expected.bind(None)
    except TypeError:
        name = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            f"fit: a callback that is a function must take the training alone, as in {name}(training), "
            f"received {name}{expected}."
        ) from None


def _kinds_of(kind: type) -> Iterator[type]:
    """Go through the library's classes of this kind that objects can be made of."""
    if kind.__module__.startswith("cnn.") and not isabstract(kind):
        yield kind
    subclasses: list[type] = kind.__subclasses__()
    for subclass in subclasses:
        yield from _kinds_of(subclass)


def _call(kind: type) -> str:
    """Return what makes an object of this class, such as `Dense(units=…)`."""
    needed = [one.name for one in signature(kind).parameters.values() if one.default is Parameter.empty]
    return f"{kind.__name__}({', '.join(f'{name}=…' for name in needed)})"


def nearest(received: object, known: Iterable[str], rest: str = "") -> str:
    """Return the end of a sentence: the question "did you mean …?" with what is most similar, and the rest.

    Args:
        received: what was received.
        known: the names to choose from; a synonym among them comes first.
        rest: what the message says in any case, in small letters and without a full stop.

    Example:
        >>> nearest("Con2D", ["Conv2D", "Dense"], "there are Conv2D and Dense")
        ": did you mean 'Conv2D'? There are Conv2D and Dense."
        >>> nearest("xyz", ["Conv2D", "Dense"], "there are Conv2D and Dense")
        ': there are Conv2D and Dense.'
    """
    found = _similar(received, list(known))
    if not found:
        return f": {rest}." if rest else ""
    return f": did you mean {found!r}?" + (f" {rest[0].upper()}{rest[1:]}." if rest else "")


def _similar(received: object, known: Collection[str]) -> str:
    folded = {_folded(name): name for name in known}
    name = _folded(received)
    cutoff = 0.75 if len(name) > 3 else 0.6  # of three letters, such as SGD, one may be wrong
    similar = get_close_matches(name, folded, n=1, cutoff=cutoff)
    return _synonym(received, known) or (folded[similar[0]] if similar else "")


def _synonym(received: object, known: Collection[str]) -> str:
    ours = SYNONYMS.get(str(received)) or SYNONYMS.get(_folded(received), "")
    return next((name for name in ours.split() if name in known), "")


def _folded(name: object) -> str:
    return str(name).casefold().replace("_", "")
