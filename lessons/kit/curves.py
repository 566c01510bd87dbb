"""The curves of the pages' sliders, as plain data: what `cnn` computes for each value of one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cnn.types import Array

Curve = dict[str, Any]


def curve(
    title: str, x_label: str, x: Array, parameter: str, values: Sequence[float], lines: list[dict[str, Any]]
) -> Curve:
    """Return a curve.

    Args:
        title: what it shows.
        x_label: what is counted to the right.
        x: where heights are recorded.
        parameter: the number that the slider changes.
        values: the values that this number takes.
        lines: the lines, made by `line`.
    """
    return {
        "title": title,
        "x_label": x_label,
        "x": _plain(x),
        "parameter": {"name": parameter, "values": list(values)},
        "lines": lines,
    }


def line(name: str, role: str, rows: Iterable[Array]) -> dict[str, Any]:
    """Return one line of a curve: a row of heights for each value of the slider's number."""
    return {"name": name, "role": role, "y": [_plain(row) for row in rows]}


def _plain(numbers: Array) -> list[float | None]:
    """Return numbers with five decimals, since last bits differ between machines; NaN becomes a gap."""
    return [None if np.isnan(number) else round(number, 5) + 0.0 for number in numbers.tolist()]
