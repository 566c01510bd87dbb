"""Pictures of digits as people take them, and pictures of what is no digit, drawn from chance.

`KINDS` and `NOT_DIGITS` name the scenes. They are drawn as the world looks, not as a reader would like it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import sklearn.datasets
from numpy.random import Generator
from PIL import ExifTags, Image

from tests.pipeline.studio import (
    WHITE,
    Array,
    Box,
    Bytes,
    Page,
    Pen,
    any_pen,
    biro,
    corners_of,
    curve,
    felt_pen,
    lying_on,
    paper,
    pencil,
    photograph,
    printed,
    smooth,
    speckle,
    strokes,
    table,
    written,
)

Digits = Sequence[Bytes]
Draw = Callable[[Digits, Generator], Image.Image]


@dataclass(frozen=True)
class Scene:
    """A kind of picture.

    Attributes:
        draw: makes the picture from digits (`[28, 28]`, light on black, in reading order) and a generator.
        digits: how many digits a picture shows.
        suffix: the file's format.
    """

    draw: Draw
    digits: int = 1
    suffix: str = ".jpg"

    def save(self, digits: Sequence[Bytes], rng: Generator, stem: Path) -> Path:
        """Write a picture of the digits beside `stem`, with the format's suffix; return its path."""
        image = self.draw(digits, rng)
        path = stem.with_suffix(self.suffix)
        image.save(path, quality=int(rng.integers(60, 93)), exif=image.getexif(), compress_level=1)
        return path


KINDS: dict[str, Scene] = {}
NOT_DIGITS: dict[str, Scene] = {}


def kind(name: str, digits: int = 1, suffix: str = ".jpg") -> Callable[[Draw], Draw]:
    return _entered(KINDS, name, digits, suffix)


def no_digit(name: str, digits: int = 0) -> Callable[[Draw], Draw]:
    return _entered(NOT_DIGITS, name, digits, ".jpg")


def _entered(table_: dict[str, Scene], name: str, digits: int, suffix: str) -> Callable[[Draw], Draw]:
    def enter(draw: Draw) -> Draw:
        table_[name] = Scene(draw, digits, suffix)
        return draw

    return enter


# A page of paper


@kind("alone on paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng))
    return photograph(page)


@kind("faint pencil")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], Pen([rng.uniform(0.5, 0.68)] * 3, rng.uniform(0.4, 0.7), 0.35))
    return photograph(page)


@kind("felt pen")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], felt_pen(rng))
    return photograph(page)


@kind("biro")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], biro(rng))
    return photograph(page)


@kind("coloured ink")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    inks = [
        (0.8, 0.1, 0.15),
        (0.1, 0.55, 0.25),
        (0.9, 0.45, 0.1),
        (0.5, 0.2, 0.6),
        (0.2, 0.6, 0.85),
        (0.9, 0.3, 0.6),
    ]
    page.write([digits], Pen(rng.choice(inks), rng.uniform(0.6, 1)))
    return photograph(page)


@kind("coloured paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    sheets = [(0.95, 0.85, 0.35), (0.95, 0.6, 0.7), (0.55, 0.8, 0.55), (0.5, 0.7, 0.9), (0.9, 0.55, 0.25)]
    page = paper(rng, rng.choice(sheets))
    page.write([digits], felt_pen(rng) if rng.random() < 0.5 else biro(rng))
    return photograph(page)


@kind("light pen on dark paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, rng.choice([(0.08, 0.08, 0.09), (0.1, 0.13, 0.3), (0.25, 0.1, 0.12)]))
    page.write([digits], Pen(rng.choice([(0.9, 0.9, 0.88), (0.85, 0.7, 0.3)]), rng.uniform(0.5, 0.9), 0.15))
    return photograph(page)


@kind("cardboard")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.68, 0.52, 0.36), grain=0.03)
    page.colours *= 1 + 0.05 * np.sin(np.arange(page.width, dtype=np.float32) / rng.uniform(2, 5))[:, None]
    page.write([digits], felt_pen(rng))
    return photograph(page)


