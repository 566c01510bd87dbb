"""Pieces of Markdown: tables, and numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """Return a table; without rows the text is empty, so that a page can ask for it with `{% if %}`.

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
    rule = ["---"] * (len(head) - numbers) + ["--:"] * numbers
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in [head, rule, *rows]]
    return "\n".join(lines) if len(lines) > 2 else ""


def code(text: object) -> str:
    """Return text as code.

    Example:
        >>> code("params.yaml")
        '`params.yaml`'
    """
    return f"`{text}`"


def plain(text: str) -> str:
    """Return text such that Markdown shows every character of it as it is.

    Example:
        >>> plain("MNIST, 10,000"), plain("cats_&_dogs")
        ('MNIST, 10,000', 'cats&#95;&#38;&#95;dogs')
    """
    return re.sub(r"[^\w ,.-]|_", lambda found: f"&#{ord(found[0])};", text)


def times(shape: Sequence[int]) -> str:
    """Return a shape as text.

    Example:
        >>> times((28, 28, 1))
        '28×28×1'
    """
    return "×".join(map(str, shape))


def tidy(number: float, digits: int = 2) -> str:
    """Return a number with a true minus, and without a minus before 0.

    Example:
        >>> tidy(-0.001), tidy(-1.5)
        ('0.00', '−1.50')
    """
    return f"{round(float(number), digits) + 0.0:.{digits}f}".replace("-", "−")


def _cell(cell: object) -> str:
    return str(cell).replace("|", r"\|")
