"""Nothing on a page moves when its widgets are drawn: links into a page arrive, on slow lines too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import pytest

from tests.browser.support import DESK, SITE, documents, drawn, each, opened
from tests.browser.test_links import parsed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
BOTH = pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
DELAY = 0.3  # seconds until a recorded file arrives

SHIFTS = """
() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, startTime, sources } of list.getEntries()) {
      const moved = sources.map(({ node }) => (node?.outerHTML ?? "").slice(0, 80));
      if (!hadRecentInput) shifts.push({ value, startTime, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });
}
"""
# The largest sum of a second's gap and five seconds' length, as https://web.dev/articles/cls defines it.
CLS = """
() => {
  let [worst, sum, first, last] = [0, 0, 0, 0];
  for (const { value, startTime } of shifts) {
    if (startTime - last > 1000 || startTime - first > 5000) [sum, first] = [0, startTime];
    [sum, last] = [sum + value, startTime];
    worst = Math.max(worst, sum);
  }
  return worst;
}
"""
SCROLL = """
async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (let at = 0; at < document.documentElement.scrollHeight; at += innerHeight / 2) {
    scrollTo({ top: at, behavior: "instant" });
    await frame();
    await frame();
  }
}
"""
# How far below the header an element lies; nothing, if the page ends before it can get there.
BELOW_HEADER = """
(id) => {
  const target = document.getElementById(id);
  const { scrollHeight } = document.documentElement;
  if (scrollY > 0 && scrollY + innerHeight >= scrollHeight - 1) return null;
  const header = document.querySelector(".md-header").getBoundingClientRect();
  return target.getBoundingClientRect().top - header.bottom;
}
"""


def linked() -> dict[str, list[str]]:
    """Return the ids of each page that are linked from anywhere in the site, but for lines of code."""
    found: dict[str, set[str]] = {address: set() for address in documents()}
    for file in SITE.rglob("index.html"):
        for reference in parsed(file).references:
            where, fragment = urldefrag(urljoin(f"/{file.parent.relative_to(SITE)}/", reference))
            if fragment and "__codelineno" not in fragment and where.removeprefix("/") in found:
                found[where.removeprefix("/")].add(fragment)
    return {address: sorted(ids) for address, ids in found.items()}


def late(route: Route) -> None:
    time.sleep(DELAY)
    route.continue_()


@contextmanager
def slowly(browser: Browser, site: str, viewport: ViewportSize) -> Iterator[Page]:
    """Open a page for which the recorded files arrive late."""
    with opened(browser, site, viewport=viewport) as (page, _):
        page.route("**/built/**", late)
        yield page


@BOTH
@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("address", each(documents()))
def test_each_link_into_a_page_ends_below_the_header(
    browser: Browser, site: str, address: str, viewport: ViewportSize
) -> None:
    wrong = {}
    with slowly(browser, site, viewport) as page:
        for target in linked()[address]:
            page.goto("about:blank")
            page.goto(f"{address}#{target}")
            drawn(page)
            page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            below = page.evaluate(BELOW_HEADER, target)
            if below is not None and not 0 <= below <= 40:
                wrong[target] = below
    assert wrong == {}


@BOTH
@pytest.mark.parametrize("address", each(documents()))
def test_nothing_moves_while_a_page_is_drawn_and_read(
    browser: Browser, site: str, address: str, viewport: ViewportSize
) -> None:
    with slowly(browser, site, viewport) as page:
        page.add_init_script(f"({SHIFTS})()")
        page.goto(address)
        drawn(page)
        page.evaluate(SCROLL)
        assert page.evaluate(CLS) < 0.1, page.evaluate("() => shifts")
