"""The keyboard alone, and readers who want nothing to move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.support import WIDGETS, Watch, each, elements, go, recorded

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# Returns what has the focus, whether that can be seen, and its index among the widgets' controls.
STOP = """
(controls) => {
  const node = document.activeElement;
  if (node === document.body) return null;
  const marks = [node, node.nextElementSibling, node.parentElement].filter(Boolean);
  const marked = marks.some((mark) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(mark);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0 && mark.getBoundingClientRect().height > 0;
  });
  const control = [...document.querySelectorAll(controls)].indexOf(node);
  return { text: node.outerHTML.slice(0, 120), marked, control };
}
"""
STOPS = 400  # more than any page has
PLAYERS = sorted({address for address, _, _ in elements("step-player")})


def controls(page: Page) -> str:
    """Return a selector of all that can be operated in the widgets."""
    kinds = ("button", "select", "input", "[tabindex='0']")
    return ", ".join(f":is({WIDGETS}) {kind}:not([tabindex='-1'], dialog *)" for kind in kinds)


@pytest.mark.parametrize("address", each(["", "learn/convolution/", "learn/optimisers/"]))
def test_the_tab_key_reaches_every_control_and_shows_where_it_is(page: Page, address: str) -> None:
    go(page, address)
    reached = set()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP, controls(page))
        if stop is None:
            break
        assert stop["marked"], stop["text"]
        reached.add(stop["control"])
    visible = page.locator(controls(page)).evaluate_all(
        "(nodes) => nodes.map((node) => node.checkVisibility())"
    )
    assert reached >= {index for index, shown in enumerate(visible) if shown}


def state(player: Locator, name: str) -> str | None:
    return player.get_attribute(f"data-{name}")


def test_keys_play_a_player(page: Page) -> None:
    go(page, "learn/convolution/")
    player = page.locator("step-player[way=backward]")
    steps = recorded("built/traces/convolution.json")["cases"][0]["backward"]
    player.locator(".stage").focus()
    for key, step in (
        ("ArrowRight", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", len(steps[0]["steps"])),
        ("Home", 1),
    ):
        page.keyboard.press(key)
        assert state(player, "step") == str(step), key
    caption = player.locator(".caption")
    page.keyboard.press("Space")
    assert (state(player, "playing"), caption.get_attribute("aria-live")) == ("true", "off")
    page.keyboard.press("Space")
    assert (state(player, "playing"), caption.get_attribute("aria-live")) == ("false", "polite")

    player.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    assert state(player, "track") == "2"
    assert page.evaluate("() => document.activeElement.getAttribute('aria-selected')") == "true"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert state(player, "track") == str(len(steps))

    player.get_by_role("slider").focus()
    page.keyboard.press("End")
    assert state(player, "step") == str(len(steps[-1]["steps"]))
    page.keyboard.press("ArrowLeft")
    assert state(player, "step") == str(len(steps[-1]["steps"]) - 1)
    player.get_by_role("button", name="First step").focus()
    page.keyboard.press("Enter")
    assert state(player, "step") == "1"

    player.get_by_role("combobox").focus()
    page.keyboard.press("ArrowDown")
    assert state(player, "case") == recorded("built/traces/convolution.json")["cases"][1]["name"]


def test_keys_choose_a_digit_and_a_number_of_a_map(page: Page, watch: Watch) -> None:
    go(page, "")
    page.get_by_role("button", name="test image 18: 3").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Test image 18 is labelled 3.").wait_for()
    assert watch.fetched("weights.bin") == 1

    page.get_by_role("button", name="Conv2D 1, map 1", exact=True).focus()
    for key, number in (
        ("ArrowRight", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", 32),
        ("Home", 1),
        ("ArrowRight", 2),
    ):
        page.keyboard.press(key)
        focused = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
        assert focused == f"Conv2D 1, map {number}"
        assert page.locator("aside .title").inner_text() == f"Conv2D 1, map {number} of 32"
    page.keyboard.press("Enter")
    large = page.locator("digit-canvas dialog")
    assert large.locator(".title").inner_text() == "Conv2D 1, map 2 of 32"
    large.locator("[tabindex='0']").focus()
    for _ in range(28):
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
    assert large.locator("figcaption").first.inner_text().startswith("row 0, column 0: ")
    page.keyboard.press("ArrowDown")
    assert large.locator("figcaption").first.inner_text().startswith("row 1, column 0: ")
    assert large.locator("figcaption").nth(1).inner_text() == "looks at rows 0–2, columns 0–1"
    page.keyboard.press("Escape")
    assert large.is_hidden()
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Conv2D 1, map 2"


@pytest.mark.parametrize("address", each(["", *PLAYERS]))
def test_nothing_moves_by_itself(page: Page, address: str) -> None:
    page.clock.install(time=0)
    go(page, address)
    page.clock.pause_at(1_000_000)
    page.wait_for_function("() => document.getAnimations().length === 0")
    page.evaluate(
        """() => {
          window.changes = [];
          const watch = (changes) => window.changes.push(...changes.map(({ target }) => target.nodeName));
          const all = { attributes: true, characterData: true, childList: true, subtree: true };
          new MutationObserver(watch).observe(document.querySelector(".md-content"), all);
        }"""
    )
    page.clock.run_for(10_000)
    assert page.evaluate("() => [window.changes, document.getAnimations().length]") == [[], 0]
