"""What axe-core finds on the pages, in either theme."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import addresses, go

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = """
async (rules) => {
  const { violations, passes } = await axe.run({ resultTypes: ["violations"], ...rules });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const found = grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]);
  return [found, passes.some(({ id }) => id === "color-contrast")];
}
"""
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
THEMES = {"default": {}, "slate": COLOURS}  # in the dark theme nothing else is other than in the light one


@pytest.mark.parametrize("address", addresses())
def test_axe_finds_nothing_grave_in_either_theme(page: Page, address: str) -> None:
    go(page, address)
    page.locator("details:not(.mkdocstrings-source)").evaluate_all(
        "(folds) => folds.forEach((fold) => (fold.open = true))"
    )
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    for theme, rules in THEMES.items():
        if page.locator("body").get_attribute("data-md-color-scheme") != theme:
            page.locator("[data-md-component=palette] label:visible").click()
        page.wait_for_selector(f"body[data-md-color-scheme={theme}]")
        found, looked_at_colours = page.evaluate(AXE, rules)
        assert found == [], theme
        assert looked_at_colours
