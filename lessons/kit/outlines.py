"""What stands in a widget until it is drawn: an invisible outline that keeps its room on the page.

It has the elements and the longest texts of the widget, and the browser lays it out by the widgets' own style
sheet (docs/stylesheets/widgets.css), so that at no width does the page move when the widget is drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.common.errors import PipelineError

Data = dict[str, Any]

WIDGET = re.compile(r"<p>(<(step-player|predict-value|curve-slider)([^>]*)>)(</\2>)</p>")
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
ARRAYS_BESIDE_CODE = 5  # as in step-player.js
LINES_OF_SHORT_CODE = 7


def with_outlines(page: str, built: Path) -> str:
    """Put the outlines into the widgets of a page.

    Args:
        page: the page's HTML, in which Markdown has put each widget into a paragraph of its own.
        built: the folder of what was recorded for the widgets.

    Returns:
        The page, without these paragraphs, which cannot hold an outline.

    Raises:
        PipelineError: if a widget shows something that was not recorded.
    """
    return WIDGET.sub(lambda found: f"{found[1]}{_outline(found[2], found[3], built)}{found[4]}", page)


def _outline(widget: str, attributes: str, built: Path) -> str:
    given = dict(ATTRIBUTE.findall(attributes))
    if widget == "curve-slider":
        parts = _curve(_recorded(built / "curves" / f"{given['curve']}.json"))
    else:
        cases = _recorded(built / "traces" / f"{given['layer']}.json")["cases"]
        parts = _player(cases, given["way"]) if widget == "step-player" else _question(cases)
    # The search reads no outline, and no screen reader.
    return f'<div class="outline" aria-hidden="true" data-search-exclude>{parts}</div>'


def _recorded(file: Path) -> Any:
    if not file.is_file():
        raise PipelineError(f"there is no {file}: run `make site-files`.")
    return json.loads(file.read_text(encoding="utf-8"))


def _player(cases: list[Data], way: str) -> str:
    cases = [case for case in cases if case.get(way)]
    tracks = cases[0][way]
    steps = tracks[0]["steps"]
    title = escape(cases[0]["title"]) if len(cases) == 1 else '<span class="choice"></span>'
    tabs = "".join(f'<span class="tab">{escape(track["title"])}</span>' for track in tracks)
    beside = " beside" if len(tracks[0]["arrays"]) <= ARRAYS_BESIDE_CODE else ""
    lines = max(len(track["code"]["lines"]) for track in tracks)
    source = "source short" if lines <= LINES_OF_SHORT_CODE else "source"
    return (
        f'<div class="head"><p class="case">{title}</p>'
        + (f'<div class="tabs">{tabs}</div>' if len(tracks) > 1 else "")
        + f'</div><div class="panel{beside}"><div class="show"><div class="stage">'
        + "".join(map(_arrays, tracks, [" current", *[""] * len(tracks)]))
        + f'</div><div class="foot">{_text("expression", map(_plain, steps))}'
        + _text("caption", (step["text"] for step in steps))
        + f'<div class="controls"></div></div></div><div class="{source}">'
        + f'<p class="object">{tracks[0]["code"]["object"]}</p><div class="code"></div></div></div>'
        + _legend(tracks[0])
    )


def _question(cases: list[Data]) -> str:
    asked = [(case, track, step) for case in cases for track in case["forward"] for step in track["steps"]]
    case, track, step = asked[len(asked) // 3]  # as in predict-value.js
    return (
        f'<p class="case">{escape(case["title"])}</p><div class="show"><div class="stage">'
        + _arrays(track, " current")
        + f'</div>{_legend(track)}<div class="foot"><div class="controls"><label>The marked number is '
        + '<input type="text" size="8" disabled></label>'
        + "".join(f'<span class="tab">{name}</span>' for name in ("Check", "Show it", "Another"))
        + "</div>"
        + _text("answer", ["The numbers that it is made of are marked now."])
        + _text("expression", [_plain(step)])
        + "</div></div>"
    )


def _curve(curve: Data) -> str:
    names = "".join(
        f'<li><span><i class="sample"></i>{escape(line["name"])}</span></li>' for line in curve["lines"]
    )
    return (
        f'<p class="title">{escape(curve["title"])}</p><div class="plot"></div>'
        f'<div class="controls"><label>{escape(curve["parameter"]["name"])} '
        '<i class="slider"></i></label></div>'
        f'<ul class="legend">{names}</ul>'
    )


def _arrays(track: Data, current: str) -> str:
    return f'<div class="arrays{current}">{"".join(map(_array, track["arrays"]))}</div>'


def _array(array: Data) -> str:
    cell = f'<span class="cell">{max(map(_number, array["values"]), key=len)}</span>'
    planes = "".join(
        "<div>"
        + "".join(f'<div class="row">{cell * len(row)}</div>' for row in plane["rows"])
        + (f'<p class="plane">{plane["label"]}</p>' if plane["label"] else "")
        + "</div>"
        for plane in array["planes"]
    )
    wraps = " wraps" if len(array["shape"]) <= 2 else ""
    caption = (
        f'<span class="name">{escape(array["label"])}</span> <span class="shape">{array["shape"]}</span>'
    )
    return (
        f'<figure class="array{wraps}"><figcaption>{caption}</figcaption>'
        f'<div class="planes">{planes}</div></figure>'
    )


def _legend(track: Data) -> str:
    arrays = track["arrays"]
    roles = "".join(
        f'<li><span class="name">{role}</span>'
        + "".join(_range(array) for array in arrays if array["role"] == role)
        + "</li>"
        for role in dict.fromkeys(array["role"] for array in arrays)
    )
    padded = any(array["padding"] for array in arrays)
    signs = "".join(
        f'<span><i class="sign"></i>{name}</span>' for name in ("read", "written", "padding")[: 2 + padded]
    )
    return f'<ul class="legend">{roles}<li>{signs}</li></ul>'


def _range(array: Data) -> str:
    low, high = (_number(end(0, *array["values"])) for end in (min, max))
    return f'<span class="range">{escape(array["name"])} {low}<i class="scale"></i>{high}</span>'


def _text(style: str, texts: Iterable[str]) -> str:
    return f'<p class="{style}" data-longest="{escape(max(texts, key=len))}"></p>'


def _plain(step: Data) -> str:
    return "".join(token if isinstance(token, str) else token["text"] for token in step["expression"])


def _number(value: float) -> str:
    """Return a number as `number` of elements.js writes it."""
    if 0 < abs(value) < 1e-3:
        text = np.format_float_positional(value, precision=1, fractional=False, trim="-")
    else:
        text = np.format_float_positional(value, precision=3, trim="-")
    return text.replace("-", "−")
