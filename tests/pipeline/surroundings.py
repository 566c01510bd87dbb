"""What is on a page beside the digits, and what happens to it: ruling, boxes, shadows, a table, a camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
from PIL import ExifTags, Image

from tests.pipeline.studio import (
    Array,
    Box,
    Bytes,
    Colour,
    Page,
    coloured,
    corners_of,
    curve,
    lying_on,
    photograph,
    smooth,
    speckle,
    strokes,
    table,
    written,
)

# What is on the page before the digits


def lines(page: Page, pitch: tuple[float, float] = (0.1, 0.3), squared: bool = False) -> None:
    """Rule the page, or square it; the pitch is a share of its shorter side."""
    rng, (height, width) = page.rng, page.colours.shape[:2]
    step, tilt = min(height, width) * rng.uniform(*pitch), rng.uniform(-0.02, 0.02)
    level = np.arange(rng.uniform(-step, 0), height * 1.03, step)
    ruling = [[(0, y), (width, y + tilt * width)] for y in level]
    if squared:
        ruling += [[(x, 0), (x - tilt * height, height)] for x in np.arange(level[0], width * 1.03, step)]
    amount = strokes(ruling, (height, width), rng.uniform(1, 1 + max(height, width) / 500))
    colours = [(0.6, 0.72, 0.86), (0.66, 0.66, 0.7), (0.72, 0.6, 0.75), (0.55, 0.75, 0.7)]
    page.paint(amount * np.float32(rng.uniform(0.5, 1)), rng.choice(colours))


squares = partial(lines, pitch=(0.06, 0.15), squared=True)


def dots(page: Page) -> None:
    pitch = min(page.height, page.width) * page.rng.uniform(0.06, 0.12)
    for y in np.arange(pitch / 2, page.height, pitch):
        for x in np.arange(pitch / 2, page.width, pitch):
            page.line([(x, y), (x + 0.1, y)], (0.6, 0.6, 0.65), max(pitch / 12, 2))


def margin(page: Page) -> None:
    rng = page.rng
    x = rng.uniform(0.08, 0.2) if rng.random() < 0.7 else rng.uniform(0.8, 0.92)
    page.free = (x + 0.05, 0.06, 0.94, 0.94) if x < 0.5 else (0.06, 0.06, x - 0.05, 0.94)
    ends = [(x * page.width, 0), ((x + rng.uniform(-0.02, 0.02)) * page.width, page.height)]
    page.line(ends, rng.choice([(0.85, 0.4, 0.4), (0.5, 0.5, 0.75), (0.3, 0.3, 0.3)]), rng.uniform(1, 3), 0.8)


def holes(page: Page) -> None:
    rng = page.rng
    radius, x = page.height * rng.uniform(0.02, 0.045), page.width * rng.uniform(0.06, 0.1)
    behind = rng.choice([(0.05, 0.05, 0.05), (0.35, 0.24, 0.15), (0.4, 0.4, 0.42)]).tolist()
    for y in [0.3, 0.7] if rng.random() < 0.5 else [0.15, 0.38, 0.62, 0.85]:
        at = round(x), round(page.height * (y + rng.uniform(-0.01, 0.01)))
        cv2.circle(page.colours, at, round(radius), behind, -1, cv2.LINE_AA)
        cv2.ellipse(page.colours, at, (round(radius),) * 2, 0, 180, 300, (0.6, 0.6, 0.6), 1, cv2.LINE_AA)
    page.free = (0.22, 0.06, 0.94, 0.94)


def notebook(page: Page) -> None:
    lines(page, (0.07, 0.12), squared=page.rng.random() < 0.5)
    page.line([(page.width * 0.15, 0), (page.width * 0.15, page.height)], (0.85, 0.4, 0.4), 2)
    holes(page)


WORDS = [
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
    "given",
    "back",
    "in",
    "May",
]


def column_of_text(page: Page) -> None:
    """Print a column of text on the left or on the right half."""
    rng, on_left = page.rng, page.rng.random() < 0.5
    height, grey = page.height * rng.uniform(0.018, 0.035), [rng.uniform(0, 0.3)] * 3
    for i in range(rng.integers(4, 12)):
        words = " ".join(rng.choice(WORDS, 12))[: int(0.42 * page.width / height)].rsplit(" ", 1)[0]
        page.text(words, (0.04 if on_left else 0.56) * page.width, (2 + 2.5 * i) * height, height, grey)
    page.free = (0.54, 0.1, 0.95, 0.9) if on_left else (0.05, 0.1, 0.5, 0.9)


def goods(page: Page) -> None:
    """Print what was bought, as a receipt does."""
    rng, height, grey = page.rng, page.rng.uniform(9, 13), [page.rng.uniform(0.25, 0.45)] * 3
    for i in range(n := int(rng.integers(6, 11))):
        words = f"{rng.choice(['Bread', 'Milk 1l', 'Apples', 'Tea', 'Butter']):<12}{rng.uniform(1, 90):>9.2f}"
        page.text(words, 50, (2 + 2.2 * i) * height, height, grey, "DejaVuSansMono")
    page.free = (0.12, (4 + 2.2 * n) * height / page.height, 0.88, 0.9)


def wiped(page: Page, amount: float, colour: Colour) -> None:
    """Leave of an earlier writing what a sponge leaves."""
    smears = np.clip(smooth(page.rng, (page.height, page.width // 3), 5) + 0.3, 0, 1) * amount
    page.paint(cv2.resize(smears, (page.width, page.height)), colour)


def stains(page: Page) -> None:
    spots = np.clip(smooth(page.rng, page.colours.shape, 9) - 0.5, 0, 1) * 0.5
    page.paint(spots + 0.15 * np.abs(smooth(page.rng, page.colours.shape, 3)), (0.6, 0.42, 0.25))


def corrugation(page: Page) -> None:
    waves = np.sin(np.arange(page.width, dtype=np.float32) / page.rng.uniform(2, 5))
    page.colours *= 1 + 0.05 * waves[:, None]


def other_side(page: Page) -> None:
    """Let words and lines of the other side shine through."""
    back = Page(page.rng, np.zeros_like(page.colours))
    height = page.height * page.rng.uniform(0.04, 0.08)
    for y in np.arange(height, page.height - height, 2 * height):
        words = " ".join(page.rng.choice(WORDS, int(page.width / height / 3)))
        back.text(words, height, y, height, (1, 1, 1), "STIXGeneralItalic")
    amount = cv2.GaussianBlur(back.colours[:, ::-1, 0], (0, 0), 2)
    page.paint(amount * page.rng.uniform(0.1, 0.25), (0.2, 0.2, 0.3))


def finger(page: Page) -> None:
    """Hold the page with a finger in one of the lower corners."""
    rng, size, shape = page.rng, page.height * page.rng.uniform(0.08, 0.13), page.colours.shape[:2]
    right = rng.random() < 0.5
    tip = np.array(
        [page.width * (rng.uniform(0.8, 0.92) if right else rng.uniform(0.08, 0.2)), page.height * 0.84]
    )
    root = np.array([page.width * (1.1 if right else -0.1), page.height * rng.uniform(1.1, 1.3)])
    amount = cv2.GaussianBlur(strokes([[tip, root]], shape, 2 * size), (0, 0), 1.5)
    shadow = cv2.GaussianBlur(np.pad(amount, ((round(size / 4), 0), (0, 0)))[: shape[0]], (0, 0), size / 5)
    page.colours *= coloured(1 - 0.35 * shadow)
    skin = rng.choice([(0.85, 0.64, 0.52), (0.62, 0.42, 0.3), (0.36, 0.23, 0.16), (0.93, 0.74, 0.64)])
    depth = cv2.distanceTransform((amount > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / size
    page.paint(amount, skin)
    page.colours *= coloured(1 - amount * (0.35 - 0.4 * np.sqrt(depth.clip(0, 1))))
    nail = (float(size * 1.1), float(size * 0.9)), float(np.rad2deg(np.arctan2(*(root - tip)[::-1])))
    cv2.ellipse(page.colours, (tip.tolist(), *nail), (0.6 * skin + 0.4).tolist(), -1, cv2.LINE_AA)
    page.free = (0.06, 0.06, 0.94, 0.62)


def lying_pen(page: Page) -> None:
    """Lay a pen on the left or on the right part of the page."""
    rng, on_left = page.rng, page.rng.random() < 0.5
    x, thick = (
        rng.uniform(0.12, 0.26) if on_left else rng.uniform(0.74, 0.88),
        page.height * rng.uniform(0.03, 0.06),
    )
    tip = np.array([x * page.width, page.height * rng.uniform(0.1, 0.4)])
    root = np.array([(x + rng.uniform(-0.12, 0.12)) * page.width, page.height * 1.1])
    start = tip + (root - tip) / np.linalg.norm(root - tip) * thick * 2.5  # where the barrel begins
    page.line([tip, start], (0.25, 0.25, 0.27), thick / 5)
    page.line([(tip + start) / 2, start], (0.7, 0.7, 0.72), thick / 2)
    for shift in range(3):
        page.line(
            [start + thick / 4 * shift, root + thick / 4 * shift], (0.3, 0.3, 0.3), thick, 0.2
        )  # its shadow
    page.line(
        [start, root],
        rng.choice([(0.1, 0.2, 0.6), (0.9, 0.75, 0.1), (0.1, 0.1, 0.1), (0.75, 0.1, 0.1)]),
        thick,
    )
    page.line([start + thick / 5, root + thick / 5], (0.95, 0.95, 0.95), thick / 6, 0.6)
    page.free = (0.42, 0.06, 0.94, 0.94) if on_left else (0.06, 0.06, 0.58, 0.94)


# The digits in the boxes of a form


def in_cells(page: Page, digits: Sequence[Bytes]) -> None:
    rng, cells = page.rng, len(digits) + int(page.rng.integers(0, 3))
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
    label = rng.choice(["Postcode", "Date of birth", "Customer number", "Amount in EUR"])
    page.text(label, left, top - high * 0.45, high * 0.16, colour if rng.random() < 0.5 else (0.1, 0.1, 0.1))
    for i, digit in enumerate(digits):
        amount = written(digit, side * rng.uniform(0.55, 0.75), rng.uniform(-6, 6), page.pen.width)
        right, down = np.array([side - amount.shape[1], high - amount.shape[0]]) * rng.uniform(0.3, 0.7, 2)
        page.put(amount, left + side * i + right, top + down)


# What happens to the page when the digits are written


def _padded(page: Page, low: float, high: float) -> Box:
    """Return the box of all digits, grown by a share of its longer side."""
    box = page.text_box
    return box.grown(page.rng.uniform(low, high) * max(box.width, box.height))


def drawn_box(page: Page) -> None:
    box = _padded(page, 0.15, 0.35)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) + page.rng.normal(0, 0.02, (5, 2))
    page.line(box.places(corners), page.pen.colour, box.height / 30 * page.rng.uniform(0.4, 1.2))


def circle(page: Page) -> None:
    rng, box = page.rng, _padded(page, 0.25, 0.4)
    angle = np.linspace(0, 2 * np.pi * rng.uniform(0.97, 1.06), 60) + rng.uniform(0, 6)
    radius = 1.1 + 0.06 * np.sin(2 * angle + rng.uniform(0, 6)) + np.linspace(0, rng.uniform(-0.1, 0.1), 60)
    size = max(box.width, 0.7 * box.height) / 2, box.height / 2
    ring = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) * size + box.centre
    page.line(ring, page.pen.colour, box.height / 30 * rng.uniform(0.4, 1.2))


def underline(page: Page) -> None:
    rng, box = page.rng, page.text_box
    for i in range(rng.integers(1, 3)):
        y = box.bottom + box.height * (rng.uniform(0.08, 0.16) + 0.1 * i + rng.normal(0, 0.01, 3))
        over = box.height * rng.uniform(0.05, 0.35, 2)
        x = box.left - over[0], box.centre[0], box.right + over[1]
        page.line(curve(np.stack([x, y], 1)), page.pen.colour, box.height / 25 * rng.uniform(0.4, 1.2))


def caption(page: Page) -> None:
    box, height = page.text_box, page.text_box.height * page.rng.uniform(0.06, 0.16)
    words = page.rng.choice(
        ["Fig. 3: a digit", "by Anna, 2024", "What is it?", "Page 12", "my number", "No. 7/b"]
    )
    left = min(max(box.centre[0] - len(words) * height * 0.45, 5), page.width * 0.3)
    page.text(
        words,
        left,
        box.bottom + box.height * page.rng.uniform(0.12, 0.3),
        height,
        [page.rng.uniform(0, 0.35)] * 3,
    )


def crumple(page: Page) -> None:
    rng, (y, x) = page.rng, np.indices(page.colours.shape[:2], np.float32) / page.height
    level = np.ones_like(x)
    for _ in range(12):  # each fold is light on one side and dark on the other
        angle = rng.uniform(0, np.pi)
        across = (x - rng.uniform(0, 1)) * math.cos(angle) + (y - rng.uniform(0, 1)) * math.sin(angle)
        level *= 1 + rng.uniform(0.03, 0.1) * np.sign(across) * np.exp(
            -np.abs(across) / rng.uniform(0.02, 0.2)
        )
    page.colours *= coloured(level)
    x, y = (page.height * (place + smooth(rng, x.shape, 6) / 150) for place in (x, y))
    page.colours = cv2.remap(page.colours, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def shadow(page: Page) -> None:
    rng, (y, x) = page.rng, np.indices(page.colours.shape[:2], np.float32) / page.height
    angle = rng.uniform(0, 2 * np.pi)
    inside = (x - rng.uniform(0.3, 0.7)) * math.cos(angle) + (y - rng.uniform(0.3, 0.7)) * math.sin(angle)
    inside += 0.1 * smooth(rng, x.shape, 2)
    page.colours *= coloured(1 - rng.uniform(0.25, 0.55) * np.clip(0.5 + inside * rng.uniform(3, 30), 0, 1))


def back_light(page: Page) -> None:
    """Let a lamp shine through the page."""
    rng, (y, x) = page.rng, np.indices(page.colours.shape[:2], np.float32) / page.height
    far = np.hypot(x - rng.uniform(0, page.width / page.height), y - rng.choice([0, 1]))
    glow = coloured(np.exp(-((far / rng.uniform(0.3, 0.5)) ** 2)))
    page.colours = 0.45 * page.colours + 0.12 + glow * (0.2 + 0.35 * page.colours)


def dim(page: Page) -> None:
    """Darken the page to a lamp's warm light, with the noise that a camera then has in patches."""
    noise = coloured(0.03 * speckle(page.rng, page.colours.shape))
    patches = cv2.GaussianBlur(
        cv2.merge([speckle(page.rng, page.colours.shape) for _ in range(3)]), (0, 0), 2
    )
    light = coloured(np.ones(page.colours.shape[:2], np.float32), (0.34, 0.27, 0.18))
    page.colours = page.colours * light + noise + 0.04 * patches


