"""Pictures as people take them, drawn from chance: `KINDS` show digits, `NOT_DIGITS` something else.

They are drawn as the world looks, not as a reader would like it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from numpy.random import Generator
from PIL import Image

from tests.pipeline import not_digits as odd
from tests.pipeline import surroundings as on
from tests.pipeline.studio import Area, Bytes, Page, Pen, any_pen, biro, felt_pen, ink, paper, pen, photograph

WHITE_PAPER = paper()


def _nothing(page: Page) -> None: ...


@dataclass(frozen=True)
class Scene:
    """A kind of picture.

    Attributes:
        digits: how many digits a picture shows.
        lines: in how many lines they are written.
        paper: takes the page.
        pen: takes the pen.
        before: what is on the page before the digits are written; it may change what is free.
        free: the part of the page that may be written on.
        share: how much of its height the digits take, at least and at most.
        unequal: by which share the digits' heights differ.
        write: writes the digits otherwise than in lines.
        after: what happens to the page then.
        camera: makes the picture.
        suffix: the file's format.
    """

    digits: int = 1
    lines: int = 1
    paper: Callable[[Generator], Page] = WHITE_PAPER
    pen: Callable[[Generator], Pen] = any_pen
    before: Callable[[Page], None] = _nothing
    free: Area = (0.06, 0.06, 0.94, 0.94)
    share: tuple[float, float] = (0.3, 0.6)
    unequal: float = 0.08
    write: Callable[[Page, Sequence[Bytes]], None] | None = None
    after: Callable[[Page], None] = _nothing
    camera: Callable[[Page], Image.Image] = photograph
    suffix: str = ".jpg"

    def draw(self, digits: Sequence[Bytes], rng: Generator) -> Image.Image:
        """Return a picture of the digits: `[28, 28]` each, light on black, in reading order."""
        page = self.paper(rng)
        page.pen, page.free = self.pen(rng), self.free
        self.before(page)
        if self.write:
            self.write(page, digits)
        elif len(digits):
            length = -(-len(digits) // self.lines)
            lines = [digits[i : i + length] for i in range(0, len(digits), length)]
            page.write(lines, self.share, self.unequal)
        self.after(page)
        return self.camera(page)

    def save(self, digits: Sequence[Bytes], rng: Generator, stem: Path) -> Path:
        """Write a picture of the digits beside `stem`, with the format's suffix; return its path."""
        image = self.draw(digits, rng)
        path = stem.with_suffix(self.suffix)
        image.save(path, quality=int(rng.integers(60, 93)), exif=image.getexif(), compress_level=1)
        return path


NOTES = [(0.98, 0.92, 0.45), (0.98, 0.6, 0.72), (0.65, 0.9, 0.5), (0.55, 0.82, 0.95)]
BRIGHT = [
    (0.8, 0.1, 0.15),
    (0.1, 0.55, 0.25),
    (0.9, 0.45, 0.1),
    (0.5, 0.2, 0.6),
    (0.2, 0.6, 0.85),
    (0.9, 0.3, 0.6),
]
BOARDS = [(0.1, 0.19, 0.15), (0.13, 0.14, 0.14), (0.18, 0.2, 0.2)]
large = paper(longest=(500, 900))
on_screen = Scene(
    paper=paper((0.88, 0.9, 0.95), grain=0), pen=pen((0.05, 0.05, 0.05), (0.1, 0.3, 0.8), (0.8, 0.1, 0.1))
)
on_sheet = Scene(
    paper=large, free=(0.2, 0.2, 0.8, 0.8), share=(0.5, 1), camera=partial(photograph, light=0.15)
)

