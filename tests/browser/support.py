"""What the browser tests share: where the site lies, its pages, and a page that is watched."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:  # without Playwright the tests are skipped, not broken
    from playwright.sync_api import Browser, Page, Request, ViewportSize

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
WIDGETS = "digit-canvas, step-player, predict-value, curve-slider"
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 800}


def documents() -> dict[str, str]:
    """Return the Markdown files in the navigation, by the addresses of their pages."""
    names = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return {f"{name.removesuffix('.md')}/".removesuffix("index/"): name for name in names}


# One page of each kind, small ones: what is tried on many pages is tried on these by the quick tests too.
QUICK = {"", "learn/flatten/", "learn/batch-normalisation/", "reference/"}


def each(addresses: Iterable[str]) -> list[Any]:
    """Return these pages as a test's parameters; all but a few are for the slow tests."""
    return [pytest.param(one, marks=[] if one in QUICK else [pytest.mark.slow]) for one in addresses]


def elements(name: str) -> list[tuple[str, int, dict[str, str]]]:
    """Return each <name> of the pages: its page, its index among those of the page, and its attributes."""
    found = []
    for address, file in documents().items():
        tags = re.findall(rf"<{name}\b([^>]*)>", (ROOT / "docs" / file).read_text(encoding="utf-8"))
        found += [
            (address, index, dict(re.findall(r'(\w+)="([^"]*)"', tag))) for index, tag in enumerate(tags)
        ]
    return found


def recorded(name: str) -> Any:
    """Return what was recorded for the widgets in a JSON file of the site."""
    return json.loads((SITE / name).read_text(encoding="utf-8"))


def missing(reason: str) -> NoReturn:
    """Skip a test for what the machine has not, or fail where the tests have to run."""
    if os.environ.get("CNN_BROWSER_TESTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Watch:
    """What a page did that readers do not see."""

    requests: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        self.requests.append(request)

    def fetched(self, ending: str) -> int:
        return sum(request.url.endswith(ending) for request in self.requests)


@contextmanager
def opened(browser: Browser, site: str, **context: Any) -> Iterator[tuple[Page, Watch]]:
    """Open a page of its own; at the end it must have had no error and have asked no other host."""
    watch = Watch()
    options = {"base_url": site, "viewport": DESK, "reduced_motion": "reduce", **context}
    with browser.new_context(**options) as pages:
        page = pages.new_page()
        page.on("request", watch.note)
        page.on("pageerror", lambda error: watch.faults.append(str(error)))
        page.on("console", lambda message: watch.faults.append(f"{message.type}: {message.text}"))
        yield page, watch
    assert watch.faults == []
    assert [request.url for request in watch.requests if not request.url.startswith((site, "data:"))] == []


def go(page: Page, address: str) -> None:
    """Load a page, and wait until its widgets are drawn."""
    page.goto(address)
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until the page's widgets show something, and the network is there or cannot be had."""
    page.wait_for_function(
        """(widgets) =>
          [...document.querySelectorAll(widgets)].every(
            (widget) => widget.querySelector(":scope > :not(.outline)")
          ) &&
          !document.querySelector("digit-canvas :is(.room, .loading)")""",
        arg=WIDGETS,
    )
