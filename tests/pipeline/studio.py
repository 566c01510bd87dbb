"""Paper, pens, tables, light and a camera: what `photographs.py` makes its pictures with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Colour = Sequence[float]  # red, green and blue, from 0 to 1

WHITE = (0.93, 0.93, 0.91)
MNIST_HEIGHT = 20  # the longer side of each of MNIST's digits, in its 28 x 28 pixels
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"


@dataclass(frozen=True)
class Pen:
    """What writes: its colour, its width as a share of MNIST's strokes, and how much paper shows through."""

    colour: Colour
    width: float = 1.0
    grain: float = 0.0


def biro(rng: Generator) -> Pen:
    return Pen(
        rng.choice([(0.1, 0.14, 0.42), (0.08, 0.08, 0.1), (0.16, 0.22, 0.5)]), rng.uniform(0.4, 0.7), 0.1
    )


def felt_pen(rng: Generator) -> Pen:
    return Pen(rng.choice([(0.06, 0.06, 0.07), (0.1, 0.15, 0.4), (0.55, 0.08, 0.1)]), rng.uniform(0.8, 1))


def pencil(rng: Generator) -> Pen:
    return Pen([rng.uniform(0.25, 0.45)] * 3, rng.uniform(0.45, 0.8), 0.35)


def any_pen(rng: Generator) -> Pen:
    return [biro, felt_pen, pencil][rng.integers(3)](rng)


def smooth(rng: Generator, shape: tuple[int, ...], cells: float) -> Array:
    """Return a random field from -1 to 1 that changes over about `1 / cells` of its height."""
    height, width = shape[:2]
    coarse = rng.uniform(-1, 1, (round(cells) + 2, round(cells * width / height) + 2)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)  # type: ignore[return-value]


