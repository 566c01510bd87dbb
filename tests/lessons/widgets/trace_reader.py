"""What the traces say, read from their files as the widgets read them."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lessons.widgets.traces import traces

Plain = dict[str, Any]
Values = NDArray[np.float32]

FILES = {name: json.loads(content) for name, content in traces().items()}
CASES = [(file["layer"], case) for file in FILES.values() for case in file["cases"]]


def grid(one: Plain, name: str) -> Values:
    """Return an array of a track."""
    (found,) = [array for array in one["arrays"] if array["name"] == name]
    return np.array(found["values"], np.float32).reshape(found["shape"])


def without_padding(one: Plain, name: str) -> Values:
    """Return an image of a track, cut free of its padding."""
    (found,) = [array for array in one["arrays"] if array["name"] == name]
    kept = np.ones(found["shape"], bool)
    kept.flat[found["padding"]] = False
    rows, columns = np.flatnonzero(kept.any((1, 2))), np.flatnonzero(kept.any((0, 2)))
    return grid(one, name)[np.ix_(rows, columns)]


def played(tracks: list[Plain]) -> dict[str, Values]:
    """Play the steps of some tracks to their end and return what has been filled."""
    filled: dict[str, Values] = {}
    for one in tracks:
        for array in one["arrays"]:
            if array.get("hidden"):
                filled[array["name"]] = np.full(array["shape"], np.nan, np.float32)
        for step in one["steps"]:
            name, places = step["target"]
            filled[name].flat[places] = grid(one, name).flat[places]
    return filled
