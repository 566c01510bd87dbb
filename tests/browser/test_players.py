"""Every step player of the site, played by its own buttons and compared with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from lessons.kit.themes import contrast
from tests.browser.support import PHONE, each, elements, go, opened, recorded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, ViewportSize

PLAYERS = elements("step-player")
STEP = 900  # milliseconds
NEVER = 1_000_000  # seconds: from then on the page's clock stands, and goes on as the test says

# Clicks a button of a player until it is at an end; returns what every step looked like.
WALK = """
async (player, button) => {
  const look = () => {
    const cells = [...player.querySelectorAll(".current [data-array]")].map((array) => {
      const nodes = [...array.querySelectorAll(".cell")];
      nodes.sort((one, other) => one.dataset.index - other.dataset.index);
      const values = nodes.map(({ dataset }) => ("value" in dataset ? Number(dataset.value) : null));
      return [array.dataset.array, { values, texts: nodes.map(({ textContent }) => textContent) }];
    });
    const lines = [...player.querySelectorAll(".line")];
    const lit = lines.flatMap((line, index) => (line.classList.contains("lit") ? [index] : []));
    const [step, height] = [Number(player.dataset.step), player.offsetHeight];
    return { step, lit, height, cells: Object.fromEntries(cells) };
  };
  const looks = [look()];
  for (let steps = Number(player.dataset.steps); steps > 1; steps--) {
    player.querySelector(`button.${button}`).click();
    looks.push(look());
  }
  return looks;
}
"""

# The colours of text and of cell for each role and the negative numbers, from zero to the full colour.
COLOURS = """
(theme) => {
  document.body.dataset.mdColorScheme = theme;
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const hex = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return `#${((1 << 24) | (red << 16) | (green << 8) | blue).toString(16).slice(1)}`;
  };
  const player = document.querySelector("step-player");
  return ["input", "parameter", "output", "gradient", "gradient negative"].flatMap((style) =>
    Array.from({ length: 101 }, (_, strength) => {
      const cell = document.createElement("span");
      const [role, sign] = style.split(" ");
      const array = document.createElement("div");
      array.className = role;
      cell.className = `cell ${sign ?? ""}`;
      cell.style.setProperty("--strength", strength / 100);
      cell.style.transition = "none";
      array.append(cell);
      player.append(array);
      const { color, backgroundColor } = getComputedStyle(cell);
      const found = [hex(color), hex(backgroundColor)];
      array.remove();
      return found;
    }),
  );
}
"""

# Whether the cell that is written and the buttons lie on the screen, below the header, and do not overlap.
IN_SIGHT = """
(player) => {
  const box = (node) => node.getBoundingClientRect();
  const cell = box(player.querySelector(".current .written"));
  const foot = box(player.querySelector(".foot"));
  const header = box(document.querySelector(".md-header")).bottom;
  return cell.top >= header && cell.bottom <= foot.top && foot.bottom <= innerHeight + 1;
}
"""


@pytest.fixture(scope="module", params=each(sorted({address for address, _, _ in PLAYERS})))
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return each page that has players, loaded once, on a phone: where the room is, nothing has to wrap."""
    with opened(browser, site, viewport=PHONE) as (page, _):
        go(page, request.param)
        yield page


def players(page: Page) -> Iterator[tuple[Locator, str, list[dict[str, Any]]]]:
    """Return a page's players, each with its way and the cases that it can show."""
    found = page.locator("step-player")
    for index in range(found.count()):
        player = found.nth(index)
        way = player.get_attribute("way") or ""
        trace = recorded(f"built/traces/{player.get_attribute('layer')}.json")
        yield player, way, [case for case in trace["cases"] if case.get(way)]


def tracks(page: Page) -> Iterator[tuple[Locator, dict[str, Any]]]:
    """Choose one track of a page's players after the other, by their own controls."""
    for player, way, cases in players(page):
        for case in cases:
            if len(cases) > 1:
                player.locator("select").select_option(label=case["title"])
            for tab, track in enumerate(case[way]):
                if len(case[way]) > 1:
                    player.get_by_role("tab").nth(tab).click()
                yield player, track


def shown(track: dict[str, Any], count: int) -> dict[str, list[float | None]]:
    """Return the numbers of a track's arrays after some steps; None for what is not yet written."""
    written = {
        (name, index)
        for step in track["steps"][:count]
        for name, indices in [step["target"]]
        for index in indices
    }
    return {
        array["name"]: [
            None if array.get("hidden") and (array["name"], index) not in written else value
            for index, value in enumerate(array["values"])
        ]
        for array in track["arrays"]
    }


def numbers(cells: dict[str, Any]) -> dict[str, list[float | None]]:
    """Return the numbers of a player's cells, after a look at what is written in them."""
    for array in cells.values():
        for value, text in zip(array["values"], array["texts"], strict=True):
            if value is None:
                assert text == ""
            else:
                tolerance = abs(value) / 2 if abs(value) < 1e-3 else 5.01e-4  # one digit, or three decimals
                assert float(text.replace("−", "-")) == pytest.approx(value, rel=0, abs=tolerance)
    return {name: array["values"] for name, array in cells.items()}


