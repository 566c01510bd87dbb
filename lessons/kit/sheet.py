"""Sheets to draw figures on, which become the same bytes on every machine."""

from __future__ import annotations

import io
import itertools
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.textpath import text_to_path
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from cnn.types import Array
from lessons.kit.themes import Theme, readable_on, shade, told_from_zero
from pipeline.common.images import Bytes

WIDE, NARROW = 800, 340  # CSS pixels: what the column of a page has room for, on a desk and on a phone
DENSITY = 2  # a picture's own pixels for each CSS pixel, so that it is sharp on most screens
SMALL, NORMAL, LARGE = 13, 14, 18  # heights of type, in CSS pixels: those of the page around
LETTER = 7.5  # the width of a letter of normal type, on average
LINE = 17  # from one line of small type to the next
HEADING = 66  # the height that title and subtitle take, in two lines at most
PIXELS = ("pixel 0", "255")  # the labels of an image's scale

OUTLINES = re.compile(rb'translate\([^)]*\)|\bd="[^"]*"')  # of a drawing: positions and paths
DIGITS = re.compile(rb"(\.\d\d)\d+")
INDENT = re.compile(rb"\n +")

_PER_INCH = 96
_POINTS = 72 / _PER_INCH


@contextmanager
def plain_style(theme: Theme) -> Iterator[None]:
    """Draw in a theme, whatever the user's own matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": "DejaVu Sans",  # comes with matplotlib
                "font.size": NORMAL * _POINTS,
                "text.color": theme.ink,
                "axes.edgecolor": theme.quiet,
                "axes.labelcolor": theme.ink,
                "axes.spines.right": False,
                "axes.spines.top": False,
                "axes.axisbelow": True,
                "axes.grid": True,
                "axes.facecolor": "none",
                "figure.facecolor": "none",
                "figure.dpi": _PER_INCH,
                "grid.color": theme.zero,
                "xtick.color": theme.quiet,
                "ytick.color": theme.quiet,
                "xtick.labelsize": SMALL * _POINTS,
                "ytick.labelsize": SMALL * _POINTS,
                "axes.titlesize": NORMAL * _POINTS,
                "axes.titlelocation": "left",
                "lines.markersize": 4,
                "legend.frameon": False,
                "legend.borderpad": 0,
                "image.composite_image": False,
                "svg.fonttype": "path",  # looks the same whatever fonts the reader has
                "svg.hashsalt": "cnn",
            }
        )
        yield


def scaled(values: Array) -> Array:
    """Return numbers divided by the largest of them, whatever its sign.

    Example:
        >>> scaled(np.array([-4.0, 1.0])).tolist(), scaled(np.zeros(1)).tolist()
        ([-1.0, 0.25], [0.0])
    """
    return values / (np.abs(values).max() or 1)


def shortened(text: str, room: float, size: int = NORMAL, weight: str = "normal") -> str:
    """Return text that is at most `room` CSS pixels wide: the middle of what is too long is left out.

    Example:
        >>> shortened("dog", 80), shortened("golden retriever", 80)
        ('dog', 'gold…ever')
    """
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)

    def width(part: str) -> float:
        return float(text_to_path.get_text_width_height_descent(part, font, ismath=False)[0])

    kept = text
    while len(kept) > 3 and width(kept) > room:
        half = (len(kept) - 2) // 2  # of the letters that stay, without the dots between them
        kept = f"{text[: len(kept) - 2 - half]}…{text[len(text) - half :]}"
    return kept


def shrunk(values: Array, most: int) -> Array:
    """Return a picture, `[h, w]` or `[h, w, 3]`, made smaller by means to `most` pixels a side."""
    larger = max(values.shape[:2]) / most
    if larger <= 1:
        return values
    height, width = (max(1, round(length / larger)) for length in values.shape[:2])
    channels = values[..., None] if values.ndim == 2 else values
    small = [
        np.asarray(Image.fromarray(channel.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
        for channel in np.moveaxis(channels, -1, 0)
    ]
    return np.stack(small, axis=-1).reshape(height, width, *values.shape[2:])


class Sheet:
    """A sheet to draw on, within `plain_style`, measured in CSS pixels from its top left corner.

    Args:
        width: its width.
        height: its height.
        theme: its colours; without a card it lets the page shine through.
        title: what the figure shows.
        subtitle: what else belongs to it, such as the data set's name.
        card: whether it brings the theme's page along, with a margin, to lie on any other page.
    """

    def __init__(
        self, width: int, height: int, theme: Theme, title: str, subtitle: str, card: bool = False
    ) -> None:
        self.theme = theme
        self._title = f"{title}. {subtitle}"
        margin = 16 if card else 0
        self._left, self._bottom = margin, height + margin
        self._size = width + 2 * margin, height + 2 * margin
        self._figure = Figure(
            figsize=(self._size[0] / _PER_INCH, self._size[1] / _PER_INCH),
            facecolor=theme.page if card else "none",
        )
        self._canvas = self.axes(0, 0, width, height)
        self._canvas.set(xlim=(0, width), ylim=(height, 0))
        self._canvas.axis("off")
        self.text(0, 17, title, size=LARGE, weight="bold", room=width)
        lines = textwrap.wrap(subtitle, int(width / LETTER), max_lines=2, placeholder=" …")
        for number, line in enumerate(lines):
            self.text(0, (41 if len(lines) == 1 else 37) + LINE * number, line, colour=theme.quiet)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return axes for a plot at this position."""
        full_width, full_height = self._size
        return self._figure.add_axes(
            (
                (self._left + x) / full_width,
                (self._bottom - y - height) / full_height,
                width / full_width,
                height / full_height,
            )
        )

    def text(
        self, x: float, y: float, text: str, *,
        size: int = NORMAL, colour: str = "", weight: str = "normal", align: str = "left",
        vertical: Literal["baseline", "center", "top", "bottom"] = "baseline", turned: bool = False,
        room: float = math.inf,
    ) -> None:  # fmt: skip
        """Write text, in ink unless another colour is given; turned, it is read from below.

        Of text that is wider than `room`, the middle is left out.
        """
        self._canvas.text(
            x,
            y,
            text if room == math.inf else shortened(text, room, size, weight),
            size=size * _POINTS,
            color=colour or self.theme.ink,
            weight=weight,
            ha=align,
            va=vertical,
            rotation=90 if turned else 0,
            parse_math=False,  # a class may have a dollar in its name
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str, filled: bool = True) -> None:
        """Draw a rectangle at this position: filled, or its outline."""
        self._canvas.add_patch(
            Rectangle((x, y), width, height, facecolor=colour if filled else "none", edgecolor=colour)
        )

    def mark(self, x: float, y: float, width: float, height: float) -> None:
        """Mark what lies in this rectangle: a frame in ink, two CSS pixels wide, along its inner edge."""
        self._canvas.add_patch(
            Rectangle(
                (x + 1, y + 1), width - 2, height - 2,
                facecolor="none", edgecolor=self.theme.ink, linewidth=2 * _POINTS, joinstyle="miter",
            )
        )  # fmt: skip

    def line(self, points: Sequence[tuple[float, float]], colour: str = "", arrow: bool = False) -> None:
        """Draw straight lines from point to point, the last with an arrow's head if it is one."""
        style = "-|>,head_length=4,head_width=2.2" if arrow else "-"
        colour = colour or self.theme.quiet
        for start, end in itertools.pairwise(points):
            head = style if end == points[-1] else "-"
            self._canvas.add_patch(
                FancyArrowPatch(start, end, arrowstyle=head, color=colour, shrinkA=0, shrinkB=0)
            )

    def numbers(
        self, x: float, y: float, values: Array, colour: str, side: int, decimals: int = 0, largest: float = 0
    ) -> None:
        """Write numbers, `[h, w]`, into coloured cells; NaN leaves a cell out.

        Args:
            x: the left edge.
            y: the top edge.
            values: the numbers.
            colour: that of the largest.
            side: the side of a cell.
            decimals: how many decimals are written, at most.
            largest: the number that has the full colour; 0 takes the largest of the numbers.
        """
        colours = shade(
            told_from_zero(values / (largest or np.nanmax(np.abs(values)) or 1)), colour, self.theme
        )
        self.colours(x, y, colours.repeat(side * DENSITY, axis=0).repeat(side * DENSITY, axis=1))
        for (row, column), value in np.ndenumerate(values):
            left, top = x + column * side, y + row * side
            if not np.isnan(value):
                self.box(left, top, side, side, self.theme.page, filled=False)
                text = f"{round(float(value), decimals) + 0.0:g}".replace("-", "−")
                self.text(
                    left + side / 2, top + side / 2, text,
                    size=SMALL, colour=readable_on(colours[row, column]), align="center", vertical="center",
                )  # fmt: skip

    def picture(self, x: float, y: float, values: Array, colour: str, size: int = 0) -> float:
        """Show numbers from −1 to 1, `[h, w]`, one square each: half a CSS pixel wide, or to fit.

        More numbers than fit into the square are joined by their means.

        Args:
            x: the left edge.
            y: the top edge.
            values: the numbers.
            colour: that of 1.
            size: the side of the square that the picture fits into, if it is not drawn pixel by pixel.

        Returns:
            The side of the square of one number, in CSS pixels.
        """
        fits = shrunk(values, size * DENSITY) if size else values
        side = self.colours(x, y, shade(fits, colour, self.theme), size)
        return side * len(fits) / len(values)

    def image(self, x: float, y: float, image: Bytes | Array, size: int) -> float:
        """Show an image of a data set: `[h, w]` from no light to the colour of inputs, `[h, w, 3]` as it is.

        Args:
            x: the left edge.
            y: the top edge.
            image: the image, with numbers from 0 to 255.
            size: the side of the square that it fits into.

        Returns:
            The side of the square of one pixel, in CSS pixels.
        """
        if image.ndim == 2:
            return self.picture(x, y, image / 255, self.theme.activation, size)
        fits = shrunk(image.astype(np.float32), size * DENSITY)
        side = self.colours(x, y, np.rint(fits).astype(np.uint8), size)
        return side * len(fits) / len(image)

    def colours(self, x: float, y: float, colours: Bytes, size: int = 0) -> float:
        """Show colours, `[h, w, 3]` or with opacity, one square each: half a CSS pixel wide, or to fit.

        Returns:
            The side of the square of one colour, in CSS pixels.
        """
        side: float = max(1, size * DENSITY // max(colours.shape[:2])) / DENSITY
        height, width = (side * length for length in colours.shape[:2])
        self._canvas.imshow(
            colours,
            extent=(x, x + width, y + height, y),
            interpolation="none" if size else "nearest",  # none: the browser enlarges the numbers' own pixels
            aspect="auto",
        )
        return side

    def scale_of_image(self, x: float, y: float, image: Bytes | Array) -> None:
        """Show which colour stands for which number of a grey image; a coloured one is shown as it is."""
        if image.ndim == 2:
            self.scale(x, y, self.theme.activation, PIXELS)

    def scale(self, x: float, y: float, colour: str, labels: Sequence[str], width: int = 150) -> None:
        """Show which colour stands for which number: two labels for 0 to 1, three for −1 to 1."""
        first = -1 if len(labels) == 3 else 0
        ramp = np.linspace(first, 1, width * DENSITY)
        self.picture(x, y, np.tile(ramp, (8 * DENSITY, 1)), colour)
        lefts = np.linspace(x, x + width, len(labels))
        sides = ("left", "center", "right") if first else ("left", "right")
        for left, label, align in zip(lefts.tolist(), labels, sides, strict=True):
            self.text(left, y + 13, label, size=SMALL, colour=self.theme.quiet, align=align, vertical="top")

    def svg(self) -> bytes:
        """Return the sheet as SVG, without date and programme, and without what nobody sees."""
        drawn = self._saved("svg", {"Title": self._title, "Date": None, "Creator": None})
        drawn = OUTLINES.sub(lambda found: DIGITS.sub(rb"\1", found[0]), drawn)
        return INDENT.sub(b"\n", drawn).replace(
            b"DejaVuSans-", b"d-"
        )  # the letters' ids, which occur thousands of times

    def png(self) -> bytes:
        """Return the sheet as a small PNG, without date and programme: five bits a colour are enough."""
        drawn = Image.open(io.BytesIO(self._saved("png", {"Software": None})))
        about = PngInfo()
        about.add_text("Title", self._title)
        file = io.BytesIO()
        ImageOps.posterize(drawn.convert("RGB"), 5).save(file, "png", optimize=True, pnginfo=about)
        return file.getvalue()

    def _saved(self, kind: str, metadata: dict[str, str | None]) -> bytes:
        file = io.BytesIO()
        self._figure.savefig(file, format=kind, dpi=DENSITY * _PER_INCH, metadata=metadata)
        return file.getvalue()
