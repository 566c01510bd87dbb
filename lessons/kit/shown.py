"""What a lesson gives its page: drawings, values for the sentences, and files for the widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lessons.kit.sheet import Sheet, plain_style
from lessons.kit.themes import DARK, LIGHT, Theme

Drawing = Callable[[Theme], Sheet]


@dataclass(frozen=True)
class Shown:
    """What a lesson gives its page.

    Attributes:
        drawings: what draws each figure; the page shows it as `<name>-light.svg` and `<name>-dark.svg`.
        values: what the page fills in as `{{ lesson.name }}`: text, numbers, and lists or dicts of these.
        files: all other files by their names, such as `traces/dropout.json`.
    """

    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def as_files(self, lesson: str) -> dict[str, bytes]:
        """Return everything as files, the values under the lesson's name."""
        made = dict(self.files)
        for theme in (LIGHT, DARK):
            with plain_style(theme):
                for name, draw in self.drawings.items():
                    made[f"{name}-{theme.name}.svg"] = draw(theme).svg()
        if self.values:
            made[f"values/{lesson}.json"] = to_json(self.values)
        return made


def to_json(data: Any) -> bytes:
    """Return plain data as JSON, byte for byte the same each time."""
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()
