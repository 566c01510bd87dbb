"""No page has a script of its own or one from another host, and the scripts that pages show are valid."""

import re
import subprocess
from pathlib import Path

import playwright
import pytest

from lessons.kit.pages import BUILT
from tests.texts.texts import ROOT, TEXTS, blocks, read

NODE = Path(playwright.__file__).with_name("driver") / "node"

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


def test_the_javascript_of_the_pages_is_valid(tmp_path: Path) -> None:
    for text in TEXTS:
        for block in blocks(read(text), "js"):
            module = tmp_path / "block.mjs"
            module.write_text(block.code, encoding="utf-8")
            subprocess.run([NODE, "--check", module], check=True)  # it says what is wrong