@kind("yellowed paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.86, 0.75, 0.55), grain=0.015)
    stains = np.clip(smooth(rng, page.colours.shape, 9) - 0.5, 0, 1) * 0.5
    page.paint(stains + 0.15 * np.abs(smooth(rng, page.colours.shape, 3)), (0.6, 0.42, 0.25))
    page.write([digits], any_pen(rng))
    return photograph(page)


@kind("crumpled paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng))
    y, x = np.mgrid[-1 : 1 : page.height * 1j, -1 : 1 : page.width * 1j].astype(np.float32)
    for _ in range(12):  # each fold is light on one side and dark on the other
        angle = rng.uniform(0, np.pi)
        across = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-1, 1) + 0.03 * smooth(rng, x.shape, 3)
        fold = np.sign(across) * np.exp(-np.abs(across) / rng.uniform(0.03, 0.3))
        page.colours *= 1 + rng.uniform(0.03, 0.1) * fold[..., None]
    bend = [(page.height / 150) * smooth(rng, x.shape, 6) for _ in range(2)]
    rows, columns = np.indices(x.shape, np.float32)
    page.colours = cv2.remap(
        page.colours, columns + bend[0], rows + bend[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return photograph(page)


@kind("small on a large sheet")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(900, 1600))
    page.write([digits], any_pen(rng), share=(0.07, 0.14))
    return photograph(page)


@kind("writing of the other side shines through")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    behind = cv2.GaussianBlur(handwriting(page, rng), (0, 0), 2)
    page.paint(behind[:, ::-1] * np.float32(rng.uniform(0.06, 0.14)), (0.2, 0.2, 0.3))
    page.write([digits], felt_pen(rng) if rng.random() < 0.5 else biro(rng))
    return photograph(page)


# Lines that were on the paper before the digit


def ruled(page: Page, pitch: float, colour, squared: bool = False) -> None:
    tilt, strength = page.rng.uniform(-0.02, 0.02), page.rng.uniform(0.5, 1)
    thickness = page.rng.uniform(1, 1 + max(page.colours.shape) / 500)
    amount = np.zeros(page.colours.shape[:2], np.float32)
    start = page.rng.uniform(-pitch, 0)
    lines = [
        [(0, y), (page.width, y + tilt * page.width)] for y in np.arange(start, page.height * 1.03, pitch)
    ]
    if squared:
        lines += [
            [(x, 0), (x - tilt * page.height, page.height)]
            for x in np.arange(start, page.width * 1.03, pitch)
        ]
    amount = strokes(lines, page.colours.shape[:2], thickness) * np.float32(strength)
    page.paint(amount, colour)


def line_colour(rng: Generator):
    return rng.choice([(0.6, 0.72, 0.86), (0.66, 0.66, 0.7), (0.72, 0.6, 0.75), (0.55, 0.75, 0.7)])


@kind("ruled paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    ruled(page, min(page.height, page.width) * rng.uniform(0.1, 0.3), line_colour(rng))
    page.write([digits], any_pen(rng))
    return photograph(page)


@kind("squared paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    ruled(page, min(page.height, page.width) * rng.uniform(0.06, 0.15), line_colour(rng), squared=True)
    page.write([digits], any_pen(rng))
    return photograph(page)


@kind("dotted paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    pitch = min(page.height, page.width) * rng.uniform(0.06, 0.12)
    for y in np.arange(pitch / 2, page.height, pitch):
        for x in np.arange(pitch / 2, page.width, pitch):
            cv2.circle(
                page.colours,
                (round(x), round(y)),
                max(round(pitch / 25), 1),
                (0.6, 0.6, 0.65),
                -1,
                cv2.LINE_AA,
            )
    page.write([digits], any_pen(rng))
    return photograph(page)


def margin(page: Page) -> float:
    """Draw a margin line at the left or right; return its x."""
    x = page.width * (page.rng.uniform(0.08, 0.2) if page.rng.random() < 0.7 else page.rng.uniform(0.8, 0.92))
    lean = page.rng.uniform(-0.02, 0.02) * page.height
    colour = page.rng.choice([(0.85, 0.4, 0.4), (0.5, 0.5, 0.75), (0.3, 0.3, 0.3)])
    page.line([(x, 0), (x + lean, page.height)], colour, page.rng.uniform(1, 3), 0.8)
    return x / page.width


def beside(x: float) -> tuple[float, float, float, float]:
    """Return the larger part of a page that a line at this share of its width divides."""
    return (x + 0.05, 0.06, 0.94, 0.94) if x < 0.5 else (0.06, 0.06, x - 0.05, 0.94)


@kind("margin line")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng), within=beside(margin(page)))
    return photograph(page)


def holes(page: Page, behind) -> None:
    """Punch two or four holes near the left edge."""
    radius = page.height * page.rng.uniform(0.02, 0.045)
    x = page.width * page.rng.uniform(0.06, 0.1)
    places = page.rng.choice([0, 1]) and [0.15, 0.38, 0.62, 0.85] or [0.3, 0.7]
    for place in places:
        at = round(x), round(page.height * (place + page.rng.uniform(-0.01, 0.01)))
        cv2.circle(page.colours, at, round(radius), [float(c) for c in behind], -1, cv2.LINE_AA)
        cv2.ellipse(page.colours, at, (round(radius),) * 2, 0, 180, 300, (0.6, 0.6, 0.6), 1, cv2.LINE_AA)


@kind("punch holes")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    holes(page, rng.choice([(0.05, 0.05, 0.05), (0.35, 0.24, 0.15), (0.4, 0.4, 0.42)]))
    page.write([digits], any_pen(rng), within=(0.22, 0.06, 0.94, 0.94))
    return photograph(page)


# Lines and words around the digit


def pad(page: Page, low: float, high: float) -> Box:
    """The box of all digits, grown by a share of its longer side."""
    box = page.text_box
    return box.grown(page.rng.uniform(low, high) * max(box.width, box.height))


@kind("in a drawn box")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page, pen = paper(rng), any_pen(rng)
    page.write([digits], pen, share=(0.4, 0.9), within=(0.25, 0.25, 0.75, 0.75))
    box = pad(page, 0.15, 0.35)
    corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
    corners = np.array([*corners, corners[0]]) + rng.normal(0, 0.02 * box.height, (5, 2))
    page.line(corners, pen.colour, box.height / 30 * rng.uniform(0.4, 1.2))
    return photograph(page)


@kind("circled")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page, pen = paper(rng), any_pen(rng)
    page.write([digits], pen, share=(0.4, 0.8), within=(0.27, 0.27, 0.73, 0.73))
    (x, y), box = page.text_box.centre, pad(page, 0.25, 0.4)
    angle = np.linspace(0, 2 * np.pi * rng.uniform(0.97, 1.06), 60) + rng.uniform(0, 6)
    radius = 1.1 + 0.06 * np.sin(2 * angle + rng.uniform(0, 6)) + np.linspace(0, rng.uniform(-0.1, 0.1), 60)
    wide, high = max(box.width, 0.7 * box.height) / 2, box.height / 2
    ring = np.stack([x + wide * radius * np.cos(angle), y + high * radius * np.sin(angle)], 1)
    page.line(ring, pen.colour, box.height / 30 * rng.uniform(0.4, 1.2))
    return photograph(page)


@kind("underlined")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page, pen = paper(rng), any_pen(rng)
    page.write([digits], pen, within=(0.15, 0.06, 0.85, 0.8))
    box = page.text_box
    for i in range(rng.integers(1, 3)):
        y = box.bottom + box.height * (rng.uniform(0.08, 0.16) + 0.1 * i)
        over = box.height * rng.uniform(0.05, 0.35, 2)
        ends = [(box.left - over[0], y), (box.centre[0], y + rng.normal(0, 0.01) * box.height)]
        line = [*ends, (box.right + over[1], y + rng.normal(0, 0.03) * box.height)]
        page.line(curve(line), pen.colour, box.height / 25 * rng.uniform(0.4, 1.2))
    return photograph(page)


WORDS = [
    "Fig. 3: a digit",
    "written by Anna, 2024",
    "What is it?",
    "Page 12",
    "my number",
    "No. 7/b",
    "Kitchen, left",
]


@kind("caption below")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng), share=(0.35, 0.6), within=(0.1, 0.05, 0.9, 0.78))
    box, height = page.text_box, page.text_box.height * rng.uniform(0.06, 0.16)
    words = str(rng.choice(WORDS))
    left = min(max(box.centre[0] - len(words) * height * 0.45, 5), page.width * 0.3)
    page.text(
        words, left, box.bottom + box.height * rng.uniform(0.12, 0.3), height, [rng.uniform(0, 0.35)] * 3
    )
    return photograph(page)


@kind("printed text beside it")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    right = rng.random() < 0.5
    page.write(
        [digits],
        any_pen(rng),
        share=(0.3, 0.5),
        within=(0.06, 0.1, 0.46, 0.9) if right else (0.6, 0.1, 0.94, 0.9),
    )
    box, ink = page.text_box, [rng.uniform(0, 0.3)] * 3
    height = page.height * rng.uniform(0.018, 0.035)
    top, pitch = page.height * rng.uniform(0.05, 0.2), height * rng.uniform(2, 3)
    for i in range(rng.integers(4, 12)):
        words = " ".join(rng.choice(PROSE, 5))[: int(page.width * 0.42 / height)]
        left = box.right + 0.25 * box.height if right else page.width * 0.03
        if not right:
            words = words[: int((box.left - 0.2 * box.height - left) / height / 0.95)]
        page.text(words, left, top + i * pitch, height, ink, "DejaVuSerif")
    return photograph(page)


PROSE = [
    "the",
    "paper",
    "of",
    "each",
    "pupil",
    "is",
    "read",
    "12",
    "times",
    "and",
    "then",
    "given",
    "back",
    "in",
    "May",
]


@kind("form's boxes", digits=4)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(700, 1100))
    cells = len(digits) + int(rng.integers(0, 3))
    side = page.width * 0.88 / cells * rng.uniform(0.75, 1)
    high = side * rng.uniform(1, 1.3)
    left, top = (
        (page.width - side * cells) * rng.uniform(0.2, 0.8),
        rng.uniform(0.25, 0.7) * (page.height - high),
    )
    colour = rng.choice([(0.1, 0.1, 0.1), (0.85, 0.5, 0.45), (0.4, 0.55, 0.75), (0.5, 0.5, 0.5)])
    edges = [[(left, y), (left + side * cells, y)] for y in (top, top + high)]
    edges += [[(left + side * i, top), (left + side * i, top + high)] for i in range(cells + 1)]
    page.paint(strokes(edges, page.colours.shape[:2], rng.uniform(1, 4)), colour)
    label = str(rng.choice(["Postcode", "Date of birth", "Customer number", "Amount in EUR"]))
    page.text(label, left, top - high * 0.45, high * 0.16, colour if rng.random() < 0.5 else (0.1, 0.1, 0.1))
    pen = biro(rng)
    for i, digit in enumerate(digits):
        amount = written(digit, min(side, high) * rng.uniform(0.55, 0.75), rng.uniform(-6, 6), pen.width)
        free = np.array([side - amount.shape[1], high - amount.shape[0]]) * rng.uniform(0.3, 0.7, 2)
        page.put(amount, pen, left + side * i + free[0], top + free[1])
    return photograph(page)


