"""No page or widget has a script of its own, or takes one from another host."""

import re

import pytest

from lessons.kit.pages import BUILT
from tests.texts.texts import ROOT

SCRIPTS = [
    r"<script\b(?![^>]*\bsrc=)",
    r"<[a-zA-Z-]+\s[^>]*\bon[a-z]+\s*=",
    r"javascript:",
    r"\b(eval|Function|setTimeout)\(\s*[\"'`]",
    r"\bnew Function\(",
    r"\bdocument\.write",
    r"\b(src|import|from)\b\s*[=(]?\s*[\"']?(https?:)?//",
]


@pytest.mark.parametrize("pattern", SCRIPTS)
def test_no_page_has_a_script_of_its_own(pattern: str) -> None:
    sources = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".js", ".jinja"}]
    written = [path for path in sources if not path.is_relative_to(ROOT / BUILT)]
    assert [path for path in written if re.search(pattern, path.read_text(encoding="utf-8"))] == []