KINDS: dict[str, Scene] = {
    "alone on paper": Scene(),
    "faint pencil": Scene(
        pen=pen(*([grey] * 3 for grey in (0.5, 0.56, 0.62, 0.68)), width=(0.4, 0.7), grain=0.35)
    ),
    "felt pen": Scene(pen=felt_pen),
    "biro": Scene(pen=biro),
    "coloured ink": Scene(pen=pen(*BRIGHT)),
    "coloured paper": Scene(paper=paper(*NOTES, (0.5, 0.7, 0.9), (0.9, 0.55, 0.25)), pen=ink),
    "light pen on dark paper": Scene(
        paper=paper((0.08, 0.08, 0.09), (0.1, 0.13, 0.3), (0.25, 0.1, 0.12)),
        pen=pen((0.9, 0.9, 0.88), (0.85, 0.7, 0.3), width=(0.5, 0.9), grain=0.15),
    ),
    "cardboard": Scene(paper=paper((0.68, 0.52, 0.36), grain=0.03), before=on.corrugation, pen=felt_pen),
    "yellowed paper": Scene(paper=paper((0.86, 0.75, 0.55), grain=0.015), before=on.stains),
    "crumpled paper": Scene(after=on.crumple),
    "small on a large sheet": Scene(paper=paper(longest=(900, 1600)), share=(0.07, 0.14)),
    "other side shining through": Scene(before=on.other_side, pen=ink),
    "ruled paper": Scene(before=on.lines),
    "squared paper": Scene(before=on.squares),
    "dotted paper": Scene(before=on.dots),
    "margin line": Scene(before=on.margin),
    "punch holes": Scene(before=on.holes),
    "printed text beside it": Scene(before=on.column_of_text, share=(0.4, 0.6)),
    "caption below": Scene(free=(0.1, 0.05, 0.9, 0.78), share=(0.35, 0.6), after=on.caption),
    "in a drawn box": Scene(free=(0.25, 0.25, 0.75, 0.75), share=(0.4, 0.9), after=on.drawn_box),
    "circled": Scene(free=(0.27, 0.27, 0.73, 0.73), share=(0.4, 0.8), after=on.circle),
    "underlined": Scene(free=(0.15, 0.06, 0.85, 0.8), after=on.underline),
    "form's boxes": Scene(digits=4, paper=paper(longest=(600, 900)), pen=biro, write=on.in_cells),
    "several in a row": Scene(digits=4, paper=large),
    "two lines": Scene(digits=6, lines=2, paper=large, share=(0.5, 0.8)),
    "of different sizes": Scene(digits=3, paper=large, unequal=0.45),
    "in a shadow": Scene(after=on.shadow),
    "back-lit": Scene(after=on.back_light, camera=partial(photograph, light=0.2)),
    "low light": Scene(
        after=on.dim, camera=partial(photograph, light=0.3, noise=0.02, vignette=0.4, exposure=(0.7, 1.2))
    ),
    "phone picture with vignette and tilt": Scene(
        paper=paper(longest=(800, 1200)),
        free=(0.28, 0.28, 0.72, 0.72),
        share=(0.5, 1),
        after=partial(on.lay_on_table, edges=(), slant=0.08, turn=6),
        camera=partial(photograph, light=0.15, vignette=0.55, blur=(0.5, 1.5)),
    ),
    "12 megapixels turned by EXIF": Scene(digits=3, paper=paper(longest=(1000, 1001)), camera=on.phone),
    "dark line along the edge": Scene(free=(0.1, 0.1, 0.9, 0.9), after=on.dark_line),
    "table at one edge": replace(on_sheet, after=partial(on.lay_on_table, edges=(0,))),
    "table at two edges": replace(on_sheet, after=on.two_edges),
    "table at three edges": replace(on_sheet, after=partial(on.lay_on_table, edges=(0, 1, 2))),
    "sheet on a dark table": replace(
        on_sheet, after=partial(on.lay_on_table, inset=(0.08, 0.2), slant=0.05, turn=10, dark=1)
    ),
    "sheet on a light table": replace(
        on_sheet, after=partial(on.lay_on_table, inset=(0.08, 0.2), slant=0.05, turn=10, dark=0)
    ),
    "notebook on a table": replace(
        on_sheet,
        digits=2,
        before=on.notebook,
        pen=ink,
        share=(0.3, 0.5),
        after=partial(on.lay_on_table, turn=8),
    ),
    "sticky note": replace(
        on_sheet,
        paper=paper(*NOTES, aspect=1),
        pen=ink,
        after=partial(on.lay_on_table, inset=(0.08, 0.25), turn=10),
    ),
    "receipt": Scene(
        digits=2,
        paper=paper((0.92, 0.91, 0.9), longest=(900, 1000), aspect=0.65),
        before=on.goods,
        pen=ink,
        after=partial(on.lay_on_table, inset=(0.03, 0.1)),
    ),
    "finger in the corner": Scene(before=on.finger),
    "pen lying beside it": Scene(before=on.lying_pen),
    "blackboard": Scene(
        paper=paper(*BOARDS, grain=0.01),
        before=partial(on.wiped, amount=0.15, colour=(0.8, 0.8, 0.8)),
        pen=pen((0.92, 0.92, 0.9), (0.95, 0.88, 0.5), (0.95, 0.7, 0.75), width=(0.6, 0.95), grain=0.4),
    ),
    "whiteboard with reflections": Scene(
        paper=paper((0.86, 0.88, 0.9), grain=0.003),
        before=partial(on.wiped, amount=0.06, colour=(0.4, 0.45, 0.6)),
        pen=pen((0.08, 0.08, 0.1), (0.1, 0.2, 0.6), (0.75, 0.1, 0.15), (0.05, 0.45, 0.25), grain=0.1),
        after=on.reflections,
        camera=partial(photograph, light=0.2),
    ),
    "screen with moiré": replace(on_screen, after=on.moire),
    "screen with its pixels": replace(
        on_screen, after=on.pixels, camera=partial(photograph, blur=(0.5, 1.2))
    ),
    "tablet drawing with transparency": Scene(
        paper=paper((0, 0, 0), grain=0),
        pen=pen((1, 1, 1), width=(0.5, 1)),
        camera=on.transparent,
        suffix=".png",
    ),
    "drawn in a dark program": Scene(
        paper=paper((0, 0, 0), (0.1, 0.1, 0.1), (0.13, 0.14, 0.17), grain=0),
        pen=pen((1, 1, 1), (0.4, 0.9, 0.5), (0.95, 0.8, 0.3)),
        camera=on.screenshot,
        suffix=".png",
    ),
    "black and white scan": Scene(paper=paper(longest=(600, 1200)), camera=on.scan, suffix=".png"),
}

