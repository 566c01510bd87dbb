"""Every page of the site: it loads, nothing is amiss on it, in either theme and on a phone, and it is light."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import DESK, PHONE, documents, go, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIMIT = 1_000_000  # bytes of a page with all that it loads, but without the network, which waits for a stroke

UNFOLD = """
() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const image of document.images) image.loading = getComputedStyle(image).display === "none" ? "lazy" : "eager";
}
"""
BROKEN = """
() => [...document.images].filter((image) => image.loading === "eager" && !image.naturalWidth).map(({ src }) => src)
"""
AXE = """
async () => {
  const contrast = { id: "color-contrast", options: { ignorePseudo: true } }; // ten times as fast
  axe.configure({ checks: [contrast] });
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
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


@pytest.fixture(scope="module", params=documents())
def loaded(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Loaded]:
    """Return each page of the site, loaded once for all tests of this module, with everything unfolded."""
    with opened(browser, site) as (page, watch):
        go(page, request.param)
        page.evaluate(UNFOLD)
        page.wait_for_load_state("networkidle")
        answers = [answer for asked in watch.requests if (answer := asked.response())]
        yield Loaded(page, {answer.url: len(answer.body()) for answer in answers})


@pytest.fixture
def page(loaded: Loaded) -> Page:
    return loaded.page


def test_a_page_has_a_heading_and_all_its_pictures(page: Page) -> None:
    assert page.locator("h1").count() == 1
    assert page.locator(".failure").all_inner_texts() == []
    assert page.evaluate(BROKEN) == []


def test_a_page_is_light(loaded: Loaded) -> None:
    heaviest = sorted(loaded.sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(loaded.sizes.values()) < LIMIT, heaviest


def test_axe_finds_nothing_grave_in_either_theme(page: Page) -> None:
    page.set_viewport_size(DESK)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    for theme in ("default", "slate"):
        if page.locator("body").get_attribute("data-md-color-scheme") != theme:
            page.locator("[data-md-component=palette] label:visible").click()
        page.wait_for_selector(f"body[data-md-color-scheme={theme}]")
        assert page.evaluate(AXE) == [], theme


def test_a_page_is_no_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    assert page.evaluate("() => document.scrollingElement.scrollWidth") <= PHONE["width"], page.evaluate(
        OUTSIDE
    )
