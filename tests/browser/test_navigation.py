"""Instant navigation, which exchanges the page below the widgets, the search, and where no way leads."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import Watch, drawn, go, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The addresses under each page that the search found, without what it highlights there.
PLACES = """
(pages) => pages.map((page) =>
  [...page.querySelectorAll("a")].map(({ origin, pathname, hash }) => origin + pathname + hash)
)
"""
NEVER = 1_000_000  # seconds: from then on the page's clock stands


def follow(page: Page, address: str) -> None:
    """Go to another page by a link, and make sure that this one is not loaded anew."""
    page.evaluate("() => (window.same = true)")
    page.locator(f"a[href*='{address}']:visible").first.click()
    page.wait_for_url(re.compile(address))
    arrived(page)


def arrived(page: Page) -> None:
    page.wait_for_selector("step-player .cell, digit-canvas .best")
    drawn(page)
    assert page.evaluate("() => window.same")


def test_widgets_survive_the_way_to_another_page_and_back(page: Page, watch: Watch, site: str) -> None:
    go(page, "")
    ready = page.get_by_role("button", name="test image 18: 3")
    ready.click()
    page.get_by_text("Test image 18 is labelled 3.").wait_for()
    follow(page, "learn/convolution/")
    player = page.locator("step-player").first
    player.get_by_role("button", name="Last step").click()
    assert player.get_attribute("data-step") == player.get_attribute("data-steps")
    page.go_back()
    page.wait_for_url(site)
    arrived(page)
    ready.click()
    page.get_by_text("Test image 18 is labelled 3.").wait_for()
    page.go_forward()
    page.wait_for_url(re.compile("learn/convolution/"))
    arrived(page)
    assert player.get_attribute("data-step") == "1"
    fetched = Counter(
        request.url for request in watch.requests if re.search("/(built|generated)/", request.url)
    )
    assert {url.rpartition("/")[2] for url in fetched} >= {"weights.bin", "convolution.json"}
    assert set(fetched.values()) == {1}


def test_no_player_goes_on_after_its_page_is_left(page: Page) -> None:
    page.clock.install(time=0)
    go(page, "learn/convolution/")
    page.clock.pause_at(NEVER)
    player = page.locator("step-player[way=backward]")
    player.get_by_role("button", name="Play", exact=True).click()
    left = player.element_handle()
    assert left is not None
    page.clock.resume()  # Material's own timers have to run
    follow(page, "learn/pooling/")
    assert not left.evaluate("(player) => player.isConnected")
    assert left.get_attribute("data-playing") == "false"
    assert left.get_attribute("data-track") == "1"
    before = left.get_attribute("data-step")
    page.clock.run_for(10_000)
    assert (left.get_attribute("data-track"), left.get_attribute("data-step")) == ("1", before)


@pytest.mark.parametrize(
    ("sought", "first", "place"),
    [
        ("convolution", 1, "learn/convolution/"),
        ("max pooling", 1, "learn/pooling/"),
        ("optimizer", 1, "learn/optimisers/"),
        ("normalization", 1, "learn/batch-normalisation/"),
        ("color", 1, "learn/network/"),
        ("why divide by n", 2, "learn/loss/#where-the-1n-stands"),
    ],
)
def test_the_search_finds_lessons_first_in_either_spelling(
    page: Page, site: str, sought: str, first: int, place: str
) -> None:
    go(page, "")
    page.keyboard.press("/")
    page.keyboard.type(sought)
    found = page.locator(".md-search-result__item")
    found.first.wait_for()
    places = found.evaluate_all(PLACES)[:first]
    assert any(f"{site}{place}" in links for links in places), places


def test_an_address_that_does_not_exist_offers_the_lessons_and_the_search(
    page: Page, watch: Watch, site: str
) -> None:
    page.goto("learn/no/such/page/")
    assert "404" in watch.faults.pop()
    assert page.get_by_role("heading", level=1).inner_text() == "This page does not exist"
    content = page.get_by_role("article")
    content.get_by_label("Search").fill("pooling")
    content.get_by_role("button", name="Find").click()
    page.locator(f".md-search-result__link[href^='{site}learn/pooling/']").first.wait_for()
    page.go_back()
    watch.faults.clear()
    content.get_by_role("link", name="Convolution").click()
    page.wait_for_url(f"{site}learn/convolution/")


def test_a_page_without_javascript_says_what_is_missing(browser: Browser, site: str) -> None:
    with opened(browser, site, java_script_enabled=False) as (page, _):
        page.goto("learn/pooling/")
        sentences = page.locator("noscript")
        assert "Text, formulas, figures and code are complete" in sentences.first.inner_text()
        assert "you can play the computation here" in sentences.nth(1).inner_text()
        assert all(sentence.is_visible() for sentence in sentences.all())
        assert not page.locator("step-player").first.is_visible()
        assert not page.get_by_role("search").is_visible()
