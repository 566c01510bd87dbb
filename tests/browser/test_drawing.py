"""<digit-canvas>: digits drawn by mouse and finger, test images, maps; a network that cannot be loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cnn
from lessons.home import export_digits, export_network
from lessons.kit.shown import to_json
from lessons.kit.subject import TrainedNetwork
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, Labelled
from tests.browser.support import DESK, PHONE, Watch, drawn, go, opened, recorded
from tests.pipeline.workspace import digits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize

Stroke = list[tuple[int, int]]
STROKES: dict[str, list[Stroke]] = {  # on a square of 280 pixels
    "0": [
        [(140, 40), (90, 80), (75, 140), (90, 200), (140, 235), (190, 200), (205, 140), (190, 80), (140, 40)]
    ],
    "1": [[(140, 40), (140, 240)]],
    "2": [[(85, 90), (110, 50), (160, 45), (190, 85), (170, 130), (80, 225), (205, 225)]],
    "3": [[(85, 55), (170, 50), (190, 90), (140, 130), (190, 165), (180, 215), (90, 225)]],
    "4": [[(100, 40), (80, 140), (200, 140)], [(170, 60), (170, 240)]],
    "7": [[(80, 60), (200, 60), (130, 230)]],
}
LETTER: list[Stroke] = [[(70, 40), (70, 238)], [(175, 106), (70, 172), (210, 238)]]  # a k
WAVE: list[Stroke] = [[(20, 140), (60, 110), (100, 170), (140, 110), (180, 170), (250, 120)]]
AREA: list[Stroke] = [[(80 + 120 * (row % 2), 80 + 10 * ((row + 1) // 2)) for row in range(24)]]
SMALL = {"3": [[(25, 20), (60, 18), (70, 38), (45, 52), (72, 70), (65, 95), (28, 98)]]}
INK = """
(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, index) => index % 4 === 3 && value > 0).length;
}
"""
PIXELS = """
(canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
"""
MIDDLES = """
(side) => {
  const canvas = document.querySelector("digit-canvas .draw > canvas");
  const step = canvas.width / side;
  const at = (index) => Math.floor((index + 0.5) * step);
  const pixels = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      pixels.push(...canvas.getContext("2d").getImageData(at(column), at(row), 1, 1).data);
    }
  }
  return pixels;
}
"""
STROKE_TO_RESULT = "() => performance.getEntriesByName('stroke to result').at(-1).duration"
SHARES = """
window.shares = [];
const { set } = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, "value");
Object.defineProperty(HTMLProgressElement.prototype, "value", {
  set(value) {
    window.shares.push(value);
    set.call(this, value);
  },
});
"""
SHIFTS = """
window.shifts = [];
const note = (list) => window.shifts.push(...list.getEntries().map(({ value }) => value));
new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def page(page: Page) -> Page:
    go(page, "")
    return page


def canvas(page: Page) -> Locator:
    return page.locator("digit-canvas .draw > canvas")


def answer(page: Page) -> str:
    """Return what the network says once it has looked at all that is drawn."""
    page.wait_for_function(
        "() => /says|Unsure/.test(document.querySelector('digit-canvas .answer').textContent)"
    )
    page.evaluate(TWO_FRAMES)
    return page.locator("digit-canvas .answer").inner_text()


def hold(page: Page, pattern: str) -> list[Route]:
    """Keep these files back until the test lets them go."""
    held: list[Route] = []

    def keep(asked: Route) -> None:
        held.append(asked)

    page.route(pattern, keep)
    return held


def draw(page: Page, strokes: list[Stroke]) -> None:
    """Draw with the mouse."""
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    assert box is not None
    for stroke in strokes:
        for index, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
            if index == 0:
                page.mouse.down()
        page.mouse.up()


