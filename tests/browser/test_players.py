"""Every step player of the site, played by its own buttons and compared with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.support import PHONE, each, elements, go, opened, recorded

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

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