def dark_line(page: Page) -> None:
    """Draw a dark line along one of the edges, as a scanner or a book's fold leaves it."""
    rng, side = page.rng, int(page.rng.integers(4))
    page.colours = np.rot90(page.colours, side)  # any edge is the left one for a moment
    lean = np.linspace(0, rng.uniform(-0.01, 0.01) * page.height, page.height, dtype=np.float32)
    across = np.arange(page.width, dtype=np.float32) - lean[:, None] - rng.uniform(0.005, 0.025) * page.width
    page.paint(np.clip(0.5 - across * rng.uniform(0.1, 0.5), 0, 1), [rng.uniform(0, 0.25)] * 3)
    page.colours = np.ascontiguousarray(np.rot90(page.colours, -side))


def lay_on_table(
    page: Page,
    edges: Sequence[int] = (0, 1, 2, 3),
    inset: tuple[float, float] = (0.05, 0.14),
    slant: float = 0.03,
    turn: float = 0,
    dark: float = 0.6,
) -> None:
    """Lay the page on a table.

    Args:
        page: the page.
        edges: which neighbouring edges of the page are seen: 0 is any, 1 the next one, clockwise.
        inset: how far inside the picture they lie.
        slant: how far a corner may be from a rectangle's, as a share of the picture.
        turn: by how many degrees the page may be turned.
        dark: how often the table is dark.
    """
    first = page.rng.integers(4)
    seen = {(first + edge) % 4 for edge in edges}
    insets = [page.rng.uniform(*inset) if side in seen else -0.2 for side in range(4)]
    below = table(page.rng, page.colours.shape, page.rng.random() < dark)
    page.colours = lying_on(page, below, corners_of(page, insets, slant, turn))


