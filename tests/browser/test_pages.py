"""Every page: it loads, is accessible in both themes, fits on a phone, is light, and says what it is."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.browser.support import PHONE, SITE, documents, each, go, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

CARD = 60_000  # bytes of a social card
LIMIT = 1_000_000  # bytes that travel for a page and all that it loads, and for the network, which comes last
TEXT = ("text/", "application/javascript", "application/json", "application/xml", "image/svg")

UNFOLD = """
(folds) => {
  for (const fold of document.querySelectorAll(folds)) fold.open = true;
  for (const image of document.images) {
    if (getComputedStyle(image).display !== "none") image.loading = "eager"; // else it is the other theme's
  }
}
"""
LOADED = """
() => [...document.images].every((image) => image.complete || getComputedStyle(image).display === "none")
"""
# A page has thousands of numbers, letters in formulas and words of code, and axe is slow with each of them.
# It is given only one of those that have the same colours and size.
AXE = """
async (rules) => {
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" && node.parentElement ? ground(node.parentElement) : colour;
  };
  const looks = new Set();
  const exclude = [...document.querySelectorAll(".cell, math, th:has(> math), code span")].filter((node) => {
    if (node.localName === "th") return true; // axe takes a formula for no text at all
    const { color, fontSize, fontWeight } = getComputedStyle(node);
    return looks.size === looks.add([node.localName, color, ground(node), fontSize, fontWeight].join()).size;
  });
  const options = { resultTypes: ["violations"], ...rules };
  const { violations, passes } = await axe.run({ include: document, exclude }, options);
  const found = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
  return [found, passes.some(({ id }) => id === "color-contrast")];
}
"""
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
THEMES = {"default": {}, "slate": COLOURS}  # only colours differ in the dark theme
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


@pytest.fixture(scope="module", params=each(documents()))
def loaded(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Loaded]:
    """Return each page of the site, loaded once for all tests here, with all but source code unfolded."""
    with opened(browser, site) as (page, watch):
        go(page, request.param)
        page.evaluate(UNFOLD, "details:not(.mkdocstrings-source)")
        page.wait_for_function(LOADED, timeout=60_000)
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


def test_axe_finds_nothing_in_either_theme(loaded: Loaded) -> None:
    page = loaded.page
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    for theme, rules in THEMES.items():
        if page.locator("body").get_attribute("data-md-color-scheme") != theme:
            page.locator("[data-md-component=palette] label:visible").click()
        page.wait_for_selector(f"body[data-md-color-scheme={theme}]")
        found, looked_at_colours = page.evaluate(AXE, rules)
        assert found == [], theme
        assert looked_at_colours


def test_a_page_is_no_wider_than_a_phone(loaded: Loaded) -> None:
    loaded.page.evaluate(UNFOLD, "details")
    loaded.page.set_viewport_size(PHONE)
    width = loaded.page.evaluate("() => document.scrollingElement.scrollWidth")
    assert width <= PHONE["width"], loaded.page.evaluate(OUTSIDE)


def test_a_page_is_light(loaded: Loaded) -> None:
    heaviest = sorted(loaded.sizes.items(), key=lambda item: -item[1])[:5]
    network = sum(size for address, size in loaded.sizes.items() if address.endswith("weights.bin"))
    assert network < LIMIT
    assert sum(loaded.sizes.values()) - network < LIMIT, heaviest


def test_a_page_says_what_it_is_to_search_engines_and_on_other_sites(loaded: Loaded) -> None:
    def content(name: str) -> str:
        return loaded.page.locator(f"meta[{name}]").get_attribute("content") or ""

    assert "Convolutional networks in plain NumPy" in loaded.page.title()
    assert 60 <= len(content("name=description")) <= 160
    assert content("property='og:description'") == content("name=description")
    assert content("property='og:title'") in loaded.page.title()
    assert content("name='twitter:card'") == "summary_large_image"
    home = content("property='og:url'").removesuffix(loaded.page.url.partition("/cnn/")[2])
    card = (SITE / content("property='og:image'").removeprefix(home)).read_bytes()
    assert Image.open(io.BytesIO(card)).size == (1200, 630)
    assert len(card) < CARD


def test_no_two_pages_have_the_same_title_or_description(site: str) -> None:
    for tag in ("<title>(.*?)</title>", '<meta name="description" content="(.*?)">'):
        pages = [SITE / address / "index.html" for address in documents()]
        found = [re.findall(tag, page.read_text(encoding="utf-8")) for page in pages]
        assert all(len(one) == 1 for one in found)
        assert len({one for [one] in found}) == len(pages)
