"""Paper, pens, tables, light and a camera: what `photographs.py` makes its pictures with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[Any]  # of float32, which OpenCV's types do not say
Bytes = NDArray[np.uint8]
Colour = Sequence[float]  # red, green and blue, from 0 to 1
Area = tuple[float, float, float, float]  # left, top, right and bottom, as shares of a page

WHITE = (0.93, 0.93, 0.91)
MNIST_HEIGHT = 20  # the longer side of each of MNIST's digits, in its 28 x 28 pixels
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"


@dataclass(frozen=True)
class Pen:
    """What writes: its colour, its width as a share of MNIST's strokes, and how much paper shows through."""

    colour: Colour
    width: float = 1.0
    grain: float = 0.0


def pen(
    *colours: Colour, width: tuple[float, float] = (0.6, 1), grain: float = 0
) -> Callable[[Generator], Pen]:
    """Return what takes a pen of one of these colours."""
    return lambda rng: Pen(rng.choice(colours), rng.uniform(*width), grain)


BLUE, BLACK, RED = (0.1, 0.15, 0.42), (0.07, 0.07, 0.08), (0.6, 0.08, 0.1)
biro = pen(BLUE, BLACK, (0.16, 0.22, 0.5), width=(0.4, 0.7), grain=0.1)
felt_pen = pen(BLUE, BLACK, RED, width=(0.8, 1))
pencil = pen(*([grey] * 3 for grey in (0.25, 0.32, 0.4, 0.46)), width=(0.45, 0.8), grain=0.35)


def ink(rng: Generator) -> Pen:
    return felt_pen(rng) if rng.random() < 0.5 else biro(rng)


def any_pen(rng: Generator) -> Pen:
    return pencil(rng) if rng.random() < 0.33 else ink(rng)


