"""An extension of Python-Markdown: formulas in LaTeX become MathML when the site is built.

`$…$` stands in a line, `$$…$$` on its own. Browsers draw MathML themselves, so no page needs a script or a
network for its formulas.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor

_ROWS = {"math", "mrow", "mtd"}  # in which one part follows the other
PRIORITY = 185  # after code, which keeps its dollars, and before backslashes are taken for Markdown's


def mathml(latex: str, display: str) -> Element:
    """Return a formula as MathML.

    Args:
        latex: the formula.
        display: `"inline"` or `"block"`.

    Raises:
        ValueError: if it is not LaTeX, or holds something that cannot be drawn; it says what.

    Example:
        >>> mathml("x", "inline").find("mrow/mi").text
        'x'
    """
    bare = re.sub(r"\\[{}]", "", latex)
    if bare.count("{") != bare.count("}"):
        raise ValueError(f"The formula {latex.strip()!r} has a brace without its other one.")
    try:
        element: Element = convert_to_element(latex, display=display)
    except Exception as error:  # the errors of latex2mathml share no other class and have no message
        raise ValueError(f"The formula {latex.strip()!r} is not LaTeX ({type(error).__name__}).") from error
    for part in list(element.iter()):
        _set_off_functions(part)
        if part.tag == "mi" and re.fullmatch(r"\\.+|&", part.text or ""):
            raise ValueError(f"The formula {latex.strip()!r} has {part.text!r} in it, which cannot be drawn.")
    return element


def _set_off_functions(row: Element) -> None:
    """Put a thin space between log, tanh and so on and their argument, unless a bracket follows."""
    if row.tag not in _ROWS:
        return
    parts = list(row)
    for index in range(len(parts) - 1, 0, -1):
        name, argument = parts[index - 1], parts[index]
        if name.tag == "mi" and len(name.text or "") > 1 and argument.tag != "mo":
            row.insert(index, Element("mspace", width="0.167em"))


class _Formula(InlineProcessor):
    def __init__(self, pattern: str, md: Markdown, display: str) -> None:
        super().__init__(pattern, md)
        self.display = display

    # Python-Markdown's own InlineProcessor departs from its base class in this way.
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # type: ignore[override]
        return mathml(m.group(1), self.display), m.start(0), m.end(0)


class _Formulas(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        for pattern, display in ((r"\$\$(.+?)\$\$", "block"), (r"(?<!\$)\$([^$]+)\$(?!\$)", "inline")):
            formula = _Formula(pattern, md, display)
            md.inlinePatterns.register(formula, f"formula-{display}", PRIORITY)


def makeExtension() -> Extension:
    """Return the extension: Python-Markdown calls a function of this name."""
    return _Formulas()
