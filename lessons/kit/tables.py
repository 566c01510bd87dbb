"""Pieces of Markdown that facts are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NUMBER = "--:"
TEXT = "---"


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """Return a table.

    Args:
        head: the columns' headings.
        rows: the cells.
        numbers: how many of the last columns hold numbers, which stand on the right.

    Example:
        >>> print(table(["layer", "parameters"], [["Dense", 10]], numbers=1))
        | layer | parameters |
        | --- | --: |
        | Dense | 10 |
    """
    rule = [TEXT] * (len(head) - numbers) + [NUMBER] * numbers
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in [head, rule, *rows])


def code(text: object) -> str:
    """Return text as code.

    Example:
        >>> code("params.yaml")
        '`params.yaml`'
    """
    return f"`{text}`"


def times(shape: Sequence[int]) -> str:
    """Return a shape as text.

    Example:
        >>> times((28, 28, 1))
        '28×28×1'
    """
    return "×".join(map(str, shape))


def _cell(cell: object) -> str:
    return str(cell).replace("|", r"\|")
