"""An extension of Python-Markdown: each page is a Jinja2 template, filled in with what the lessons give.

`{{ dropout.shapes }}` is a value of the lesson `dropout`; `{{ code("cnn.layers.dense.Dense.build") }}` is a
piece of the source. A comment is written `<!--# … #-->`, since on these pages `{#name}` gives an id.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import ChainableUndefined, Environment, TemplateSyntaxError
from jinja2.utils import missing
from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from cnn.habits import nearest
from lessons.kit.code_blocks import code_block, enclose_outputs
from lessons.kit.outlines import with_outlines
from pipeline.common import paths
from pipeline.common.errors import PipelineError

BUILT = Path("docs/built")  # git ignores it
PRIORITY = (
    29  # after lines are made uniform, which removes marks of stored HTML, before all other preprocessors
)
AFTER_ALL = 0  # when all HTML is in its place
ON_ITS_OWN = re.compile(r"^( +)\{\{((?:(?!\}\}).)*)\}\}$", re.MULTILINE)

Values = Mapping[str, SimpleNamespace]


def render(text: str, values: Values, show: Callable[[str], str] = code_block) -> tuple[str, list[str]]:
    """Fill in a page.

    Args:
        text: the page's Markdown.
        values: the values of each lesson by its name.
        show: returns what stands for a piece of the source, given its path.

    Returns:
        The page, and a sentence for each name on it that means nothing.

    Example:
        >>> render("It has {{ net.size }} layers.", {"net": SimpleNamespace(size=2)})
        ('It has 2 layers.', [])
        >>> render("{{ nett.size }}", {"net": SimpleNamespace(size=2)})
        ('', ["there is no lesson 'nett': did you mean 'net'?"])
    """
    faults: list[str] = []

    class Unknown(ChainableUndefined):
        """A name that means nothing, which is noted."""

        def __init__(self, hint: str | None = None, obj: Any = missing, name: str = "", *_: Any) -> None:
            super().__init__(hint, obj, name)
            faults.append(_unknown(obj, name, values))

    def code(path: str) -> str:
        try:
            return show(path)
        except PipelineError as error:
            faults.append(str(error))
            return ""

    environment = Environment(
        undefined=Unknown,
        comment_start_string="<!--#",
        comment_end_string="#-->",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the pages are the project's own, and Markdown holds HTML
    )
    # What stands on a line of its own, in an admonition for example, is indented whole.
    text = ON_ITS_OWN.sub(lambda one: f"{one[1]}{{{{ ({one[2]}) | indent({len(one[1])}) }}}}", text)
    try:
        return environment.from_string(text).render(**values, code=code), faults
    except TemplateSyntaxError as error:
        return text, [*faults, f"line {error.lineno} cannot be filled in: {error.message}"]


def read_values() -> dict[str, SimpleNamespace]:
    """Return the values of all lessons, from the files that they have given."""
    values: dict[str, SimpleNamespace] = {}
    for folder in (paths.FIGURES, BUILT):
        for file in sorted(folder.glob("values/*.json")):
            given = json.loads(file.read_text(encoding="utf-8"))
            vars(values.setdefault(file.stem, SimpleNamespace())).update(given)
    return values


def _unknown(obj: Any, name: str, values: Values) -> str:
    """Say which name means nothing."""
    if obj is missing:
        return f"there is no lesson {name!r}" + (nearest(name, dict(values)) or ".")
    lesson = next((known for known, given in values.items() if given is obj), None)
    if lesson is None:
        return f"a value has no part {name!r}."
    hint = nearest(name, vars(obj)) or "."
    return f"the lesson {lesson!r} gives no value {name!r}{hint} If it is new, run `make site-files`."


class _Fill(Preprocessor):
    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self.values, self.repository = read_values(), os.environ.get("REPO_URL", "")

    def run(self, lines: list[str]) -> list[str]:
        text, faults = render("\n".join(lines), self.values, self.show)
        if faults:
            raise PipelineError(" ".join(faults))
        return text.split("\n")

    def show(self, path: str) -> str:
        """Store the piece of the source as HTML, which Markdown then leaves as it is; return its mark."""
        return self.md.htmlStash.store(code_block(path, self.repository))


class _Outputs(Postprocessor):
    def run(self, text: str) -> str:
        return enclose_outputs(text)


class _Outlines(Postprocessor):
    def run(self, text: str) -> str:
        return with_outlines(text, BUILT)


class _Pages(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(_Fill(md), "pages", PRIORITY)
        md.postprocessors.register(_Outputs(md), "outputs", AFTER_ALL)
        md.postprocessors.register(_Outlines(md), "outlines", AFTER_ALL)


def makeExtension() -> Extension:
    """Return the extension, under the name by which Python-Markdown asks for it."""
    return _Pages()
