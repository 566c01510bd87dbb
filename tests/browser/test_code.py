"""What readers take from a page, and what is wider than the page: code, formulas and tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from lessons.kit.source import find_piece
from tests.browser.support import DESK, PHONE, documents, each, go, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

# Copies each example by its button, then by selecting it: [what it shows, the first copy, the second copy].
COPIES = """
() => {
  let copied;
  const note = () => {
    const { activeElement } = document; // Material copies from a field of its own
    copied = activeElement.localName === "textarea" ? activeElement.value : getSelection().toString();
  };
  addEventListener("copy", note);
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  return [...document.querySelectorAll(".highlight pre > code:has(.gp)")].map((code) => {
    code.parentElement.querySelector("[data-md-type=copy]").click();
    const pressed = copied;
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
    return [code.textContent, pressed, copied];
  });
}
"""
# Returns the blocks in which a line is cut off, broken, or scrolled without a shadow or without the keyboard.
HIDDEN = """
(boxes) => [...document.querySelectorAll(boxes)].filter((box) => {
  const { overflowX, whiteSpace, backgroundImage, backgroundAttachment } = getComputedStyle(box);
  if (box.localName === "code" && whiteSpace !== "pre") return true;
  if (box.scrollWidth <= box.clientWidth) return false;
  const hinted = backgroundImage.includes("gradient") && backgroundAttachment.includes("local");
  return !(overflowX === "auto" && hinted && box.tabIndex === 0);
}).map((box) => box.textContent.slice(0, 60))
"""
CUT = """
(boxes) => [...document.querySelectorAll(boxes)].filter((box) => {
  return box.getBoundingClientRect().left + box.scrollWidth > innerWidth;
}).map((box) => box.textContent)
"""
BOXES = ".md-content :is(.highlight pre > code, math[display=block], .md-typeset__scrollwrap)"
UNFOLD = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
PAPER: ViewportSize = {"width": 718, "height": 1047}  # A4 in CSS pixels, less a margin of a centimetre
CONVOLVE = "cnn.layers.convolution.convolve"


@pytest.mark.parametrize("address", each(documents()))
def test_a_copied_example_is_its_inputs_and_runs(page: Page, address: str) -> None:
    go(page, address)
    for shown, pressed, selected in page.evaluate(COPIES):
        prompts = (">>> ", "... ")
        inputs = [line[4:] for line in shown.splitlines() if f"{line} ".startswith(prompts)]
        found = [line for line in inputs if line]  # a traceback's "..." is no input
        assert [line for line in pressed.splitlines() if line] == found
        assert selected.rstrip() == pressed
        compile(pressed, address, "exec")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("address", each(documents()))
def test_what_is_too_wide_scrolls_and_shows_it(page: Page, address: str, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    go(page, address)
    page.evaluate(UNFOLD)
    page.wait_for_timeout(100)  # that something was unfolded is told a little later
    assert page.evaluate(HIDDEN, BOXES) == []


@pytest.mark.parametrize("kind", [".highlight pre > code", "math[display=block]", ".md-typeset__scrollwrap"])
def test_a_shadow_lies_where_there_is_more(page: Page, kind: str) -> None:
    page.set_viewport_size(PHONE)
    go(page, "learn/convolution/")
    page.evaluate(UNFOLD)
    wide = "(boxes) => boxes.findIndex((box) => box.scrollWidth > box.clientWidth + 40)"
    boxes = page.locator(f".md-content {kind}")
    box = boxes.nth(boxes.evaluate_all(wide))
    left, right = edges(box)
    assert left > right + 20
    box.evaluate("(box) => { box.scrollLeft = box.scrollWidth; }")
    left, right = edges(box)
    assert right > left + 20


def edges(box: Locator) -> tuple[float, float]:
    """Return how light a box is at its left and its right edge, below what it holds."""
    grey = np.asarray(Image.open(io.BytesIO(box.screenshot())).convert("L"), float)
    return grey[-4:-1, 1].mean(), grey[-4:-1, -2].mean()


def test_docstring_and_checks_unfold_by_key_and_are_copied_either_way(browser: Browser, site: str) -> None:
    with opened(browser, site, permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        go(page, "learn/convolution/")
        source = find_piece(CONVOLVE).text
        block = page.locator(".highlight", has_text="def convolve(")
        docstring = block.get_by_text("Multiply every window")
        for shown in (False, True):
            assert docstring.is_visible() is shown
            page.evaluate("() => navigator.clipboard.writeText('')")
            block.locator("[data-md-type=copy]").click()
            page.wait_for_function(
                "async (source) => await navigator.clipboard.readText() === source", arg=source
            )
            block.locator("summary").press("Enter")
        assert docstring.is_hidden()


def test_all_is_unfolded_whole_and_light_on_paper(browser: Browser, site: str) -> None:
    with opened(browser, site, color_scheme="dark") as (page, _):
        go(page, "learn/convolution/")
        page.emulate_media(media="print")
        page.set_viewport_size(PAPER)
        theme = page.locator("body")
        before = theme.get_attribute("data-md-color-scheme")
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert page.locator(".md-content details:not([open])").count() == 0
        assert (before, theme.get_attribute("data-md-color-scheme")) == ("slate", "default")
        assert not page.locator(".fold > summary").first.is_visible()
        assert page.evaluate(CUT, BOXES) == []
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert theme.get_attribute("data-md-color-scheme") == "slate"
        assert page.locator(".fold[open]").count() == 0
