"""The widgets that ask for a number, and the sliders below the curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import each, elements, go, opened, recorded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

QUESTIONS = elements("predict-value")
CURVES = elements("curve-slider")

# Returns a plot's axes, as [value, position] of the first and the last number along them, and its lines.
PLOT = """
(widget) => {
  const plot = widget.querySelector(".plot svg");
  const number = (text) => Number(text.textContent.replace("−", "-"));
  const along = (anchor, position) => {
    const all = [...plot.querySelectorAll(`text[text-anchor=${anchor}]`)];
    const texts = all.filter((text) => !isNaN(number(text)));
    return [texts[0], texts.at(-1)].map((text) => [number(text), position(text)]);
  };
  return {
    across: along("middle", (text) => Number(text.getAttribute("x"))),
    up: along("end", (text) => Number(text.getAttribute("y")) - 5),
    lines: [...plot.querySelectorAll("path.line")].map((path) =>
      [...path.getAttribute("d").matchAll(/[ML](\\S+) ([^ML]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
    ),
    label: widget.querySelector("output").textContent,
  };
}
"""


@pytest.fixture(scope="module", params=each(sorted({address for address, _, _ in QUESTIONS + CURVES})))
def loaded(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[tuple[Page, str]]:
    """Return each page that has such widgets, loaded once, and its address."""
    with opened(browser, site) as (page, _):
        go(page, request.param)
        yield page, request.param


def test_a_question_tells_right_from_wrong_and_from_no_number(loaded: tuple[Page, str]) -> None:
    page, address = loaded
    for where, index, attributes in QUESTIONS:
        if where == address:
            answer_question(page.locator("predict-value").nth(index), attributes)


def answer_question(widget: Locator, attributes: dict[str, str]) -> None:
    field, answer = widget.get_by_role("textbox"), widget.get_by_role("status")
    asked = widget.locator(".cell", has_text="?")
    array = asked.locator("xpath=ancestor::figure").get_attribute("data-array")
    index = int(asked.get_attribute("data-index") or "")
    values = {
        inside["values"][index]
        for case in recorded(f"built/traces/{attributes['layer']}.json")["cases"]
        for track in case["forward"]
        for inside in track["arrays"]
        if case["title"] == widget.locator("p.case").inner_text() and inside["name"] == array
    }
    value = widget.evaluate("(widget) => widget.value")
    assert value in values

    field.fill("minus two")
    field.press("Enter")
    assert answer.inner_text() == "Type a number, such as −1.5."
    assert field.get_attribute("aria-invalid") == "true"
    field.fill(str(value + 1))
    field.press("Enter")
    assert answer.inner_text().startswith("Not ")
    assert widget.locator(".cell", has_text="?").count() == 1
    assert widget.locator(".cell.read").count() > 0
    field.fill(f" {value:.2f}".replace("-", "−").replace(".", ","))
    widget.get_by_role("button", name="Check").click()
    assert answer.inner_text().startswith("Right: ")
    assert widget.locator(".cell", has_text="?").count() == 0
    assert widget.locator(".expression").inner_text() != ""

    widget.get_by_role("button", name="Another").click()
    assert answer.inner_text() == ""
    assert widget.locator(".cell", has_text="?").count() == 1
    widget.get_by_role("button", name="Show it").click()
    assert answer.inner_text().startswith("It is ")


def test_a_slider_shows_the_recorded_curves_at_both_ends(loaded: tuple[Page, str]) -> None:
    page, address = loaded
    for where, index, attributes in CURVES:
        if where == address:
            slide(page.locator("curve-slider").nth(index), attributes)


def slide(widget: Locator, attributes: dict[str, str]) -> None:
    curve = recorded(f"built/curves/{attributes['curve']}.json")
    slider = widget.get_by_role("slider")
    for key, index in (("End", -1), ("Home", 0)):
        slider.press(key)
        plot = widget.evaluate(PLOT)
        assert float(plot["label"].replace("−", "-")) == pytest.approx(
            curve["parameter"]["values"][index], abs=5e-4
        )
        for line, points in zip(curve["lines"], plot["lines"], strict=True):
            expected = [
                (at(plot["across"], x), at(plot["up"], y))
                for x, y in zip(curve["x"], line["y"][index], strict=True)
                if y is not None
            ]
            assert len(points) == len(expected)
            assert max(map(math.dist, points, expected), default=0) < 0.2


def at(axis: list[list[float]], value: float) -> float:
    """Return where a value lies on an axis of which two positions are known."""
    (low, start), (high, end) = axis
    return start + (value - low) / (high - low) * (end - start)