@kind("several in a row", digits=4)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(600, 1100))
    page.write([digits], any_pen(rng))
    return photograph(page)


@kind("two lines", digits=6)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(600, 1100))
    page.write([digits[:3], digits[3:]], any_pen(rng), share=(0.5, 0.8))
    return photograph(page)


@kind("of different sizes", digits=3)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(600, 1100))
    page.write([digits], any_pen(rng), unequal=0.45)
    return photograph(page)


# Light


@kind("in a shadow")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng))
    y, x = np.mgrid[-1 : 1 : page.height * 1j, -1 : 1 : page.width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    side = x * np.cos(angle) + y * np.sin(angle) + 0.2 * smooth(rng, x.shape, 2) + rng.uniform(-0.4, 0.4)
    page.colours *= 1 - rng.uniform(0.25, 0.55) / (1 + np.exp(-side * rng.uniform(6, 60)))[..., None]
    return photograph(page)


@kind("back-lit")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng))
    y, x = np.mgrid[0 : 1 : page.height * 1j, 0 : 1 : page.width * 1j].astype(np.float32)
    far = np.hypot(x - rng.uniform(0, 1), y - rng.choice([0, 1]))
    glow = np.exp(-((far / rng.uniform(0.3, 0.5)) ** 2))[..., None]
    page.colours = 0.45 * page.colours + 0.12 + glow * (0.2 + 0.35 * page.colours)
    return photograph(page, exposure=(0.9, 1), light=0.2)


