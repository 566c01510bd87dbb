"""What a trace is made of: grids of numbers, and steps that fill them one cell at a time.

The numbers are what `cnn` returned. Beside each stands the arithmetic that leads to it, cell by cell, and
the two are compared: a trace whose terms add up to something else is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnn.types import Array
from lessons.kit.source import Piece, find_piece
from pipeline.common.errors import PipelineError

Role = Literal["input", "parameter", "output", "gradient"]
Token = str | dict[str, Any]
Index = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Grid:
    """An array on the page.

    Attributes:
        name: what steps call it by.
        role: which colour it has.
        values: the numbers, one sample's where there is only one.
        label: what stands above it; its name, unless something else is said.
        padding: which of its numbers are padding.
        hidden: whether it is empty at first and filled by the steps.
    """

    name: str
    role: Role
    values: Array
    label: str = ""
    padding: NDArray[np.bool_] | None = None
    hidden: bool = False

    def flat(self, index: Index) -> int:
        """Return which number, counted row by row, has this index."""
        return int(np.ravel_multi_index(index, self.values.shape))

    def called(self, index: Index) -> str:
        """Return what to call a number, without the axes that say nothing.

        Example:
            >>> Grid("y", "output", np.zeros((2, 2, 1))).called((0, 1, 0))
            'y[0, 1]'
        """
        if self.values.size == 1:
            return self.name
        lone = all(length == 1 for length in self.values.shape[2:])
        return f"{self.name}[{', '.join(map(str, index[:2] if lone else index))}]"

    def plain(self) -> dict[str, Any]:
        """Return the grid as plain data."""
        data = {
            "name": self.name,
            "role": self.role,
            "label": self.label or self.name,
            "shape": list(self.values.shape),
            "values": [_plain_number(value) for value in self.values.flat],
            "planes": _planes(self.values.shape, "weight" in self.name),
            "padding": [] if self.padding is None else np.flatnonzero(self.padding).tolist(),
        }
        return data | ({"hidden": True} if self.hidden else {})


def _planes(shape: tuple[int, ...], filters: bool) -> list[dict[str, Any]]:
    """Cut an array into planes of rows and columns, which hold the flat indices of its numbers.

    Example:
        >>> _planes((1, 2, 2), filters=False)
        [{'label': 'channel 0', 'rows': [[0, 2]]}, {'label': 'channel 1', 'rows': [[1, 3]]}]
    """
    indices = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    if len(shape) <= 2:
        return [{"label": "", "rows": np.atleast_2d(indices).tolist()}]
    if filters:
        names, cut = ("filter", "channel"), np.moveaxis(indices, (3, 2), (0, 1))
    else:  # images; the axis of the samples may be absent
        names, cut = ("sample", "channel"), np.moveaxis(indices.reshape(-1, *shape[-3:]), 3, 1)
    found = []
    for at in np.ndindex(cut.shape[:2]):
        parts = [f"{name} {one}" for name, one, count in zip(names, at, cut.shape, strict=False) if count > 1]
        found.append({"label": ", ".join(parts), "rows": cut[at].tolist()})
    return found


class Term(NamedTuple):
    """A piece of arithmetic: how it is written, and what comes out."""

    tokens: tuple[Token, ...]
    value: float


def cell(grid: Grid, *index: int) -> Term:
    """Return a number of a grid."""
    value = float(grid.values[index])
    return Term(({"cell": [grid.name, grid.flat(index)], "text": written(value)},), value)


def constant(value: float) -> Term:
    """Return a number that stands in no grid."""
    return Term((written(value),), float(value))


def product(*factors: Term) -> Term:
    """Multiply."""
    return Term(_joined(" · ", factors), float(np.prod([factor.value for factor in factors])))


def added(terms: Sequence[Term]) -> Term:
    """Add up.

    Example:
        >>> added([constant(2), product(constant(-1), constant(-3))])
        Term(tokens=('2', ' + ', '(', '−1', ')', ' · ', '(', '−3', ')'), value=5.0)
    """
    return Term(_joined(" + ", terms), sum(term.value for term in terms))


def difference(first: Term, second: Term) -> Term:
    """Take the second from the first."""
    return Term(_joined(" − ", (first, second)), first.value - second.value)


def largest(terms: Sequence[Term]) -> Term:
    """Take the largest.

    Example:
        >>> largest([constant(-1), constant(0)])
        Term(tokens=('max(', '−1', ', ', '0', ')'), value=0.0)
    """
    listed = [token for term in terms for token in (", ", *term.tokens)]
    return Term(("max(", *listed[1:], ")"), max(term.value for term in terms))


def quotient(above: Term, below: Term) -> Term:
    """Divide; what is more than one number is put in brackets."""
    return Term((*_whole(above), " / ", *_whole(below)), above.value / below.value)


def wrapped(before: str, term: Term, after: str, value: float) -> Term:
    """Write something around a term, which gives it another value."""
    return Term((before, *term.tokens, after), value)


def _joined(sign: str, terms: Sequence[Term]) -> tuple[Token, ...]:
    tokens = list(terms[0].tokens)
    for term in terms[1:]:
        first, *rest = term.tokens
        tokens += [sign, *(("(", first, ")") if _text(first).startswith("−") else (first,)), *rest]
    return tuple(tokens)


def _whole(term: Term) -> tuple[Token, ...]:
    return term.tokens if len(term.tokens) == 1 else ("(", *term.tokens, ")")


def _text(token: Token) -> str:
    return token if isinstance(token, str) else str(token["text"])


def written(value: float) -> str:
    """Return a number as people write it, with at most four decimals.

    Example:
        >>> written(-0.25), written(137.0), written(2 / 3), written(-0.00001)
        ('−0.25', '137', '0.6667', '0')
    """
    return np.format_float_positional(round(value, 4) + 0.0, trim="-").replace("-", "−")


@dataclass(frozen=True, eq=False)
class Step:
    """One cell is filled.

    Attributes:
        statement: the text of the statement that computes it.
        grid: which grid it belongs to.
        index: its index there.
        term: the arithmetic.
        why: the arithmetic in words.
        also: indices of other grids' cells to light, which the arithmetic does not name.
    """

    statement: str
    grid: Grid
    index: Index
    term: Term
    why: str
    also: Sequence[tuple[Grid, Iterable[Index]]] = ()


def track(title: str, path: str, grids: Sequence[Grid], steps: Iterable[Step]) -> dict[str, Any]:
    """Put a track together, and check it.

    Args:
        title: what it shows.
        path: the object whose code is shown beside it.
        grids: what is on the page.
        steps: in the order in which they are played.

    Returns:
        The track as plain data.

    Raises:
        PipelineError: if a step's arithmetic does not give what `cnn` returned, if the steps do not fill
            each cell that is hidden at first exactly once, or if a statement is not in the source.
    """
    steps = list(steps)
    for step in steps:
        returned = float(step.grid.values[step.index])
        if not isclose(step.term.value, returned, rel_tol=1e-6, abs_tol=1e-6):
            raise PipelineError(
                f"{title}: the terms of {step.grid.called(step.index)} give {step.term.value}, cnn returned "
                f"{returned}: mend the trace, whose arithmetic is no longer that of {path}."
            )
    for grid in grids:
        filled = sorted(step.grid.flat(step.index) for step in steps if step.grid is grid)
        if filled != list(range(grid.values.size if grid.hidden else 0)):
            raise PipelineError(
                f"{title}: the steps fill the cells {filled} of {grid.name}, expected each of "
                f"{grid.values.size if grid.hidden else 0} once: mend the trace."
            )
    code = find_piece(path)
    return {
        "title": title,
        "code": {"object": path, "lines": code.text.splitlines()},
        "arrays": [grid.plain() for grid in grids],
        "steps": [_plain_step(code, step) for step in steps],
    }


def _plain_step(code: Piece, step: Step) -> dict[str, Any]:
    lit: dict[str, dict[int, None]] = {}  # ordered, each once
    for token in step.term.tokens:
        if not isinstance(token, str):
            name, flat = token["cell"]
            lit.setdefault(name, {})[flat] = None
    for grid, also in step.also:
        lit.setdefault(grid.name, {}).update(dict.fromkeys(map(grid.flat, also)))
    result = cell(step.grid, *step.index)
    return {
        "line": code.line_of(step.statement),
        "target": [step.grid.name, [step.grid.flat(step.index)]],
        "cells": [[name, list(cells)] for name, cells in lit.items()],
        "expression": [*step.term.tokens, " = ", *result.tokens],
        "text": f"{step.grid.called(step.index)} = {written(result.value)}: {step.why}.",
    }


def _plain_number(value: Any) -> float:
    """Return the shortest number that reads back as the array's, without the sign of a zero."""
    number = float(str(value)) + 0.0
    return int(number) if number.is_integer() else number
