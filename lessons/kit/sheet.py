"""Sheets to draw figures on, which become the same bytes on every machine."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from cnn.types import Array
from lessons.kit.themes import Theme, shade

WIDTH = 340  # CSS pixels: a phone has room for it, so that all that is written stays readable there
DENSITY = 2  # a picture's own pixels for each CSS pixel, so that it is sharp on most screens
SMALL, NORMAL, LARGE = 10, 11, 14  # heights of type, in CSS pixels
LETTER = 5.9  # the width of a letter of normal type, on average
LINE = 13  # from one line of small type to the next
HEADING = 50  # the height that title and subtitle take, in two lines at most
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


class Sheet:
    """A sheet to draw on, within `plain_style`, measured in CSS pixels from its top left corner.

    Args:
        height: its height.
        theme: its colours; without a card it lets the page shine through.
        title: what the figure shows.
        subtitle: what else belongs to it, such as the data set's name.
        card: whether it brings the theme's page along, with a margin, to lie on any other page.
        width: its width.
    """

    def __init__(
        self, height: int, theme: Theme, title: str, subtitle: str, card: bool = False, width: int = WIDTH
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
        self.text(0, 13, title, size=LARGE, weight="bold")
        lines = textwrap.wrap(subtitle, int(width / LETTER))
        for number, line in enumerate(lines):
            self.text(0, (32 if len(lines) == 1 else 29) + LINE * number, line, colour=theme.quiet)

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
    ) -> None:  # fmt: skip
        """Write text, in ink unless another colour is given; turned, it is read from below."""
        self._canvas.text(
            x,
            y,
            text,
            size=size * _POINTS,
            color=colour or self.theme.ink,
            weight=weight,
            ha=align,
            va=vertical,
            rotation=90 if turned else 0,
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str, filled: bool = True) -> None:
        """Draw a rectangle at this position: filled, or its outline."""
        self._canvas.add_patch(
            Rectangle((x, y), width, height, facecolor=colour if filled else "none", edgecolor=colour)
        )

    def picture(self, x: float, y: float, values: Array, colour: str, size: int = 0) -> None:
        """Show numbers from −1 to 1, `[h, w]`, one square each: half a CSS pixel wide, or to fit.

        Args:
            x: the left edge.
            y: the top edge.
            values: the numbers.
            colour: that of 1.
            size: the side of the square that the picture fits into, if it is not drawn pixel by pixel.
        """
        times = max(1, size * DENSITY // max(values.shape))
        height, width = (times * length / DENSITY for length in values.shape)
        self._canvas.imshow(
            shade(values, colour, self.theme),
            extent=(x, x + width, y + height, y),
            interpolation="none" if size else "nearest",  # none: the browser enlarges the numbers' own pixels
            aspect="auto",
        )

    def scale(self, x: float, y: float, colour: str, labels: Sequence[str], width: int = 150) -> None:
        """Show which colour stands for which number: two labels for 0 to 1, three for −1 to 1."""
        first = -1 if len(labels) == 3 else 0
        ramp = np.linspace(first, 1, width * DENSITY)
        self.picture(x, y, np.tile(ramp, (8 * DENSITY, 1)), colour)
        lefts = np.linspace(x, x + width, len(labels))
        sides = ("left", "center", "right") if first else ("left", "right")
        for left, label, align in zip(lefts.tolist(), labels, sides, strict=True):
            self.text(left, y + 12, label, size=SMALL, colour=self.theme.quiet, align=align, vertical="top")

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