def test_players_play_to_the_end_and_back_and_show_what_was_recorded(page: Page) -> None:
    for player, track in tracks(page):
        lines = [step["line"] for step in track["steps"]]
        count = len(lines)
        there = player.evaluate(WALK, "forward")
        back = player.evaluate(WALK, "back")[::-1]
        for looks in (there, back):
            assert [look["step"] for look in looks] == list(range(1, count + 1))
            assert [look["lit"] for look in looks] == [[line] for line in lines]
            assert numbers(looks[0]["cells"]) == shown(track, 1)
            assert numbers(looks[-1]["cells"]) == shown(track, count)
            assert len({look["height"] for look in looks}) == 1
        assert player.locator("pre > code").count() == 0  # Material adds a copy button to each that it finds
        texts = player.locator(".line").all_inner_texts()
        assert [text.strip() for text in texts] == [line.strip() for line in track["code"]["lines"]]


def test_players_play_by_themselves_through_all_tracks_and_stop(browser: Browser, site: str) -> None:
    with opened(browser, site) as (page, _):
        page.clock.install(time=0)
        go(page, "learn/dropout/")
        page.clock.pause_at(NEVER)
        for player, way, [case, *_] in players(page):
            steps = [len(track["steps"]) for track in case[way]]
            player.get_by_role("button", name="Play", exact=True).click()
            assert player.get_attribute("data-step") == "2"
            page.clock.run_for(STEP)
            assert player.get_attribute("data-step") == "3"
            player.get_by_role("button", name="Pause").click()
            page.clock.run_for(10_000)
            assert player.get_attribute("data-step") == "3"
            player.get_by_role("button", name="Play", exact=True).click()
            page.clock.run_for(STEP * (sum(steps) + 1))
            assert player.get_attribute("data-playing") == "false"
            assert player.get_attribute("data-track") == str(len(steps))
            assert player.get_attribute("data-step") == str(steps[-1])


@pytest.mark.parametrize("address", each(["learn/flatten/", "learn/sequential/", "learn/convolution/"]))
def test_the_cell_that_is_written_and_the_controls_are_in_sight_together(
    browser: Browser, site: str, address: str
) -> None:
    phone: ViewportSize = {"width": 390, "height": 844}
    with opened(browser, site, viewport=phone) as (page, _):
        go(page, address)
        for player, track in tracks(page):
            player.locator(".stage").scroll_into_view_if_needed()
            for button in ("last", "first", *["forward"] * min(len(track["steps"]) - 1, 4)):
                player.locator(f"button.{button}").click()
                assert player.evaluate(IN_SIGHT), (track["title"], player.get_attribute("data-step"))


def test_a_step_does_not_move_a_page_whose_reader_is_elsewhere(browser: Browser, site: str) -> None:
    with opened(browser, site, viewport=PHONE) as (page, _):
        page.clock.install(time=0)
        go(page, "learn/flatten/")
        page.clock.pause_at(NEVER)
        page.locator("step-player").first.get_by_role("button", name="Play", exact=True).click()
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        before = page.evaluate("() => scrollY")
        page.clock.run_for(STEP * 3)
        assert page.evaluate("() => scrollY") == before


def test_numbers_are_readable_on_each_colour_of_a_cell(browser: Browser, site: str) -> None:
    with opened(browser, site) as (page, _):
        go(page, "learn/flatten/")
        for theme in ("default", "slate"):
            for text, cell in page.evaluate(COLOURS, theme):
                assert contrast(text, cell) >= 4.5, (theme, text, cell)


def test_each_array_has_its_own_scale_and_its_smallest_number_stands_off_from_zero(
    browser: Browser, site: str
) -> None:
    with opened(browser, site) as (page, _):
        go(page, "learn/sequential/")
        player = page.locator("step-player[way=backward]")
        player.get_by_role("tab").nth(1).click()
        player.get_by_role("button", name="Last step").click()
        for array in recorded("built/traces/network.json")["cases"][0]["backward"][1]["arrays"]:
            largest = max(map(abs, array["values"]))
            cells = player.locator(f'.current [data-array="{array["name"]}"] .cell')
            shown = cells.evaluate_all(
                "(cells) => cells.map(({ dataset, style, classList }) => [Number(dataset.value), "
                'Number(style.getPropertyValue("--strength")), classList.contains("negative")])'
            )
            for value, strength, negative in shown:
                expected = 0.2 + 0.8 * abs(value) / largest if value else 0
                assert strength == pytest.approx(expected, abs=1e-6)
                assert negative == (value < 0)
            entry = player.locator(".legend .range").filter(has_text=f"{array['name']} ").first
            low, high = min(0, *array["values"]), max(0, *array["values"])
            assert entry.inner_text().split() == [
                array["name"],
                *(f"{end:g}".replace("-", "−") for end in (low, high)),
            ]