def test_what_is_drawn_with_the_mouse_is_recognised(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    milliseconds = []
    for shapes in (STROKES, SMALL):
        for digit, strokes in shapes.items():
            page.locator("digit-canvas .clear").click()
            draw(page, strokes)
            assert answer(page).startswith(f"The network says {digit}, ")
            milliseconds.append(page.evaluate(STROKE_TO_RESULT))
    record_property("from stroke to result", f"{median(milliseconds):.0f} ms, median of {len(milliseconds)}")


@pytest.mark.parametrize(
    ("strokes", "least_probability"),
    [(LETTER, None), (WAVE, 0), (AREA, 0)],
    ids=["improbable", "wider than a digit", "an area, not strokes"],
)
def test_what_looks_like_no_digit_is_no_answer(
    page: Page, strokes: list[Stroke], least_probability: int | None
) -> None:
    if least_probability is not None:
        page.locator("digit-canvas").evaluate(
            "(node, value) => node.setAttribute('least-probability', value)", least_probability
        )
    draw(page, strokes)
    assert answer(page).startswith("Unsure: this looks like no digit that the network knows. Most likely ")


def test_a_second_finger_and_a_palm_change_nothing(page: Page) -> None:
    def pointer(kind: str, number: int, x: int, y: int) -> None:
        box = canvas(page).bounding_box()
        assert box is not None
        place = {"clientX": box["x"] + x, "clientY": box["y"] + y}
        event = {"pointerId": number, "pointerType": "touch", "button": 0, "bubbles": True, **place}
        canvas(page).dispatch_event(kind, event)

    # A pointer that a script invents cannot be captured.
    page.evaluate("() => (HTMLCanvasElement.prototype.setPointerCapture = () => {})")
    canvas(page).scroll_into_view_if_needed()
    drawings = []
    for palm in (False, True):
        page.locator("digit-canvas .clear").click()
        (x, y), *rest = STROKES["7"][0]
        pointer("pointerdown", 1, x, y)
        for index, (x, y) in enumerate(rest):
            if palm:
                pointer("pointerdown", 2, 250, 250)
                pointer("pointermove", 2, 20, 240)
                pointer(["pointerup", "pointercancel"][index % 2], 2, 20, 240)
            pointer("pointermove", 1, x, y)
        pointer("pointerup", 1, x, y)
        pointer("pointermove", 1, 20, 20)
        assert answer(page).startswith("The network says 7, ")
        drawings.append(canvas(page).evaluate(PIXELS))
    assert drawings[0] == drawings[1]


def test_a_finger_draws(browser: Browser, site: str) -> None:
    with opened(browser, site, viewport=PHONE, has_touch=True, is_mobile=True) as (page, _):
        go(page, "")
        canvas(page).scroll_into_view_if_needed()
        box = canvas(page).bounding_box()
        assert box is not None
        touch = page.context.new_cdp_session(page)
        before = page.evaluate("() => scrollY")
        [stroke] = STROKES["7"]
        for (x, y), (x_next, y_next) in pairwise(stroke):
            for part in range(6):
                point = {
                    "x": box["x"] + x + (x_next - x) * part / 5,
                    "y": box["y"] + y + (y_next - y) * part / 5,
                }
                kind = "touchStart" if (x, y) == stroke[0] and part == 0 else "touchMove"
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert answer(page).startswith("The network says 7, ")
        assert page.evaluate("() => scrollY") == before


def test_ready_digits_give_what_was_recorded(page: Page) -> None:
    names = recorded("generated/network/network.json")["class_names"]
    for digit in recorded("generated/network/digits.json"):
        page.get_by_role("button", name=re.compile(rf"test image {digit['image']}\b")).click()
        said = answer(page)
        best = max(range(len(names)), key=digit["probabilities"].__getitem__)
        assert said.startswith(f"The network says {names[best]}, {100 * digit['probabilities'][best]:.1f}%.")
        assert said.endswith(f"Test image {digit['image']} is labelled {names[digit['label']]}.")
        shares = page.locator("digit-canvas .bar").evaluate_all(
            "(bars) => bars.map((bar) => Number(bar.style.getPropertyValue('--share')))"
        )
        assert shares == pytest.approx(digit["probabilities"], abs=1e-4)
        assert page.locator("digit-canvas .best").inner_text().split()[0] == names[best]


def test_ready_digits_are_answered_and_a_drawing_is_taken_before_the_network_is_there(
    browser: Browser, site: str
) -> None:
    [first, other, *_] = recorded("generated/network/digits.json")
    with opened(browser, site) as (page, watch):
        held = hold(page, "**/weights.bin")
        page.goto("")
        for digit in (first, other):
            page.get_by_text(f"Test image {digit['image']} is labelled {digit['label']}.").wait_for()
            page.get_by_role("button", name=f"test image {other['image']}: ").click()
        progress = page.get_by_role("progressbar", name="Loading the network")
        progress.wait_for()
        page.locator("digit-canvas .clear").click()
        draw(page, STROKES["1"])
        page.get_by_text("Loading the network: draw on …").wait_for()
        [asked] = held
        asked.continue_()
        assert answer(page).startswith("The network says 1, ")
        assert page.locator("aside .title").inner_text() == "Conv2D 1, map 1 of 32"
        progress.wait_for(state="hidden")
        draw(page, STROKES["1"])
        assert watch.fetched("weights.bin") == 1


def test_the_bar_shows_how_much_of_the_network_is_there(browser: Browser, site: str) -> None:
    size = recorded("generated/network/network.json")["bytes"]
    with opened(browser, site) as (page, _):
        page.add_init_script(SHARES)
        go(page, "")
        shares = page.evaluate("() => window.shares")
        assert shares == sorted(shares)
        assert shares[-1] == size == page.locator("digit-canvas progress").evaluate("({ max }) => max")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_when_the_network_comes(browser: Browser, site: str, viewport: ViewportSize) -> None:
    with opened(browser, site, viewport=viewport) as (page, _):
        held = hold(page, "**/generated/network/*")
        page.add_init_script(SHIFTS)
        page.goto("#what-it-reached")
        page.locator("digit-canvas .room").wait_for()
        page.wait_for_load_state("load")
        heading = page.locator("#what-it-reached")
        before = [page.evaluate("() => scrollY"), heading.bounding_box()]
        for count in (2, 1):  # network.json and digits.json, then weights.bin
            while len(held) < count:
                page.wait_for_timeout(10)
            for _ in range(count):
                held.pop().continue_()
        drawn(page)
        page.evaluate(TWO_FRAMES)
        assert [page.evaluate("() => scrollY"), heading.bounding_box()] == before
        assert page.evaluate("() => window.shifts") == []


def test_clear_clears(page: Page) -> None:
    draw(page, STROKES["1"])
    assert page.evaluate(INK, canvas(page).element_handle()) > 0
    page.locator("digit-canvas .clear").click()
    assert page.evaluate(INK, canvas(page).element_handle()) == 0
    assert page.locator("digit-canvas .answer").inner_text() == "Draw, or choose a test image."


def test_a_map_opens_large_with_its_filter_and_the_region_it_looks_at(page: Page) -> None:
    page.get_by_role("button", name="Conv2D 2, map 3", exact=True).click()
    large = page.locator("digit-canvas dialog")
    assert large.locator(".title").inner_text() == "Conv2D 2, map 3 of 32"
    large.get_by_text("its filter: 3×3, for each of 32 channels").wait_for()
    assert large.locator(".tiles canvas").count() == 32
    pixel = re.match(r"row (\d+), column (\d+): ", large.locator("figcaption").first.inner_text())
    assert pixel is not None
    ends = [f"{max(0, at - 2)}–{min(27, at + 2)}" for at in map(int, pixel.groups())]  # two filters of 3 × 3
    captions = large.locator("figcaption").all_inner_texts()
    assert captions[1] == f"looks at rows {ends[0]}, columns {ends[1]}"
    large.get_by_role("button", name="Close").click()
    assert large.is_hidden()


@pytest.mark.parametrize(
    ("route", "reason"),
    [({"status": 404}, "/cnn/generated/network/weights.bin answered 404"), (None, "Failed to fetch")],
    ids=["not there", "no network"],
)
def test_a_network_that_cannot_be_had_is_told_in_one_sentence_and_tried_again(
    page: Page, watch: Watch, route: dict[str, Any] | None, reason: str
) -> None:
    page.route("**/weights.bin", lambda asked: asked.fulfill(**route) if route else asked.abort())
    go(page, "")
    page.locator("digit-canvas .clear").click()
    said = page.locator("digit-canvas .answer")
    draw(page, STROKES["1"])
    page.get_by_text(f"The network could not be loaded: {reason}.").wait_for()
    assert said.inner_text() == f"The network could not be loaded: {reason}."
    assert {fault.split(":")[0] for fault in watch.faults} == {
        "error"
    }  # the browser's own word on each request
    assert all("Failed to load resource" in fault for fault in watch.faults)
    watch.faults.clear()
    page.unroute("**/weights.bin")
    draw(page, STROKES["1"])
    assert answer(page).startswith("The network says 1, ")


def test_recorded_numbers_that_cannot_be_had_are_told_in_one_sentence(page: Page, watch: Watch) -> None:
    page.route("**/{built,generated}/**/*.json", lambda asked: asked.fulfill(status=404))
    for address, sentence in {
        "": "The network could not be loaded: ",
        "learn/flatten/": "This widget could not be drawn: ",
    }.items():
        go(page, address)
        for failure in page.locator(".failure").all_inner_texts():
            assert re.fullmatch(rf"{sentence}[\w/.-]+\.json answered 404\.", failure)
        assert page.locator(".failure").count() == page.locator(":has(> .failure)").count() > 0
    watch.faults.clear()


def test_a_network_of_coloured_images_shows_them_and_has_no_square_to_draw_in(
    browser: Browser, site: str
) -> None:
    names = ("red", "Ünïcode & <b>", "blue")
    model = cnn.Sequential([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.Dense(3)])
    model.build((20, 20, 3), np.random.default_rng(0))
    trained = TrainedNetwork(model, ImageSet("colours", names, 100.0, 50.0), "small")
    images = np.random.default_rng(1).integers(0, 256, (9, 20, 20, 3), np.uint8)
    labels = model.predict(trained.image_set.normalise(images)).astype(np.uint8)
    files = network_files(trained, Labelled(images, labels))
    with opened(browser, site) as (page, _):
        page.route(
            "**/generated/network/*", lambda asked: asked.fulfill(body=files[Path(asked.request.url).name])
        )
        page.route(site, without_drawing)
        go(page, "")
        assert page.locator("digit-canvas .failure").count() == 0
        assert page.locator("digit-canvas .clear").count() == 0
        for button in page.locator("digit-canvas .ready button").all():
            button.click()
            said = answer(page)
            number, name = re.findall(r"Test image (\d+) is labelled (.*)\.$", said)[0]
            assert said.startswith(f"The network says {name}, ")
            draw(page, STROKES["7"])  # changes nothing
            shown = np.reshape(page.evaluate(MIDDLES, 20), (20, 20, 4))
            np.testing.assert_array_equal(shown[..., :3], images[int(number)])
        page.get_by_role("button", name="Conv2D, map 2", exact=True).click()
        large = page.locator("digit-canvas dialog")
        large.get_by_text("its filter: 3×3, for each of 3 channels").wait_for()
        region = large.locator(".marked canvas").nth(1)
        seen = np.reshape(region.evaluate(PIXELS), (20, 20, 4))
        np.testing.assert_array_equal(seen[..., :3], images[int(number)])


def network_files(trained: TrainedNetwork, test: Labelled) -> dict[str, bytes]:
    """Return the files of another network than the site's."""
    network, weights = export_network(trained)
    ready = export_digits(trained, test, 3, [])
    return {"network.json": to_json(network), "weights.bin": weights, "digits.json": to_json(ready)}


def without_drawing(asked: Route) -> None:
    """Answer with the home page as it is for other images than MNIST's digits."""
    body = asked.fetch().text()
    asked.fulfill(body=body.replace("<digit-canvas ", "<digit-canvas images-only "), content_type="text/html")


def test_a_network_without_convolution_is_shown_too(browser: Browser, site: str) -> None:
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(10)])
    model.build((28, 28, 1), np.random.default_rng(0))
    trained = TrainedNetwork(model, ImageSet("mnist", DIGITS, 33.0, 78.0), "dense")
    files = network_files(trained, Labelled(*digits(50, seed=0)))
    with opened(browser, site) as (page, _):
        page.route(
            "**/generated/network/*", lambda asked: asked.fulfill(body=files[Path(asked.request.url).name])
        )
        go(page, "")
        assert page.locator("digit-canvas .failure").count() == 0
        assert page.locator("digit-canvas aside .title").inner_text() == "Dense"
        draw(page, STROKES["1"])
        answer(page)
