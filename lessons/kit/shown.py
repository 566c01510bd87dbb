"""What a lesson gives its page: drawings, values for the sentences, and files for the widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lessons.kit.sheet import NARROW, WIDE, Sheet, plain_style
from lessons.kit.themes import DARK, LIGHT, Theme

Drawing = Callable[[Theme, int], Sheet]


@dataclass(frozen=True)
class Shown:
    """What a lesson gives its page.

    Attributes:
        drawings: what draws each figure, in a theme and at a width; the page shows it as `<name>.svg`.
        values: what the page fills in as `{{ lesson.name }}`: text, numbers, and lists or dicts of these.
        files: all other files by their names, such as `traces/dropout.json`.
    """

    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def as_files(self, lesson: str) -> dict[str, bytes]:
        """Return everything as files, the values under the lesson's name."""
        made = dict(self.files)
        for name, draw in self.drawings.items():
            made |= drawn(name, draw)
        if self.values:
            made[f"values/{lesson}.json"] = to_json(self.values)
        return made


def drawn(name: str, draw: Drawing) -> dict[str, bytes]:
    """Return a figure in both themes, for a desk and for a phone, by its files' names."""
    files: dict[str, bytes] = {}
    for theme, of_theme in ((LIGHT, ""), (DARK, "-dark")):
        with plain_style(theme):
            for width, of_width in ((WIDE, ""), (NARROW, "-narrow")):
                files[f"{name}{of_width}{of_theme}.svg"] = draw(theme, width).svg()
    return files


def to_json(data: Any) -> bytes:
    """Return plain data as JSON, byte for byte the same each time."""
    return (json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()
