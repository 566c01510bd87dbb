"""What the lessons show of the repository, made once for all tests; the traces as the widgets read them."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lessons import convolution
from lessons.contents import LESSONS
from lessons.kit.shown import Shown

Plain = dict[str, Any]
Values = NDArray[np.float32]


def from_repository() -> dict[str, Shown]:
    """Return what each lesson shows of the repository; speeds are not measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "_fastest", lambda _: "")
        return {
            name: lesson.from_repository()
            for name, lesson in LESSONS.items()
            if hasattr(lesson, "from_repository")
        }


SHOWN = from_repository()
FILES: dict[str, Plain] = {
    name: json.loads(content) for shown in SHOWN.values() for name, content in shown.files.items()
}
TRACES = {name: file for name, file in FILES.items() if name.startswith("traces/")}
CURVES = {name: file for name, file in FILES.items() if name.startswith("curves/")}
CASES = [(file["layer"], case) for file in TRACES.values() for case in file["cases"]]


def grid(one: Plain, name: str) -> Values:
    """Return an array of a track."""
    (found,) = [array for array in one["arrays"] if array["name"] == name]
    return np.array(found["values"], np.float32).reshape(found["shape"])


def played(tracks: list[Plain]) -> dict[str, Values]:
    """Play the steps of some tracks to their end and return what has been filled."""
    filled: dict[str, Values] = {}
    for one in tracks:
        for array in one["arrays"]:
            if array.get("hidden"):
                filled[array["name"]] = np.full(array["shape"], np.nan, np.float32)
        for step in one["steps"]:
            name, cells = step["target"]
            filled[name].flat[cells] = grid(one, name).flat[cells]
    return filled