def two_edges(page: Page) -> None:
    lay_on_table(page, (0, int(page.rng.integers(1, 3))))


def reflections(page: Page) -> None:
    """Mirror one or two lamps in the board."""
    rng, (y, x) = page.rng, np.indices(page.colours.shape[:2], np.float32) / page.height
    for _ in range(rng.integers(1, 3)):
        far = np.hypot((x - rng.uniform(0, 1.3)) * rng.uniform(0.7, 2), y - rng.uniform(0, 1))
        page.paint(0.6 * np.exp(-((far / rng.uniform(0.1, 0.25)) ** 4)), (1, 1, 1))


def moire(page: Page) -> None:
    """Lay coloured bands over a screen, as a camera's pixels and the screen's make together."""
    rng, (y, x) = page.rng, np.indices(page.colours.shape[:2], np.float32)
    angle, strength = rng.uniform(0, np.pi), rng.uniform(0.03, 0.08)
    wave = (x * math.cos(angle) + y * math.sin(angle)) / rng.uniform(12, 60) + 1.5 * smooth(rng, x.shape, 2)
    page.colours += cv2.merge([strength * np.sin(2 * np.pi * (wave + phase)) for phase in (0, 0.25, 0.5)])


def pixels(page: Page) -> None:
    period = int(page.rng.integers(4, 8))
    size = page.width // period, page.height // period
    coarse: Array = cv2.resize(page.colours, size, interpolation=cv2.INTER_AREA)
    page.colours = coarse.repeat(period, 0).repeat(period, 1)
    gap = page.rng.uniform(0.5, 0.8)
    rows, columns = (np.where(np.arange(n) % period, 1, gap) for n in page.colours.shape[:2])
    page.colours *= coloured(rows[:, None] * columns)