MIDDLE = (0.2, 0.2, 0.8, 0.8)

NOT_DIGITS: dict[str, Scene] = {
    "letter": Scene(digits=0, after=odd.written_letter),
    "printed letter": Scene(digits=0, after=odd.printed_letter),
    "written word": Scene(digits=0, after=odd.written_word),
    "punctuation": Scene(digits=0, after=odd.printed_mark),
    "scribble": Scene(digits=0, after=odd.scribble),
    "signature": Scene(digits=0, pen=biro, after=odd.signature),
    "smiley": Scene(digits=0, after=odd.smiley),
    "house": Scene(digits=0, after=odd.house),
    "face": Scene(digits=0, paper=odd.portrait, camera=on.screenshot),
    "landscape or flower": Scene(digits=0, paper=odd.view, camera=on.screenshot),
    "texture": Scene(digits=0, after=odd.bare_table),
    "blank paper": Scene(digits=0, paper=paper(grain=0.03), camera=lambda page: photograph(page, noise=0.03)),
    "only ruling": Scene(digits=0, before=odd.ruling),
    "cut off by the picture's edge": Scene(free=MIDDLE, share=(0.5, 0.9), after=odd.cut_off),
    "two written over each other": Scene(digits=2, free=MIDDLE, write=odd.over_each_other),
}
