"""Every page of the site: it loads, holds on a phone, and is light."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import PHONE, addresses, go, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

LIMIT = 1_000_000  # bytes that travel for a page and all that it loads; the network waits for a stroke
TEXT = ("text/", "application/javascript", "application/json", "application/xml", "image/svg")

UNFOLD = """
() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const image of document.images) {
    if (getComputedStyle(image).display !== "none") image.loading = "eager"; // else it is the other theme's
  }
}
"""
BROKEN = """
() => {
  const shown = [...document.images].filter(({ loading }) => loading === "eager");
  return shown.filter(({ naturalWidth }) => !naturalWidth).map(({ src }) => src);
}
"""
OUTSIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.outerHTML.slice(0, 80))
"""


@dataclass
class Loaded:
    """A page of the site, and the bytes of all that it loaded."""

    page: Page
    sizes: dict[str, int]


@pytest.fixture(scope="module", params=addresses())
def loaded(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Loaded]:
    """Return each page of the site, loaded once for all tests of this module, with everything unfolded."""
    with opened(browser, site) as (page, watch):
        go(page, request.param)
        page.evaluate(UNFOLD)
        page.wait_for_load_state("networkidle")
        answers = [answer for asked in watch.requests if (answer := asked.response())]
        yield Loaded(page, {answer.url: sent(answer) for answer in answers})


def sent(answer: Response) -> int:
    """Return how many bytes of a file travel: GitHub Pages compresses text."""
    body = answer.body()
    return len(gzip.compress(body) if answer.headers["content-type"].startswith(TEXT) else body)


def test_a_page_has_a_heading_and_all_its_pictures(loaded: Loaded) -> None:
    assert loaded.page.locator("h1").count() == 1
    assert loaded.page.locator(".failure").all_inner_texts() == []
    assert loaded.page.evaluate(BROKEN) == []


def test_a_page_is_no_wider_than_a_phone(loaded: Loaded) -> None:
    loaded.page.set_viewport_size(PHONE)
    width = loaded.page.evaluate("() => document.scrollingElement.scrollWidth")
    assert width <= PHONE["width"], loaded.page.evaluate(OUTSIDE)


def test_a_page_is_light(loaded: Loaded) -> None:
    heaviest = sorted(loaded.sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(loaded.sizes.values()) < LIMIT, heaviest
