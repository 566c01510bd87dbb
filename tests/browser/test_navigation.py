"""Material's instant navigation, which exchanges the page below the widgets, and the search."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.browser.support import Watch, drawn, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

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


def test_the_search_finds_a_page(page: Page, site: str) -> None:
    go(page, "")
    page.keyboard.press("/")
    page.keyboard.type("convolution")
    found = page.locator(".md-search-result__link")
    found.first.wait_for()
    addresses = found.evaluate_all("(links) => links.map(({ origin, pathname }) => origin + pathname)")
    assert f"{site}learn/convolution/" in addresses
