"""Where the links of the built site lead."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from os.path import normpath
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from tests.browser.support import SITE, documents


class _Page(HTMLParser):
    """The ids of a page, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.references: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.references.add(value)


@cache
def parsed(file: Path) -> _Page:
    return _Page(file.read_text(encoding="utf-8"))


def fault(file: Path, reference: str) -> str | None:
    """Return what is wrong with a reference from a page, if anything is."""
    address, fragment = urldefrag(reference)
    if urlsplit(address).scheme:
        return None
    target = Path(normpath(file.parent / unquote(address))) if address else file
    target = target / "index.html" if target.is_dir() else target
    if address.startswith("/") or not target.is_file() or SITE not in target.parents:
        return f"{reference} leads to no file of the site"
    if fragment and target.suffix == ".html" and unquote(fragment) not in parsed(target).ids:
        return f"{reference} leads to no id"
    return None


@pytest.mark.usefixtures("site")
def test_the_navigation_has_every_page() -> None:
    pages = {file.parent.relative_to(SITE).as_posix() for file in SITE.rglob("index.html")}
    assert pages == {address.rstrip("/") or "." for address in documents()}


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("address", documents())
def test_every_link_leads_to_a_file_and_an_id(address: str) -> None:
    file = SITE / address / "index.html"
    faults = [found for reference in sorted(parsed(file).references) if (found := fault(file, reference))]
    assert faults == []
