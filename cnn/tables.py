"""Tables of text that a notebook shows as tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


class Table(str):
    """A table as text: the interpreter shows it as it is printed, a notebook as an HTML table.

    Attributes:
        rows: the cells, row by row; the first row is the header.

    Example:
        >>> Table.of([("epoch", "loss"), ("1", "0.25")])
        epoch  loss
        1      0.25
    """

    rows: Sequence[Sequence[str]] = ()

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]]) -> Table:
        """Align the first column to the left and the others, which are numbers, to the right."""
        first, *others = ([*map(str, column)] for column in zip(*rows, strict=True))
        widths = [max(map(len, column)) for column in others]
        left = max(map(len, first))
        lines = ["  ".join([row[0].ljust(left), *map(str.rjust, row[1:], widths)]).rstrip() for row in rows]
        table = cls("\n".join(lines))
        table.rows = rows
        return table

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        header, *body = (_cells(row, "td" if index else "th") for index, row in enumerate(self.rows))
        return f"<table><thead>{header}</thead><tbody>{''.join(body)}</tbody></table>"


def _cells(row: Sequence[str], kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in row)}</tr>"
