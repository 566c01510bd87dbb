"""Social cards: the pictures that other sites show beside a link to a page."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from lessons.kit.drawings import SIZE
from lessons.kit.themes import LIGHT

WIDTH, HEIGHT = 1200, 630  # what most sites show whole
MARGIN = 64
TITLE, TEXT = 56, 28  # heights of type
LINE = 1.3  # from one line to the next, in heights of type
DPI = 96  # at which matplotlib's points become CSS pixels
COLOURS = 64  # so many are enough for figures, and make a small file


def card(site: str, title: str, description: str, figure: Path) -> bytes:
    """Return a page's card as PNG.

    Args:
        site: what the whole site is called.
        title: the page's title.
        description: what the page is about, of which a few lines are shown.
        figure: the SVG that lies below the text if it is wide, and beside it if it is high.
    """
    svg = figure.read_text(encoding="utf-8")
    beside = _height(svg) > 0.5
    room = WIDTH // 2 - MARGIN if beside else WIDTH - 2 * MARGIN
    sheet = Image.new("RGB", (WIDTH, HEIGHT), LIGHT.page)
    draw = ImageDraw.Draw(sheet)
    y = MARGIN
    for text, size, face, colour, most in (
        (site, TEXT, "DejaVuSans", LIGHT.quiet, 2),
        (title, TITLE, "DejaVuSans-Bold", LIGHT.ink, 4 if beside else 1),
        (description, TEXT, "DejaVuSans", LIGHT.ink, 5 if beside else 2),
    ):
        font = ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", f"{face}.ttf"), size)
        for line in _lines(text, font, room, most):
            draw.text((MARGIN, y), line, colour, font)
            y += round(size * LINE)
        y += TEXT // 2
    left, top = (WIDTH // 2 + MARGIN // 2, MARGIN) if beside else (MARGIN, y)
    drawn = _drawn(svg, WIDTH - MARGIN - left, HEIGHT - MARGIN // 2 - top)
    sheet.paste(drawn, (left + (WIDTH - MARGIN - left - drawn.width) // 2, top), drawn)
    file = io.BytesIO()
    sheet.quantize(COLOURS).save(file, "png", optimize=True)
    return file.getvalue()


def _lines(text: str, font: ImageFont.FreeTypeFont, room: int, most: int) -> list[str]:
    """Return a text in as many lines as it needs; what is left over after `most` lines becomes dots."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer + " …") <= room:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += " …"
            break
    return lines


def _height(svg: str) -> float:
    """Return a drawing's height, where its width is 1."""
    size = SIZE.search(svg)
    if size is None:
        raise ValueError("The drawing has no viewBox.")
    return float(size[2]) / float(size[1])


def _drawn(svg: str, width: int, height: int) -> Image.Image:
    """Return a drawing as large as it may be: within this width and height."""
    fitting = min(width, int(height / _height(svg)))
    png = resvg_py.svg_to_bytes(svg, dpi=DPI, skip_system_fonts=True, width=fitting)
    return Image.open(io.BytesIO(png)).convert("RGBA")
