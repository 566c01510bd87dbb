"""An extension of Python-Markdown: a figure is shown in the form that fits the reader's theme and screen.

A page shows a lesson's drawing as `![what one sees](../built/name.svg)`. This file is for a light page on a
desk; beside it lie `name-dark.svg`, `name-narrow.svg` and `name-narrow-dark.svg`. The drawing's room is kept
free while it is loaded.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from lessons.kit.sheet import WIDE

DOCS = Path("docs")
DRAWING = re.compile(r"((?:built/|generated/)[\w-]+|performance)\.svg$")
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
TO_PIXELS = 4 / 3  # of the points in which matplotlib measures
NARROW_SCREEN = f"(max-width: {0.9 * WIDE:.0f}px)"
AFTER_ADDRESSES = -10  # after MkDocs has written the images' addresses as seen from the page's own


class _Show(Treeprocessor):
    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == "img" and (drawing := DRAWING.search(child.get("src", ""))):
                    parent[list(parent).index(child)] = _figure(child, drawing[1])
                    if parent.tag == "p" and len(parent) == 1:
                        parent.tag = "div"  # a paragraph may not hold a figure


def _figure(image: Element, name: str) -> Element:
    """Return the pictures for a light page and a dark one, each with its narrow form."""
    figure = Element("figure", {"class": "drawing"})
    figure.tail = image.tail
    address = image.get("src", "").removesuffix(".svg")
    for theme in ("", "-dark"):
        picture = SubElement(figure, "picture", {"class": f"on{theme or '-light'}"})
        narrow = {"media": NARROW_SCREEN, "srcset": f"{address}-narrow{theme}.svg", **_size(f"{name}-narrow")}
        SubElement(picture, "source", narrow)
        own = {"src": f"{address}{theme}.svg", "alt": image.get("alt", ""), "loading": "lazy", **_size(name)}
        SubElement(picture, "img", own)
    return figure


def _size(name: str) -> dict[str, str]:
    """Return a drawing's width and height in CSS pixels; nothing without its file, which MkDocs reports."""
    file = DOCS / f"{name}.svg"
    size = SIZE.search(file.read_text(encoding="utf-8")[:2000]) if file.is_file() else None
    if size is None:
        return {}
    width, height = (round(float(length) * TO_PIXELS) for length in size.groups())
    return {"width": str(width), "height": str(height)}


class _Drawings(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        md.treeprocessors.register(_Show(md), "drawings", AFTER_ADDRESSES)


def makeExtension() -> Extension:
    """Return the extension, under the name by which Python-Markdown asks for it."""
    return _Drawings()
