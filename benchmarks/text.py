"""How the page writes numbers and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor, log10
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the rest to the right.

    Example:
        >>> print(table(("layer", "µs"), [("ReLU", "2")]))
        | layer | µs |
        | --- | ---: |
        | ReLU | 2 |
    """
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(value: float) -> str:
    """Return a positive number with three digits that count, or all before the point.

    Example:
        >>> short(0.012345), short(1.5), short(1234.5)
        ('0.0123', '1.50', '1,234')
    """
    return f"{value:,.{max(0, 2 - floor(log10(value)))}f}"


def microseconds(seconds: float) -> str:
    """Return seconds as microseconds.

    Example:
        >>> microseconds(0.0001236)
        '123.6'
    """
    return f"{1e6 * seconds:.1f}"


def megabytes(size: float) -> str:
    """Return a size in bytes as whole megabytes.

    Example:
        >>> megabytes(123_456_789)
        '123'
    """
    return f"{size / 1e6:,.0f}"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return items in a row, with a word before the last of them.

    Example:
        >>> listed(["1", "2", "3"]), listed(["1"]), listed(["1", "2"], "or")
        ('1, 2 and 3', '1', '1 or 2')
    """
    return f" {last} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def spread(ratios: Mapping[str, Any]) -> str:
    """Return the median of ratios, with the lowest and the highest.

    Example:
        >>> spread({"median": 1.25, "lowest": 1, "highest": 1.5})
        '1.25 (1.00 – 1.50)'
    """
    return f"{ratios['median']:.2f} ({ratios['lowest']:.2f} – {ratios['highest']:.2f})"