@kind("low light")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng))
    noisy = speckle(rng, page.colours.shape)[..., None] * 0.03
    noisy = noisy + cv2.GaussianBlur(rng.standard_normal(page.colours.shape, np.float32), (0, 0), 2) * 0.04
    page.colours = cv2.GaussianBlur(
        page.colours * np.array([0.34, 0.27, 0.18], np.float32) + noisy, (0, 0), 0.7
    )
    return photograph(page, light=0.3, noise=0.02, vignette=0.4, exposure=(0.7, 1.2))


@kind("phone picture with vignette and tilt")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(800, 1200))
    page.write([digits], any_pen(rng), within=(0.2, 0.2, 0.8, 0.8), share=(0.4, 0.8))
    page.colours = lying_on(
        page, table(rng, page.colours.shape, dark=True), corners_of(page, [-0.16] * 4, 0.11, 8)
    )
    return photograph(page, vignette=0.55, light=0.15, blur=(0.5, 1.5))


@kind("12 megapixels turned by EXIF", digits=3)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(1000, 1001))
    page.write([digits], any_pen(rng), share=(0.3, 0.5))
    image = photograph(page, noise=0.006).resize((4032, 3024) if page.width > page.height else (3024, 4032))
    turn, orientation = [
        (Image.Transpose.ROTATE_90, 6),
        (Image.Transpose.ROTATE_180, 3),
        (Image.Transpose.ROTATE_270, 8),
    ][rng.integers(3)]
    image = image.transpose(turn)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return image


# What lies around the sheet


@kind("dark line along the edge")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng), within=(0.1, 0.1, 0.9, 0.9))
    page.colours = np.rot90(
        page.colours, side := int(rng.integers(4))
    )  # any edge is the left one for a moment
    lean = np.linspace(0, rng.uniform(-0.01, 0.01) * page.height, page.height, dtype=np.float32)
    from_line = (
        np.arange(page.width, dtype=np.float32) - lean[:, None] - rng.uniform(0.005, 0.025) * page.width
    )
    page.paint(np.clip(0.5 - from_line * rng.uniform(0.1, 0.5), 0, 1), [rng.uniform(0, 0.25)] * 3)
    page.colours = np.ascontiguousarray(np.rot90(page.colours, -side))
    return photograph(page)


def sheet(
    digits: Sequence[Bytes], rng: Generator, inset: Sequence[float], dark: bool, slant: float, turn: float
):
    page = paper(rng, longest=(600, 1100))
    page.write([digits], any_pen(rng), within=(0.22, 0.22, 0.78, 0.78), share=(0.5, 1))
    page.colours = lying_on(page, table(rng, page.colours.shape, dark), corners_of(page, inset, slant, turn))
    return photograph(page, light=0.15)


def insets(rng: Generator, inside: Sequence[int]) -> list[float]:
    """Return the insets of a sheet's edges of which those named lie inside the picture."""
    shift = rng.integers(4)
    sides = {(side + shift) % 4 for side in inside}
    return [rng.uniform(0.05, 0.14) if side in sides else -0.2 for side in range(4)]


