"""What is no digit: letters, drawings, faces, textures, and digits that nobody can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from PIL import Image
from sklearn.datasets import load_sample_image

from tests.pipeline.studio import Box, Bytes, Page, curve, printed, table, written
from tests.pipeline.surroundings import lines, margin

LETTERS = {  # strokes through points (x, y) of a box 4 wide and 6 high; no letter that looks like a digit
    "A": "06 20 46|14 34",
    "E": "40 00 06 46|03 33",
    "F": "40 00 06|03 33",
    "H": "00 06|40 46|03 43",
    "K": "00 06|40 03 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "P": "06 00 40 43 03",
    "R": "06 00 40 43 03 46",
    "V": "00 26 40",
    "W": "00 16 22 36 40",
    "X": "00 46|40 06",
    "a": "43 22 03 05 26 45|42 46",
    "e": "04 44 32 12 04 16 46",
    "f": "41 20 12 16|03 33",
    "h": "00 06|04 22 43 46",
    "k": "00 06|32 04 46",
    "m": "02 06|03 12 23 26|23 32 43 46",
    "n": "02 06|03 22 43 46",
    "r": "02 06|03 22 42",
    "w": "02 16 23 36 42",
}
HOUSE = ["06 03 43 46 06", "02 20 42", "36 34 44"]
NAMES = list(LETTERS)


def by_hand(page: Page, drawing: Sequence[ArrayLike], box: Box, bend: float = 0.02) -> None:
    """Draw lines whose points (x, y) are shares of a box, bent as a hand bends them."""
    for line in drawing:
        points = np.asarray(line, float) + page.rng.normal(0, bend, np.shape(line))
        page.line(curve(box.places(points)), page.pen.colour, box.height / 12 * page.pen.width)


def corners(*paths: str) -> list[ArrayLike]:
    """Return paths such as "06 20" as lines of points; each point counts twice, so that it stays a corner."""
    return [[(int(p[0]) / 4, int(p[1]) / 6) for p in path.split() for _ in range(2)] for path in paths]


def somewhere(page: Page, low: float = 0.3, high: float = 0.6, aspect: float = 0.7) -> Box:
    height = page.rng.uniform(low, high) * min(page.height, page.width / aspect * 0.9)
    left, top = page.rng.uniform(0.06, 0.94, 2) * (page.width - aspect * height, page.height - height)
    return Box(left, top, aspect * height, height)


def written_letter(page: Page) -> None:
    by_hand(page, corners(*LETTERS[page.rng.choice(NAMES)].split("|")), somewhere(page))


def written_word(page: Page) -> None:
    word = page.rng.choice(["Name", "Warm", "Hafen", "Kerne", "Wanne", "Frank", "Rahmen"])
    box = somewhere(page, 0.5, 0.9, aspect=0.7 * len(word))
    step = box.width / len(word)
    for i, letter in enumerate(word):
        place = Box(box.left + i * step, box.top, 0.8 * step, box.height)
        by_hand(page, corners(*LETTERS[letter].split("|")), place)


def printed_letter(page: Page, letters: Sequence[str] = NAMES) -> None:
    font = page.rng.choice(["DejaVuSans", "DejaVuSerif", "DejaVuSans-Bold", "cmmi10", "STIXGeneralItalic"])
    box = somewhere(page, 0.25, 0.5, aspect=1.2)
    page.paint(printed(page.rng.choice(letters), box.height, font), page.pen.colour, box.left, box.top)


def printed_mark(page: Page) -> None:
    box = somewhere(page, 0.25, 0.5, aspect=1.2)
    page.paint(
        printed(page.rng.choice(list("?&%#@+={*;:~€§")), box.height), page.pen.colour, box.left, box.top
    )


def scribble(page: Page) -> None:
    points = np.cumsum(page.rng.normal(0, 0.5, (page.rng.integers(12, 40), 2)), 0)
    box = somewhere(page, aspect=page.rng.uniform(0.6, 1.4))
    by_hand(page, [(points - points.min(0)) / np.ptp(points, 0)], box)


def signature(page: Page) -> None:
    rng, n = page.rng, int(page.rng.integers(14, 24))
    points = np.stack([np.linspace(0, 1, n) + rng.normal(0, 0.02, n), 0.5 + rng.uniform(-0.45, 0.45, n)], 1)
    points[rng.integers(0, n, 3), 1] = rng.uniform(-0.2, 0, 3)  # capitals and long letters
    by_hand(page, [points, [(0, 1.1), (1, 0.95)]], somewhere(page, 0.6, 1, aspect=3))


def smiley(page: Page) -> None:
    angle = np.linspace(0, 2 * np.pi, 24)
    ring = 0.5 + 0.5 * np.stack([np.cos(angle), np.sin(angle)], 1)
    eyes = [[(x, 0.35), (x + 0.01, 0.4)] for x in (0.33, 0.67)]
    mouth = [(0.25, 0.62), (0.5, 0.85), (0.75, 0.62)]
    by_hand(page, [ring, *eyes, mouth], somewhere(page, aspect=1), bend=0.01)


def house(page: Page) -> None:
    by_hand(page, corners(*HOUSE), somewhere(page, aspect=0.9))


def ruling(page: Page) -> None:
    lines(page, (0.06, 0.2), squared=page.rng.random() < 0.5)
    margin(page)


def bare_table(page: Page) -> None:
    page.colours = table(page.rng, page.colours.shape, page.rng.random() < 0.5)


def portrait(rng: Generator) -> Page:
    """Return the face of the portrait that matplotlib ships."""
    picture = Image.open(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg").convert("RGB")
    return _part(picture, np.array([130, 40, 350, 330]) + rng.integers(-40, 40, 4), rng)


def view(rng: Generator) -> Page:
    """Return a part of the photographs that scikit-learn ships."""
    picture = Image.fromarray(load_sample_image(rng.choice(["china.jpg", "flower.jpg"])))
    side = rng.integers(150, 400)
    left, top = rng.integers(0, (640 - side, 427 - side))
    return _part(picture, np.array([left, top, left + side, top + side]), rng)


def _part(picture: Image.Image, box: np.ndarray, rng: Generator) -> Page:
    left, top, right, bottom = map(int, box)
    part = picture.crop((left, top, right, bottom)).resize((2 * (right - left), 2 * (bottom - top)))
    return Page(rng, np.asarray(part, np.float32) / 255)


def cut_off(page: Page) -> None:
    """Move an edge of the picture into the digit."""
    box, cut = page.text_box, page.rng.uniform(0.3, 0.55)
    left, top, right, bottom = 0, 0, page.width, page.height
    side = page.rng.integers(4 if box.width > box.height / 2 else 2)
    if side == 0:
        top = round(box.top + cut * box.height)
    elif side == 1:
        bottom = round(box.bottom - cut * box.height)
    elif side == 2:
        left = round(box.left + cut * box.width)
    else:
        right = round(box.right - cut * box.width)
    page.colours = page.colours[top:bottom, left:right]


def over_each_other(page: Page, digits: Sequence[Bytes]) -> None:
    page.write([digits[:1]], (0.4, 0.8), 0)
    box, angle = page.text_box, page.rng.uniform(-7, 7)
    second = written(digits[1], box.height, angle, page.pen.width)
    across, down = page.rng.uniform(-0.2, 0.2, 2) * box.height
    x, y = box.centre
    page.put(second, x - second.shape[1] / 2 + across, y - second.shape[0] / 2 + down)
