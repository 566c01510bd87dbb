"""The history of a training: what is known of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import SupportsIndex, overload

import numpy as np

from cnn.habits import Explains, in_brief, nearest
from cnn.tables import Table

Record = dict[str, float]
"""What is known after an epoch: epoch, learning_rate (at its first step), loss, accuracy, validation_…"""


class History(Explains, list[Record]):
    """One record for each epoch, from the first to the last; `history["loss"]` is one entry of all of them.

    The interpreter shows it as a table, and so does a notebook.

    Raises:
        KeyError: if an entry is asked for that the records do not have.

    Example:
        >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
        >>> history[-1]["loss"]
        0.25
        >>> history["loss"]
        [0.5, 0.25]
        >>> history
        epoch  loss
        1       0.5
        2      0.25
    """

    @overload
    def __getitem__(self, index: SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> History: ...
    @overload
    def __getitem__(self, index: str) -> list[float]: ...
    def __getitem__(self, index: SupportsIndex | slice | str) -> Record | History | list[float]:
        if isinstance(index, slice):
            return History(super().__getitem__(index))
        if not isinstance(index, str):
            return super().__getitem__(index)
        if not all(index in record for record in self):
            raise KeyError(f"The history has no entry {index!r}{nearest(index, self[0], _known(self[0]))}")
        return [record[index] for record in self]

    def __repr__(self) -> str:
        return str(self._table())

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return self._table()._repr_html_()

    def _table(self) -> Table:
        names = list(dict.fromkeys(name for record in [{"epoch": 0.0}, *self] for name in record))
        rows = [[readable(name, record[name]) if name in record else "" for name in names] for record in self]
        return Table.of([[name.replace("_", " ") for name in names], *rows])


def best_epoch(history: Sequence[Record], monitor: str) -> int:
    """Return the number of the first epoch whose monitored entry is the best; NaN is the worst.

    Args:
        history: the records.
        monitor: the entry that decides; an accuracy should be high, anything else low.

    Raises:
        ValueError: if the history has no such entry.

    Example:
        >>> best_epoch([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.3}], "loss")
        2
    """
    if monitor not in history[-1]:
        raise ValueError(
            f"The history has no entry {monitor!r}{nearest(monitor, history[-1], _known(history[-1]))}"
        )
    sign = 1 if monitor.endswith("accuracy") else -1

    def goodness(record: Record) -> float:
        return -inf if isnan(record[monitor]) else sign * record[monitor]

    return int(max(history, key=goodness)["epoch"])


def readable(name: str, value: float) -> str:
    """Return an entry of a record as people read it.

    Example:
        >>> readable("accuracy", 0.98765), readable("loss", 0.0123456)
        ('98.77%', '0.01235')
    """
    if not is_number(value):  # from a callback of a user's own
        return in_brief(value)
    if name == "epoch":
        return f"{value:.0f}"
    return f"{value:.2%}" if name.endswith("accuracy") else f"{value:.4g}"


def is_number(value: object) -> bool:
    """Tell whether a value is a number, perhaps one of NumPy's, also as an array without axes."""
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"  # type: ignore[arg-type]


def _known(record: Record) -> str:
    return f"it has {', '.join(record)}"