@kind("table at one edge")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return sheet(digits, rng, insets(rng, [0]), rng.random() < 0.6, 0.02, 0)


@kind("table at two edges")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return sheet(digits, rng, insets(rng, [0, rng.integers(1, 3)]), rng.random() < 0.6, 0.02, 0)


@kind("table at three edges")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return sheet(digits, rng, insets(rng, [0, 1, 2]), rng.random() < 0.6, 0.02, 0)


@kind("sheet on a dark table")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return sheet(digits, rng, rng.uniform(0.08, 0.2, 4), True, 0.05, 10)


@kind("sheet on a light table")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return sheet(digits, rng, rng.uniform(0.08, 0.2, 4), False, 0.05, 10)


@kind("notebook on a table", digits=2)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(800, 1200))
    ruled(page, page.height * rng.uniform(0.06, 0.1), line_colour(rng), squared=rng.random() < 0.5)
    page.line([(page.width * 0.15, 0), (page.width * 0.15, page.height)], (0.85, 0.4, 0.4), 2)
    below = table(rng, page.colours.shape, rng.random() < 0.6)
    holes(page, below.mean((0, 1)))
    page.write(
        [digits],
        biro(rng) if rng.random() < 0.5 else felt_pen(rng),
        within=(0.22, 0.1, 0.9, 0.9),
        share=(0.25, 0.5),
    )
    page.colours = lying_on(page, below, corners_of(page, rng.uniform(0.05, 0.12, 4), 0.04, 8))
    return photograph(page, light=0.2)


@kind("sticky note")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(
        rng, rng.choice([(0.98, 0.92, 0.45), (0.98, 0.6, 0.72), (0.65, 0.9, 0.5), (0.55, 0.82, 0.95)])
    )
    page.colours = cv2.resize(page.colours, (700, 700))
    page.colours *= np.linspace(0.93, 1.03, 700, dtype=np.float32)[
        :, None, None
    ]  # it bends away at the bottom
    page.write(
        [digits],
        felt_pen(rng) if rng.random() < 0.5 else biro(rng),
        share=(0.4, 0.75),
        within=(0.12, 0.12, 0.88, 0.88),
    )
    below = table(rng, page.colours.shape, rng.random() < 0.5)
    page.colours = lying_on(page, below, corners_of(page, rng.uniform(0.08, 0.25, 4), 0.03, 10))
    return photograph(page)


@kind("receipt", digits=2)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.92, 0.91, 0.9))
    page.colours = cv2.resize(page.colours, (560, 900))
    height, ink = rng.uniform(9, 13), [rng.uniform(0.25, 0.45)] * 3
    top = rng.uniform(20, 60)
    for i in range(int(rng.integers(6, 11))):
        words = f"{rng.choice(['Bread', 'Milk 1l', 'Apples', 'Tea', 'SUM', 'Butter']):<12}{rng.uniform(1, 90):>9.2f}"
        page.text(words, 50, top + i * height * 2.2, height, ink, "DejaVuSansMono")
    end = (top + i * height * 2.2 + 60) / 900
    page.write(
        [digits],
        biro(rng) if rng.random() < 0.5 else felt_pen(rng),
        within=(0.12, end, 0.88, 0.93),
        share=(0.4, 0.8),
    )
    below = table(rng, (1000, 800), rng.random() < 0.6)
    left, right = rng.uniform(0.08, 0.16, 2) * 800
    corners = np.array([(left, -30), (800 - right, -30), (800 - right, 930), (left, 930)])
    page.colours = lying_on(page, below, corners + rng.uniform(-20, 20, (4, 2)))
    return photograph(page)


def skin(rng: Generator):
    return rng.choice([(0.85, 0.64, 0.52), (0.62, 0.42, 0.3), (0.36, 0.23, 0.16), (0.93, 0.74, 0.64)])


