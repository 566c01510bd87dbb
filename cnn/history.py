"""The history of a training: what is known of each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import Any, SupportsIndex, overload

import numpy as np

from cnn.habits import Explains, in_brief, nearest
from cnn.tables import Table

Record = dict[str, float]
"""What is known after an epoch: epoch, learning_rate (at its first step), loss, accuracy, validation_…"""


LOW = ("loss", "error", "mae", "mse")
"""How the names of entries end that should be low."""


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
        for record in self:
            if index not in record:
                raise KeyError(_lacks(record, index))
        return [record[index] for record in self]

    def __contains__(self, wanted: object) -> bool:
        return (wanted in list(self.keys())) if isinstance(wanted, str) else super().__contains__(wanted)

    def __add__(self, other: list[Record]) -> History:  # type: ignore[override]
        return History(super().__add__(other))

    def keys(self) -> list[str]:
        """Return the names of the entries that all records have."""
        return [name for name in (self[0] if self else ()) if all(name in record for record in self)]

    def get(self, name: str, default: Any = None) -> Any:
        """Return `history[name]`, or the default if a record has no such entry."""
        return self[name] if name in self.keys() else default

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
        monitor: the entry that decides; a name that ends with loss, error, mae or mse should be low,
            anything else, such as an accuracy, high.

    Raises:
        ValueError: if a record has no such entry, or one that is no number.

    Example:
        >>> best_epoch([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.3}], "loss")
        2
    """
    for record in history:
        if monitor not in record:
            raise ValueError(_lacks(record, monitor))
        if not is_number(record[monitor]):
            raise ValueError(f"{monitor} must be a number to compare, received {in_brief(record[monitor])}.")
    sign = -1 if monitor.endswith(LOW) else 1

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


def _lacks(record: Record, name: str) -> str:
    known = nearest(name, record, f"it has {', '.join(record)}")
    return f"The history has no entry {name!r} in epoch {record.get('epoch', '?')}{known}"