# Cameras and programs


def screenshot(page: Page) -> Image.Image:
    return Image.fromarray((page.colours.clip(0, 1) * 255).astype(np.uint8))


def transparent(page: Page) -> Image.Image:
    """Return a drawing whose paper is transparent: the pen wrote 1 on 0; now it takes its colour."""
    inks = [(0.95, 0.95, 0.95), (0, 0, 0), (0.1, 0.3, 0.8), (0.8, 0.1, 0.1), (0.1, 0.5, 0.2)]
    colour = np.broadcast_to(page.rng.choice(inks), page.colours.shape)
    drawing = np.concatenate([colour, page.colours[..., :1]], -1)
    return Image.fromarray((drawing.clip(0, 1) * 255).astype(np.uint8))


def scan(page: Page) -> Image.Image:
    """Return a scan in black and white, with some dust."""
    grey = page.colours.mean(-1) + 0.03 * speckle(page.rng, page.colours.shape)
    dust = cv2.dilate((page.rng.random(grey.shape) < 0.0002).astype(np.uint8), np.ones((2, 2)))
    return Image.fromarray((grey > 0.7) & (dust == 0))


def phone(page: Page) -> Image.Image:
    """Return 12 megapixels that lie on their side, with the turn that EXIF tells."""
    wide = page.width > page.height
    image = photograph(page, noise=0.006).resize((4032, 3024) if wide else (3024, 4032))
    turns = [(Image.Transpose.ROTATE_90, 6), (Image.Transpose.ROTATE_180, 3), (Image.Transpose.ROTATE_270, 8)]
    turn, orientation = turns[page.rng.integers(3)]
    image = image.transpose(turn)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return image
