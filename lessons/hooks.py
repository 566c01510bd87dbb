"""Hooks of MkDocs: what every page and its entry in the search need, in one place for all of them."""

from __future__ import annotations

import json
import re
import textwrap
from html import escape, unescape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from lessons.kit.cards import card
from lessons.kit.drawings import DOCS, DRAWING
from lessons.kit.spelling import american

SHORTEST, LONGEST = 60, 160  # letters of a description: search engines cut longer ones
MOTIF = DOCS / "images" / "favicon.svg"  # on the card of a page without a figure

PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
ADDRESS = re.compile(r'src="(?:\.\./)*([^"]+)"')
EMPTY_HEADING = re.compile(r"<th(?: [^>]*)?></th>")
WITHOUT_SCRIPTS = {
    "digit-canvas": "the trained network answers here, for what you draw or for an image that you choose.",
    "step-player": "you can play the computation here, step by step.",
    "predict-value": "you can predict a number here, and are told whether it is right.",
    "curve-slider": "you can move a slider here, and see how the curve changes.",
}
WIDGET = re.compile(rf"</({'|'.join(WITHOUT_SCRIPTS)})>")

LESSONS = "learn/"
BOOST = 4  # what a lesson's place in the search's results is multiplied by
TITLE = 1000  # Material's own weight of a title


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give a page its description and its card, its tables no empty headings, its widgets a sentence."""
    description = page.meta.get("description") or describe(html)
    name = f"cards/{page.file.src_uri.removesuffix('.md')}.png"
    title = config.extra["title"] if page.is_homepage else str(page.title)
    image = card(config.extra["title"], title, description, _figure(page, html))
    files.append(File.generated(config, name, content=image))
    page.meta["description"] = escape(description)  # Material's template escapes nothing
    page.meta["card"] = name
    html = EMPTY_HEADING.sub("<td></td>", html)
    return WIDGET.sub(_with_sentence, html)


def on_post_build(config: MkDocsConfig) -> None:
    """Let the search find American spellings, and lessons before other pages."""
    file = Path(config.site_dir, "search", "search_index.json")
    index = json.loads(file.read_text(encoding="utf-8"))
    for field, weight in (("title", TITLE), ("text", 1)):
        index["config"]["fields"][f"american_{field}"] = {"boost": weight}
        for entry in index["docs"]:
            entry[f"american_{field}"] = " ".join(american(TAG.sub(" ", entry[field])))
    for entry in index["docs"]:
        if entry["location"].startswith(LESSONS):
            entry["boost"] = BOOST
    file.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def describe(html: str) -> str:
    """Return what a page says first: as many sentences as a description may hold, or as many words.

    Example:
        >>> describe("<h1>Dense</h1><p>Every <em>output</em> listens.</p><p>To all inputs.</p>")
        'Every output listens.'
    """
    texts = (" ".join(unescape(TAG.sub("", found)).split()) for found in PARAGRAPH.findall(html))
    text = next(filter(None, texts), "")
    ends = [end.start() for end in SENTENCE.finditer(f"{text} ") if SHORTEST <= end.start() <= LONGEST]
    return text[: ends[-1]] if ends else textwrap.shorten(text, LONGEST, placeholder=" …")


def _figure(page: Page, html: str) -> Path:
    """Return the figure that a page names for its card, else its first one."""
    shown = [page.meta.get("figure", ""), *filter(DRAWING.search, ADDRESS.findall(html))]
    return next((DOCS / file for file in shown if (DOCS / file).is_file()), MOTIF)


def _with_sentence(widget: re.Match[str]) -> str:
    """Return a widget followed by what readers without JavaScript see in its place."""
    sentence = f"With JavaScript, {WITHOUT_SCRIPTS[widget[1]]}"
    return f"{widget[0]}<noscript data-search-exclude>{sentence}</noscript>"