@kind("finger in the corner")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng), within=(0.06, 0.06, 0.94, 0.62))
    right, size = rng.random() < 0.5, page.height * rng.uniform(0.08, 0.13)
    tip = np.array(
        [page.width * (rng.uniform(0.8, 0.92) if right else rng.uniform(0.08, 0.2)), page.height * 0.84]
    )
    root = np.array([page.width * (1.1 if right else -0.1), page.height * rng.uniform(1.1, 1.3)])
    amount = cv2.GaussianBlur(strokes([[tip, root]], page.colours.shape[:2], 2 * size), (0, 0), 1.5)
    depth = cv2.distanceTransform((amount > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / size
    shadow = cv2.GaussianBlur(np.roll(amount, round(size / 4), 0), (0, 0), size / 5)
    page.colours *= 1 - 0.35 * shadow[..., None]
    page.paint(
        amount, np.asarray(skin(rng)) * (0.65 + 0.4 * np.sqrt(depth.clip(0, 1)))[: page.height, :, None]
    )
    nail = tip + (root - tip) * 0.02
    angle = np.rad2deg(np.arctan2(*(root - tip)[::-1]))
    cv2.ellipse(
        page.colours,
        np.round(nail).astype(int).tolist(),
        (round(size * 0.55), round(size * 0.45)),
        angle,
        0,
        360,
        (0.93, 0.76, 0.72),
        -1,
        cv2.LINE_AA,
    )
    return photograph(page)


@kind("pen lying beside it")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    left = rng.random() < 0.5
    page.write([digits], any_pen(rng), within=(0.42, 0.06, 0.94, 0.94) if left else (0.06, 0.06, 0.58, 0.94))
    x = page.width * (rng.uniform(0.12, 0.26) if left else rng.uniform(0.74, 0.88))
    lean = rng.uniform(-0.12, 0.12) * page.width
    tip, root = np.array([x, page.height * rng.uniform(0.1, 0.4)]), np.array([x + lean, page.height * 1.1])
    thick = page.height * rng.uniform(0.03, 0.06)
    start = tip + (root - tip) / np.linalg.norm(root - tip) * thick * 2.5  # where the barrel begins
    barrel = strokes([[start, root]], page.colours.shape[:2], thick)
    page.colours *= (
        1 - 0.4 * cv2.GaussianBlur(np.roll(barrel, round(thick / 2), 1), (0, 0), thick / 4)[..., None]
    )
    page.line([tip, start], (0.25, 0.25, 0.27), thick / 5)
    page.line([tip + (start - tip) * 0.5, start], (0.7, 0.7, 0.72), thick / 2)
    page.paint(barrel, rng.choice([(0.1, 0.2, 0.6), (0.9, 0.75, 0.1), (0.1, 0.1, 0.1), (0.75, 0.1, 0.1)]))
    page.line([start + thick * 0.2, root + thick * 0.2], (0.95, 0.95, 0.95), thick / 6, 0.6)
    return photograph(page)


# Boards and screens


@kind("blackboard")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, rng.choice([(0.1, 0.19, 0.15), (0.13, 0.14, 0.14), (0.18, 0.2, 0.2)]), grain=0.01)
    page.paint(np.clip(0.1 + 0.12 * smooth(rng, page.colours.shape, 4), 0, 1), (0.8, 0.8, 0.8))  # wiped chalk
    chalk = Pen(
        rng.choice([(0.92, 0.92, 0.9), (0.95, 0.88, 0.5), (0.95, 0.7, 0.75)]), rng.uniform(0.6, 0.95), 0.4
    )
    page.write([digits], chalk)
    return photograph(page)


@kind("whiteboard with reflections")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.86, 0.88, 0.9), grain=0.003)
    wiped = np.clip(smooth(rng, (page.height, page.width // 4), 6) - 0.2, 0, 1) * 0.12
    page.paint(cv2.resize(wiped, (page.width, page.height)), (0.4, 0.45, 0.6))
    inks = [(0.08, 0.08, 0.1), (0.1, 0.2, 0.6), (0.75, 0.1, 0.15), (0.05, 0.45, 0.25)]
    page.write([digits], Pen(rng.choice(inks), rng.uniform(0.7, 1), 0.1))
    y, x = np.mgrid[0 : page.height, 0 : page.width].astype(np.float32)
    for _ in range(rng.integers(1, 3)):  # lamps, and a window's pane
        far = np.hypot(
            (x / page.width - rng.uniform(0, 1)) * rng.uniform(2, 6),
            (y / page.height - rng.uniform(0, 1)) * 3,
        )
        page.paint(0.6 * np.exp(-((far / rng.uniform(0.3, 0.6)) ** 4)), (1, 1, 1))
    return photograph(page, light=0.2)


def moire(page: Page, strength: float) -> None:
    """Lay coloured bands over a screen, as a camera's pixels and the screen's make together."""
    y, x = np.mgrid[0 : page.height, 0 : page.width].astype(np.float32)
    angle, period = page.rng.uniform(0, np.pi), page.rng.uniform(12, 60)
    wave = (x * np.cos(angle) + y * np.sin(angle)) / period + 1.5 * smooth(page.rng, x.shape, 2)
    bands = [np.sin(2 * np.pi * (wave + phase)) for phase in (0, 0.25, 0.5)]
    page.colours += np.float32(strength) * np.stack(bands, -1)


@kind("screen with moiré")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.88, 0.9, 0.95), grain=0)
    page.write(
        [digits], Pen(rng.choice([(0.05, 0.05, 0.05), (0.1, 0.3, 0.8), (0.8, 0.1, 0.1)]), rng.uniform(0.6, 1))
    )
    moire(page, rng.uniform(0.03, 0.08))
    return photograph(page, light=0.15)


@kind("screen with its pixels")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0.9, 0.92, 0.97), grain=0)
    page.write(
        [digits], Pen(rng.choice([(0.05, 0.05, 0.05), (0.1, 0.3, 0.8), (0.8, 0.1, 0.1)]), rng.uniform(0.6, 1))
    )
    period = rng.integers(4, 8)
    coarse = cv2.resize(
        page.colours, (page.width // period, page.height // period), interpolation=cv2.INTER_AREA
    )
    page.colours = cv2.resize(coarse, None, fx=period, fy=period, interpolation=cv2.INTER_NEAREST)
    page.colours[::period] *= rng.uniform(0.5, 0.8)
    page.colours[:, ::period] *= rng.uniform(0.5, 0.8)
    return photograph(page, light=0.15, blur=(0.5, 1.2))


@kind("tablet drawing with transparency", suffix=".png")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, (0, 0, 0), grain=0)
    light = rng.random() < 0.2  # drawn in a dark theme
    inks = [(0.95, 0.95, 0.95)] if light else [(0, 0, 0), (0.1, 0.3, 0.8), (0.8, 0.1, 0.1), (0.1, 0.5, 0.2)]
    page.write([digits], Pen((1, 1, 1), rng.uniform(0.5, 1)))
    drawing = np.empty((page.height, page.width, 4), np.float32)
    drawing[..., :3], drawing[..., 3] = rng.choice(inks), page.colours[..., 0]
    return Image.fromarray((drawing.clip(0, 1) * 255).astype(np.uint8))