def smooth(rng: Generator, shape: tuple[int, ...], cells: float) -> Array:
    """Return a random field from -1 to 1 that changes over about `1 / cells` of its height."""
    height, width = shape[:2]
    coarse = rng.uniform(-1, 1, (round(cells) + 2, round(cells * width / height) + 2)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@cache
def _noise() -> Array:
    return np.random.default_rng(0).standard_normal((2400, 2400), dtype=np.float32)


def speckle(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Return independent noise of deviation 1 for each pixel: a part of one large field, which saves time."""
    top, left = (rng.integers(0, whole - part) for whole, part in zip(_noise().shape, shape, strict=False))
    return _noise()[top : top + shape[0], left : left + shape[1]]


def coloured(field: Array, colour: Iterable[float] = (1, 1, 1)) -> Array:
    """Return a field in a colour, `[height, width, 3]`; broadcasting would take far longer."""
    return cv2.merge([field * np.float32(share) for share in colour])


def written(digit: Bytes, height: float, angle: float, width: float) -> Array:
    """Return what a pen of this width would have left: 0 where there is no ink, 1 where it is full.

    The digit is enlarged smoothly, then cut at half of its darkness, which makes clear edges as a pen does. A
    narrower pen keeps the middle of each stroke: where the distance to the edge is nearly its local maximum.
    """
    scale = height / MNIST_HEIGHT
    side = round(34 * scale)
    turn = cv2.getRotationMatrix2D((13.5, 13.5), angle, scale)
    to_middle = np.array([[0, 0, side / 2 - 13.5]] * 2)
    large = cv2.warpAffine(
        digit.astype(np.float32) / 255, turn + to_middle, (side, side), flags=cv2.INTER_CUBIC
    )
    large = cv2.GaussianBlur(large, (0, 0), 0.65 * scale)
    edge = large - 0.4 * large.max()
    if width < 1:
        inside = cv2.distanceTransform((edge > 0).astype(np.uint8), cv2.DIST_L2, 5)
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(scale) + 1,) * 2)
        edge = inside - (1 - width) * cv2.dilate(inside, around)
        return _cropped(np.clip(cv2.GaussianBlur(edge, (0, 0), 0.7) / 1.2, 0, 1))
    return _cropped(np.clip(edge * scale / 1.5 + 0.5, 0, 1))


def _cropped(amount: Array) -> Array:
    rows, columns = (np.flatnonzero(amount.max(axis) > 0.3) for axis in (1, 0))
    return amount[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@dataclass(frozen=True)
class Box:
    """A rectangle of a page, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def places(self, shares: ArrayLike) -> NDArray[np.float64]:
        """Return the points (x, y) that are given as shares of the box."""
        return np.array([self.left, self.top]) + np.multiply(shares, (self.width, self.height))

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


@dataclass
class Page:
    """Something to write on.

    Attributes:
        rng: where its randomness comes from.
        colours: how much light it reflects, `[height, width, 3]`, from 0 to 1.
        free: the part that may be written on.
        pen: what writes.
        boxes: where the digits were written, in reading order.
    """

    rng: Generator
    colours: Array
    free: Area = (0.06, 0.06, 0.94, 0.94)
    pen: Pen = Pen(BLACK)
    boxes: list[Box] = field(default_factory=list)

    @property
    def height(self) -> int:
        return len(self.colours)

    @property
    def width(self) -> int:
        return len(self.colours[0])

    @property
    def text_box(self) -> Box:
        """The rectangle around all digits."""
        left, top = min(b.left for b in self.boxes), min(b.top for b in self.boxes)
        return Box(
            left, top, max(b.right for b in self.boxes) - left, max(b.bottom for b in self.boxes) - top
        )

    def paint(self, amount: Array, colour: Iterable[float], left: float = 0, top: float = 0) -> None:
        """Lay a colour over a part of the page, as thickly as `amount` says; what stands out is cut off."""
        x, y = round(left), round(top)
        part = self.colours[max(y, 0) : y + amount.shape[0], max(x, 0) : x + amount.shape[1]]
        rows, columns = part.shape[:2]
        amount = amount[max(-y, 0) :, max(-x, 0) :][:rows, :columns]
        if amount.size:
            part *= coloured(1 - amount)
            part += coloured(amount, colour)

    def line(self, points: ArrayLike, colour: Iterable[float], thickness: float, strength: float = 1) -> None:
        """Draw a line through points (x, y)."""
        points = np.asarray(points, float)
        corner = np.floor(points.min(0) - thickness - 1)
        width, height = np.ceil(points.max(0) + thickness + 1 - corner).astype(int)
        amount = strokes([points - corner], (height, width), thickness)
        self.paint(amount * np.float32(strength), colour, *corner)

    def text(
        self, words: str, left: float, top: float, height: float, colour: Iterable[float], font: str = ""
    ) -> Box:
        """Print words whose capitals have this height."""
        amount = printed(
            words, height, font or self.rng.choice(["DejaVuSans", "DejaVuSerif", "DejaVuSansMono"])
        )
        self.paint(amount, colour, left, top)
        return Box(left, top, amount.shape[1], amount.shape[0])

    def write(self, lines: Sequence[Sequence[Bytes]], share: tuple[float, float], unequal: float) -> None:
        """Write lines of digits somewhere on the free part.

        Args:
            lines: the digits of each line.
            share: how much of the free height all lines together take.
            unequal: by which share the digits' heights differ.
        """
        left, top, right, bottom = self.free * np.array([self.width, self.height] * 2)
        longest = max(map(len, lines))
        height = self.rng.uniform(*share) * min(bottom - top, 1.2 * (right - left)) / (1.5 * len(lines) - 0.5)
        height = min(height, (right - left) / (1.35 * longest))
        angle = self.rng.uniform(-7, 7)
        rows = [
            [self._by_hand(d, height * self.rng.uniform(1 - unequal, 1), angle) for d in line]
            for line in lines
        ]
        gaps = self.rng.uniform(0.15, 0.4, longest) * height
        width = max(sum(d.shape[1] for d in row) + gaps[1 : len(row)].sum() for row in rows)
        start = self.rng.uniform(left, max(right - width, left + 1))
        y = self.rng.uniform(top, max(bottom - height * (1.5 * len(lines) - 0.5), top + 1))
        for row in rows:
            x = start
            for gap, amount in zip(gaps, row, strict=False):
                self.put(amount, x, y + (height - amount.shape[0]) * self.rng.uniform(0.3, 1))
                x += amount.shape[1] + gap
            y += height * 1.5

    def _by_hand(self, digit: Bytes, height: float, angle: float) -> Array:
        return written(digit, height, angle + self.rng.uniform(-3, 3), self.pen.width)

    def put(self, amount: Array, left: float, top: float) -> None:
        """Write one digit at a place."""
        self.boxes.append(Box(left, top, amount.shape[1], amount.shape[0]))
        if self.pen.grain:
            amount = amount * np.clip(1 - self.pen.grain * np.abs(speckle(self.rng, amount.shape)), 0, 1)
            amount = cv2.GaussianBlur(amount, (0, 0), 0.6)
        self.paint(amount, self.pen.colour, left, top)


def strokes(lines: Sequence[ArrayLike], shape: tuple[int, int], thickness: float) -> Array:
    """Return lines through points (x, y) with smooth edges, 0 to 1."""
    canvas = np.zeros(shape, np.uint8)
    points = [np.round(np.asarray(line, float) * 16).astype(np.int32) for line in lines]
    cv2.polylines(canvas, points, False, 255, max(round(thickness), 1), cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def curve(corners: ArrayLike) -> NDArray[np.float64]:
    """Return a smooth line near corners (x, y), as a hand draws it: its corners are cut off three times."""
    points = np.asarray(corners, float)
    for _ in range(3):
        a, b = points[:-1], points[1:]
        inner = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner, points[-1:]])
    return points


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{name}.ttf", size)


def printed(words: str, height: float, font: str = "DejaVuSans") -> Array:
    """Return printed words, 0 to 1, whose capitals have this height."""
    face = _font(font, max(round(height / 0.73), 6))
    left, top, right, bottom = face.getbbox(words)
    image = Image.new("L", (round(right - left) + 2, round(bottom - top) + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), words, 255, face)
    return np.asarray(image, np.float32) / 255


def paper(
    *colours: Colour, longest: tuple[int, int] = (400, 800), aspect: float = 0, grain: float = 0.008
) -> Callable[[Generator], Page]:
    """Return what takes an empty page.

    Args:
        colours: what it may be coloured.
        longest: the longer side, at least and at most.
        aspect: its width divided by its height; 0 is any usual one, upright or wide.
        grain: how rough it is.
    """

    def taken(rng: Generator) -> Page:
        wide = aspect or rng.uniform(0.65, 0.85) ** rng.choice([-1, 1])
        longer = rng.integers(*longest)
        shape = round(longer / max(wide, 1)), round(longer * min(wide, 1))
        rough = grain * (speckle(rng, shape) + smooth(rng, shape, 40))
        bright = np.full_like(rough, rng.uniform(0.92, 1.04))
        return Page(rng, coloured(bright, rng.choice(colours or [WHITE])) + coloured(rough))

    return taken


def table(rng: Generator, shape: tuple[int, ...], dark: bool) -> Array:
    """Return a table, `[height, width, 3]`: wood with its grain, cloth, or a plain top."""
    if dark:
        colour = rng.choice([(0.2, 0.12, 0.07), (0.1, 0.1, 0.11), (0.3, 0.2, 0.13), (0.13, 0.15, 0.22)])
    else:
        colour = rng.choice([(0.72, 0.58, 0.42), (0.66, 0.66, 0.66), (0.78, 0.7, 0.58), (0.6, 0.64, 0.68)])
    kind = rng.integers(3)
    if kind == 0:  # wood: long narrow streaks
        fibres = smooth(rng, (shape[0], max(shape[1] // 12, 2)), rng.uniform(60, 120))
        texture = 0.16 * cv2.resize(fibres, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    elif kind == 1:  # cloth: threads
        y, x = (np.sin(np.arange(n, dtype=np.float32) * rng.uniform(0.8, 1.6)) for n in shape[:2])
        texture = 0.1 * y[:, None] * x
    else:
        texture = 0.03 * smooth(rng, shape, 30)
    texture = texture + 0.08 * smooth(rng, shape, 3) + 0.03 * speckle(rng, shape)
    return coloured(1 + texture, colour)


def lying_on(page: Page, below: Array, corners: ArrayLike) -> Array:
    """Lay a page on a table.

    Args:
        page: the page.
        below: the table, `[height, width, 3]`.
        corners: where the page's corners come to lie, (x, y): from the upper left one, clockwise.

    Returns:
        The table with the page and the shadow that it throws.
    """
    h, w = page.height, page.width
    size = below.shape[1], below.shape[0]
    target = np.asarray(corners, np.float32)
    matrix = cv2.getPerspectiveTransform(np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32), target)
    sheet = cv2.warpPerspective(
        page.colours, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    cover = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(cover, [np.round(target * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    mask = coloured(cover.astype(np.float32) / 255)
    drop = max(size) * page.rng.uniform(0.002, 0.008)
    shadow = cv2.GaussianBlur(np.roll(cover, (round(drop), round(drop)), (0, 1)), (0, 0), 1 + drop)
    dimmed = below * coloured(1 - 0.35 / 255 * shadow.astype(np.float32))
    return np.asarray(dimmed + mask * (sheet - dimmed))


def corners_of(page: Page, inset: ArrayLike, slant: float, turn: float) -> NDArray[np.float64]:
    """Return where a page's corners lie in a picture of its size.

    Args:
        page: the page.
        inset: how far inside the picture its left, upper, right and lower edge lie, as shares of it.
        slant: by how much each corner is moved at random, as a share of the picture.
        turn: by how many degrees the page is turned at most.
    """
    left, top, right, bottom = np.array([0, 0, 1, 1]) + np.multiply(inset, [1, 1, -1, -1])
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    corners = (corners + page.rng.uniform(-slant, slant, (4, 2))) * (page.width, page.height)
    angle = np.deg2rad(page.rng.uniform(-turn, turn))
    rotation = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    centre = corners.mean(0)
    return np.asarray(centre + (corners - centre) @ rotation.T)


def photograph(
    page: Page,
    light: float = 0.12,
    noise: float = 0.012,
    blur: tuple[float, float] = (0.3, 1.0),
    exposure: tuple[float, float] = (0.85, 1.05),
    vignette: float = 0.1,
    cast: float = 0.03,
) -> Image.Image:
    """Photograph a page.

    Args:
        page: what is before the camera.
        light: how uneven the light is.
        noise: the sensor's noise.
        blur: how blurred the picture may be, in pixels for each 800 of its longer side.
        exposure: how bright the picture may be.
        vignette: how much darker its corners are.
        cast: how far its white may be from white.
    """
    rng, seen = page.rng, page.colours
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in seen.shape[:2])
    y = y[:, None]
    direction = rng.uniform(0, 2 * np.pi)
    level = 1 + light * (x * math.cos(direction) + y * math.sin(direction)) - vignette * (x * x + y * y) / 2
    level = level * (1 + light / 3 * smooth(rng, seen.shape, 2)) * rng.uniform(*exposure)
    seen = seen * coloured(level, rng.uniform(1 - cast, 1 + cast, 3))
    seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(*blur) * max(seen.shape) / 800 + 0.05)
    seen += coloured(noise * speckle(rng, seen.shape))
    return Image.fromarray((seen.clip(0, 1) * 255).astype(np.uint8))
