"""Every page of the site: it loads, is light, and nothing is amiss in either theme and on a phone."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import PHONE, documents, go, opened

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
AXE = """
async (rules) => {
  axe.configure({ checks: [{ id: "color-contrast", options: { ignorePseudo: true } }] }); // ten times as fast
  const { violations } = await axe.run({ resultTypes: ["violations"], ...rules });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
}
"""
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
THEMES = {"default": {}, "slate": COLOURS}  # in the dark theme nothing else is other than in the light one
OUTSIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => node.outerHTML.slice(0, 80))
"""


@dataclass
class Loaded:
    """A page of the site, and how many bytes travelled for each file that it loaded."""

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
        yield Loaded(page, {answer.url: sent(answer) for answer in answers})


def sent(answer: Response) -> int:
    """Return how many bytes of a file travel: GitHub Pages compresses text."""
    body = answer.body()
    return len(gzip.compress(body) if answer.headers["content-type"].startswith(TEXT) else body)


def test_nothing_is_amiss_on_a_page(loaded: Loaded) -> None:
    page = loaded.page
    found = {"heading": page.locator("h1").count() - 1, "pictures": page.evaluate(BROKEN)}
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    for theme, rules in THEMES.items():
        if page.locator("body").get_attribute("data-md-color-scheme") != theme:
            page.locator("[data-md-component=palette] label:visible").click()
        page.wait_for_selector(f"body[data-md-color-scheme={theme}]")
        found[theme] = page.evaluate(AXE, rules)
    page.set_viewport_size(PHONE)
    if page.evaluate("() => document.scrollingElement.scrollWidth") > PHONE["width"]:
        found["wider than a phone"] = page.evaluate(OUTSIDE)
    assert {name: fault for name, fault in found.items() if fault} == {}


def test_a_page_is_light(loaded: Loaded) -> None:
    heaviest = sorted(loaded.sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(loaded.sizes.values()) < LIMIT, heaviest