@kind("drawn in a dark program", suffix=".png")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, [rng.uniform(0, 0.15)] * 3, grain=0)
    page.write([digits], Pen(rng.choice([(1, 1, 1), (0.4, 0.9, 0.5), (0.95, 0.8, 0.3)]), rng.uniform(0.5, 1)))
    return Image.fromarray((page.colours.clip(0, 1) * 255).astype(np.uint8))


@kind("black and white scan", suffix=".png")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng, longest=(600, 1200))
    page.write([digits], any_pen(rng))
    grey = page.colours.mean(-1) + 0.03 * speckle(rng, page.colours.shape)
    dust = rng.random(grey.shape) < 0.0002
    return Image.fromarray((grey > 0.7) & ~cv2.dilate(dust.astype(np.uint8), np.ones((2, 2))).astype(bool))


# What is no digit


def hand_drawn(page: Page, lines: Sequence, box: Box, pen: Pen, bend: float = 0.02) -> None:
    """Draw lines whose points are shares of a box, bent as a hand bends them."""
    for line in lines:
        points = np.array(line, float) + page.rng.normal(0, bend, (len(line), 2))
        points = points * (box.width, box.height) + (box.left, box.top)
        page.line(curve(points), pen.colour, box.height / 12 * pen.width)


def somewhere(page: Page, share: tuple[float, float] = (0.3, 0.6), aspect: float = 0.7) -> Box:
    height = page.rng.uniform(*share) * min(page.height, page.width / aspect * 0.9)
    left, top = page.rng.uniform(0.06, 0.94, 2) * (page.width - aspect * height, page.height - height)
    return Box(left, top, aspect * height, height)


LETTERS = {  # pen strokes, each through points (x, y) of a box 4 wide and 6 high; none that looks like a digit
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


def letter(name: str) -> list[list[tuple[float, float]]]:
    """Return a letter's strokes as shares of its box."""
    strokes_ = [[(int(x) / 4, int(y) / 6) for x, y in stroke.split()] for stroke in LETTERS[name].split("|")]
    return [[p for point in line for p in (point, point)] for line in strokes_]  # double points keep corners


def handwriting(page: Page, rng: Generator) -> Array:
    """Return lines of handwriting all over a page, 0 to 1."""
    sheet_ = Page(rng, np.zeros_like(page.colours))
    height = page.height * rng.uniform(0.05, 0.09)
    for y in np.arange(height, page.height - height, 2 * height):
        for x in np.arange(height, page.width - height, height):
            if rng.random() < 0.8:
                name = str(rng.choice(list(LETTERS)))
                hand_drawn(sheet_, letter(name), Box(x, y, height * 0.6, height), Pen((1, 1, 1), 0.8))
    return sheet_.colours[..., 0]


@no_digit("written letter")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    hand_drawn(page, letter(str(rng.choice(list(LETTERS)))), somewhere(page), any_pen(rng))
    return photograph(page)


@no_digit("printed letter")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    fonts = ["DejaVuSans", "DejaVuSerif", "DejaVuSans-Bold", "cmmi10", "STIXGeneralItalic"]
    amount = printed(str(rng.choice(list(LETTERS))), somewhere(page).height, str(rng.choice(fonts)))
    page.paint(amount, any_pen(rng).colour, *rng.uniform(0.05, 0.4, 2) * (page.width, page.height))
    return photograph(page)


@no_digit("written word")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page, pen = paper(rng), any_pen(rng)
    word = str(rng.choice(["Name", "Warm", "Hafen", "Kerne", "Wanne", "Frank", "Rahmen"]))
    box = somewhere(page, (0.5, 0.9), aspect=0.7 * len(word))
    step = box.width / len(word)
    for i, name in enumerate(word):
        hand_drawn(page, letter(name), Box(box.left + i * step, box.top, 0.8 * step, box.height), pen)
    return photograph(page)


@no_digit("scribble")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    points = np.cumsum(rng.normal(0, 0.5, (rng.integers(12, 40), 2)), 0)
    points = (points - points.min(0)) / np.ptp(points, 0)
    hand_drawn(page, [points], somewhere(page, aspect=rng.uniform(0.6, 1.4)), any_pen(rng))
    return photograph(page)


@no_digit("signature")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    n = int(rng.integers(14, 24))
    points = np.stack([np.linspace(0, 1, n) + rng.normal(0, 0.02, n), 0.5 + rng.uniform(-0.45, 0.45, n)], 1)
    points[rng.integers(0, n, 3), 1] = rng.uniform(-0.2, 0, 3)
    hand_drawn(page, [points, [(0, 1.1), (1, 0.95)]], somewhere(page, (0.6, 1), aspect=3), biro(rng))
    return photograph(page)


@no_digit("punctuation")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    amount = printed(str(rng.choice(list("?&%#@+={*;:~€§"))), somewhere(page).height * 0.8)
    page.paint(amount, any_pen(rng).colour, *rng.uniform(0.05, 0.4, 2) * (page.width, page.height))
    return photograph(page)


@no_digit("smiley")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    angle = np.linspace(0, 2 * np.pi, 24)
    ring = np.stack([0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle)], 1)
    eyes = [[(x, 0.35), (x + 0.01, 0.4)] for x in (0.33, 0.67)]
    hand_drawn(
        page,
        [ring, *eyes, [(0.25, 0.62), (0.5, 0.85), (0.75, 0.62)]],
        somewhere(page, aspect=1),
        any_pen(rng),
        0.01,
    )
    return photograph(page)