def speckle(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Return independent noise of deviation 1 for each pixel."""
    return rng.standard_normal(shape[:2], dtype=np.float32)


def written(digit: Bytes, height: float, angle: float, width: float) -> Array:
    """Return what a pen of this width would have left: 0 where there is no ink, 1 where it is full.

    The digit is enlarged smoothly, then cut at half of its darkness, which makes clear edges as a pen does. A
    narrower pen keeps the middle of each stroke: where the distance to the edge is nearly its local maximum.
    """
    scale = height / MNIST_HEIGHT
    side = round(34 * scale)
    turn = cv2.getRotationMatrix2D((13.5, 13.5), angle, scale)
    turn[:, 2] += side / 2 - 13.5
    large = cv2.warpAffine(digit.astype(np.float32) / 255, turn, (side, side), flags=cv2.INTER_CUBIC)
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

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


@dataclass
class Page:
    """Something to write on.

    Attributes:
        rng: where its randomness comes from.
        colours: how much light it reflects, `[height, width, 3]`, from 0 to 1.
        boxes: where the digits were written, in reading order.
    """

    rng: Generator
    colours: Array
    boxes: list[Box] = field(default_factory=list)

    @property
    def height(self) -> int:
        return self.colours.shape[0]

    @property
    def width(self) -> int:
        return self.colours.shape[1]

    @property
    def text_box(self) -> Box:
        """The rectangle around all digits."""
        left, top = min(b.left for b in self.boxes), min(b.top for b in self.boxes)
        return Box(
            left, top, max(b.right for b in self.boxes) - left, max(b.bottom for b in self.boxes) - top
        )

    def paint(self, amount: Array, colour: ArrayLike, left: float = 0, top: float = 0) -> None:
        """Lay a colour over a part of the page, as thickly as `amount` says; what stands out is cut off."""
        x, y = round(left), round(top)
        part = self.colours[max(y, 0) : y + amount.shape[0], max(x, 0) : x + amount.shape[1]]
        rows, columns = part.shape[:2]
        amount = amount[max(-y, 0) :, max(-x, 0) :][:rows, :columns, None]
        part += amount * (np.asarray(colour, np.float32) - part)

    def line(self, points: ArrayLike, colour: ArrayLike, thickness: float, strength: float = 1) -> None:
        """Draw a line through points (x, y)."""
        points = np.asarray(points, float)
        corner = np.floor(points.min(0) - thickness - 1)
        width, height = np.ceil(points.max(0) + thickness + 1 - corner).astype(int)
        amount = strokes([points - corner], (height, width), thickness)
        self.paint(amount * np.float32(strength), colour, *corner)

    def text(
        self, words: str, left: float, top: float, height: float, colour: ArrayLike, font: str = ""
    ) -> Box:
        """Print words whose capitals have this height."""
        amount = printed(
            words, height, font or self.rng.choice(["DejaVuSans", "DejaVuSerif", "DejaVuSansMono"])
        )
        self.paint(amount, colour, left, top)
        return Box(left, top, amount.shape[1], amount.shape[0])

    def write(
        self,
        lines: Sequence[Sequence[Bytes]],
        pen: Pen,
        share: tuple[float, float] = (0.3, 0.6),
        within: tuple[float, float, float, float] = (0.06, 0.06, 0.94, 0.94),
        unequal: float = 0.08,
    ) -> None:
        """Write lines of digits.

        Args:
            lines: the digits of each line.
            pen: what writes them.
            share: how much of the free height all lines together take.
            within: left, top, right and bottom of the part to be written on, as shares of the page.
            unequal: by which share the digits' heights differ.
        """
        left, right = within[0] * self.width, within[2] * self.width
        top, bottom = within[1] * self.height, within[3] * self.height
        height = self.rng.uniform(*share) * min(bottom - top, 1.2 * (right - left)) / (1.5 * len(lines) - 0.5)
        height = min(height, (right - left) / (1.35 * max(map(len, lines))))
        angle = self.rng.uniform(-7, 7)
        rows = [
            [
                written(
                    d, height * self.rng.uniform(1 - unequal, 1), angle + self.rng.uniform(-3, 3), pen.width
                )
                for d in line
            ]
            for line in lines
        ]
        gaps = self.rng.uniform(0.15, 0.4, max(map(len, lines))) * height
        widths = [sum(d.shape[1] for d in row) + gaps[1 : len(row)].sum() for row in rows]
        x0 = self.rng.uniform(left, max(right - max(widths), left + 1))
        y = self.rng.uniform(top, max(bottom - height * (1.5 * len(lines) - 0.5), top + 1))
        for row in rows:
            x = x0
            for gap, amount in zip(gaps, row, strict=False):
                self.put(amount, pen, x, y + (height - amount.shape[0]) * self.rng.uniform(0.3, 1))
                x += amount.shape[1] + gap
            y += height * 1.5

    def put(self, amount: Array, pen: Pen, left: float, top: float) -> None:
        """Write one digit at a place."""
        self.boxes.append(Box(left, top, amount.shape[1], amount.shape[0]))
        if pen.grain:
            amount = amount * np.clip(1 - pen.grain * np.abs(speckle(self.rng, amount.shape)), 0, 1)
            amount = cv2.GaussianBlur(amount, (0, 0), 0.6)
        self.paint(amount, pen.colour, left, top)


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
    rng: Generator, colour: Colour = WHITE, longest: tuple[int, int] = (400, 800), grain: float = 0.008
) -> Page:
    """Return an empty page of a random size, upright or wide."""
    long = int(rng.integers(*longest))
    sides = long, round(long * rng.uniform(0.65, 0.85))
    height, width = sides if rng.random() < 0.5 else sides[::-1]
    page = Page(rng, np.empty((height, width, 3), np.float32))
    page.colours[:] = np.asarray(colour, np.float32) * rng.uniform(0.92, 1.04)
    page.colours += (
        grain * (speckle(rng, page.colours.shape) + smooth(rng, page.colours.shape, 40))[..., None]
    )
    return page


def table(rng: Generator, shape: tuple[int, ...], dark: bool) -> Array:
    """Return a table: wood with its grain, cloth, or a plain top."""
    if dark:
        colour = rng.choice([(0.2, 0.12, 0.07), (0.1, 0.1, 0.11), (0.3, 0.2, 0.13), (0.13, 0.15, 0.22)])
    else:
        colour = rng.choice([(0.72, 0.58, 0.42), (0.66, 0.66, 0.66), (0.78, 0.7, 0.58), (0.6, 0.64, 0.68)])
    kind = rng.integers(3)
    if kind == 0:  # wood: long narrow streaks
        fibres = smooth(rng, (shape[0], max(shape[1] // 12, 2)), rng.uniform(60, 120))
        texture = 0.16 * cv2.resize(fibres, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    elif kind == 1:  # cloth: threads
        y, x = np.ogrid[: shape[0], : shape[1]]
        texture = 0.1 * np.sin(x * rng.uniform(0.8, 1.6)) * np.sin(y * rng.uniform(0.8, 1.6))
    else:
        texture = 0.03 * smooth(rng, shape, 30)
    texture = texture + 0.08 * smooth(rng, shape, 3) + 0.03 * speckle(rng, shape)
    return (np.asarray(colour, np.float32) * (1 + texture.astype(np.float32)[..., None])).clip(0, 1)


def lying_on(page: Page, below: Array, corners: ArrayLike) -> Array:
    """Lay a page on a table.

    Args:
        page: the page.
        below: the table, `[height, width, 3]`.
        corners: where the page's corners (upper left, upper right, lower right, lower left) come to lie, (x, y).

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
    mask = cover.astype(np.float32)[..., None] / 255
    drop = max(size) * page.rng.uniform(0.002, 0.008)
    shadow = cv2.GaussianBlur(np.roll(cover, (round(drop), round(drop)), (0, 1)), (0, 0), 1 + drop)
    dimmed = below * (1 - 0.35 / 255 * shadow.astype(np.float32)[..., None])
    return dimmed + mask * (sheet - dimmed)  # type: ignore[no-any-return]


def corners_of(page: Page, inset: Sequence[float], slant: float, turn: float = 0) -> NDArray[np.float64]:
    """Return where a page's corners lie in a picture of its size.

    Args:
        page: the page.
        inset: how far its left, upper, right and lower edge lie inside the picture, as shares; below 0: outside.
        slant: by how much each corner is moved at random, as a share of the picture.
        turn: by how many degrees the page is turned at most.
    """
    left, top, right, bottom = inset[0], inset[1], 1 - inset[2], 1 - inset[3]
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    corners += page.rng.uniform(-slant, slant, (4, 2))
    corners *= page.width, page.height
    angle = np.deg2rad(page.rng.uniform(-turn, turn))
    rotation = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    centre = corners.mean(0)
    return (corners - centre) @ rotation.T + centre  # type: ignore[no-any-return]


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
    level = 1 + light * (x * np.cos(direction) + y * np.sin(direction)) - vignette * (x * x + y * y) / 2
    level = level * (1 + light / 3 * smooth(rng, seen.shape, 2)) * rng.uniform(*exposure)
    seen = seen * level[..., None] * rng.uniform(1 - cast, 1 + cast, 3).astype(np.float32)
    seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(*blur) * max(seen.shape) / 800 + 0.05)
    seen += noise * (speckle(rng, seen.shape)[..., None] + rng.uniform(-0.5, 0.5, 3).astype(np.float32) * 0.3)
    return Image.fromarray((seen.clip(0, 1) * 255).astype(np.uint8))