@no_digit("house")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    walls = [
        (0.1, 1),
        (0.1, 1),
        (0.1, 0.45),
        (0.1, 0.45),
        (0.9, 0.45),
        (0.9, 0.45),
        (0.9, 1),
        (0.9, 1),
        (0.1, 1),
    ]
    roof = [(0, 0.48), (0, 0.48), (0.5, 0), (0.5, 0), (1, 0.48)]
    door = [(0.6, 1), (0.6, 1), (0.6, 0.7), (0.6, 0.7), (0.78, 0.7), (0.78, 0.7), (0.78, 1)]
    hand_drawn(page, [walls, roof, door], somewhere(page, aspect=1), any_pen(rng), 0.012)
    return photograph(page)


@no_digit("face")
def _(digits: Digits, rng: Generator) -> Image.Image:
    """Draw a part of the portrait that matplotlib ships, with the whole face."""
    portrait = Image.open(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg").convert("RGB")
    left, top, right, bottom = np.array([130, 40, 350, 330]) + rng.integers(-40, 40, 4)
    image = portrait.crop((left, top, right, bottom)).resize(
        (round(2.2 * (right - left)), round(2.2 * (bottom - top)))
    )
    return image.convert("L") if rng.random() < 0.3 else image


@no_digit("landscape or flower")
def _(digits: Digits, rng: Generator) -> Image.Image:
    picture = Image.fromarray(
        sklearn.datasets.load_sample_image(str(rng.choice(["china.jpg", "flower.jpg"])))
    )
    side = int(rng.integers(150, 400))
    left, top = rng.integers(0, 640 - side), rng.integers(0, 427 - side)
    return picture.crop((left, top, left + side, top + side)).resize((600, 600))


@no_digit("texture")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.colours = table(rng, page.colours.shape, rng.random() < 0.5)
    return photograph(page)


@no_digit("blank paper")
def _(digits: Digits, rng: Generator) -> Image.Image:
    return photograph(paper(rng, grain=rng.uniform(0.005, 0.04)), noise=rng.uniform(0.01, 0.04))


@no_digit("only ruling")
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    ruled(
        page,
        min(page.height, page.width) * rng.uniform(0.06, 0.2),
        line_colour(rng),
        squared=rng.random() < 0.5,
    )
    margin(page)
    return photograph(page)


@no_digit("cut off by the picture's edge", digits=1)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page = paper(rng)
    page.write([digits], any_pen(rng), within=(0.2, 0.2, 0.8, 0.8))
    box, cut = page.text_box, rng.uniform(0.3, 0.55)
    left, top = int(box.left + cut * box.width), int(box.top + cut * box.height)
    crops = [np.s_[top:], np.s_[: page.height - (page.height - int(box.bottom - cut * box.height))]]
    crops += (
        [np.s_[:, left:], np.s_[:, : int(box.right - cut * box.width)]]
        if box.width > 0.5 * box.height
        else []
    )
    page.colours = page.colours[crops[rng.integers(len(crops))]]
    return photograph(page)


@no_digit("two written over each other", digits=2)
def _(digits: Digits, rng: Generator) -> Image.Image:
    page, pen = paper(rng), any_pen(rng)
    page.write([digits[:1]], pen, within=(0.2, 0.2, 0.8, 0.8))
    (x, y), height = page.text_box.centre, page.text_box.height
    amount = written(digits[1], height, rng.uniform(-7, 7), pen.width)
    at = np.array([x - amount.shape[1] / 2, y - amount.shape[0] / 2]) + rng.uniform(-0.2, 0.2, 2) * height
    page.put(amount, pen, *at)
    return photograph(page)
