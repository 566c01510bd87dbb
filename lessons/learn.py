"""The landing page of Learn: a map of the lessons, in the navigation's order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lessons.kit.shown import Shown

NAVIGATION, LEARN = Path("mkdocs.yml"), Path("docs/learn")

WORDS, FORMULAS, WIDGETS = 200, 2, 1  # that one reads, or plays with, in a minute
FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
FOLDED = re.compile(r"^\?\?\? .*\n(?:(?: {4}.*)?\n)*", re.MULTILINE)
FORMULA = re.compile(r"\$\$.+?\$\$", re.DOTALL)
WIDGET = re.compile(r"<(?:step-player|predict-value|curve-slider)\b")

# What one can do after each lesson, and which numbers the lesson hands on, with their role.
AFTERWARDS = {
    "network": ("Say what forward, loss, backward and update mean.", "", ""),
    "images": (
        "Read the shape of any picture, and bring its numbers to a size that suits a network.",
        "picture",
        "input",
    ),
    "convolution": (
        "Compute a feature map by hand, and all three of its gradients.",
        "feature maps",
        "input",
    ),
    "activations": (
        "Say why a network needs a bend, and what the bend does to a gradient.",
        "maps, cut off at 0",
        "input",
    ),
    "pooling": (
        "Make a map smaller, and send each gradient back to where it belongs.",
        "smaller maps",
        "input",
    ),
    "flatten": ("Lay maps out in a row, and fold gradients up again.", "row of numbers", "input"),
    "dense": (
        "Compute a dense layer and its gradients, with each transpose in its place.",
        "logits",
        "output",
    ),
    "loss": (
        "Turn logits into probabilities and a loss, and say why its gradient is so short.",
        "gradient of the loss",
        "gradient",
    ),
    "sequential": (
        "Take a whole network forward and backward by hand, and test every gradient.",
        "gradient of each parameter",
        "gradient",
    ),
    "optimisers": ("Choose an optimiser, and say what it remembers.", "better parameters", "parameter"),
    "training": (
        "Train a network, see when it learns by heart, and report an honest accuracy.",
        "trained network",
        "parameter",
    ),
    "dropout": (
        "Make numbers go missing in training, without changing their mean.",
        "one that learns less by heart",
        "parameter",
    ),
    "batch-normalisation": (
        "Normalise a channel, and follow its gradient along three ways.",
        "one that learns faster",
        "parameter",
    ),
    "what-it-sees": (
        "Ask a trained network what it looks for, how sure it is, and where it is wrong.",
        "",
        "",
    ),
}


def from_repository() -> Shown:
    """Return the lessons in their parts, and how long all of them take."""
    parts = [_part(*entry) for one in navigation()[1:] for entry in one.items()]
    minutes_in_all = sum(lesson["minutes"] for part in parts for lesson in part["lessons"])
    return Shown(
        values={
            "parts": parts,
            "hours": f"{minutes_in_all / 60:.1f}",
            "rates": {"words": WORDS, "formulas": FORMULAS},
        }
    )


def navigation() -> list[dict[str, Any]]:
    """Return what the navigation has under Learn: the landing page, then lessons and parts with lessons."""
    entries = YAML().load(NAVIGATION)["nav"]
    (learn,) = [entry["Learn"] for entry in entries if "Learn" in entry]
    return list(learn)


def minutes(page: str) -> int:
    """Return how long a page takes, from its Markdown; code and what is folded up are not counted.

    Example:
        >>> minutes("Two words. " * 200 + "$$a$$ $$b$$")
        3
    """
    shown = FENCED.sub("", FOLDED.sub("", page))
    words, formulas, widgets = len(shown.split()), len(FORMULA.findall(shown)), len(WIDGET.findall(shown))
    return round(words / WORDS + formulas / FORMULAS + widgets / WIDGETS)


def _part(title: str, pages: str | list[dict[str, str]]) -> dict[str, Any]:
    """Return a part of the navigation with its lessons; one outside the parts has no title over it."""
    if isinstance(pages, str):
        return {"title": "", "lessons": [_lesson(title, pages)]}
    return {"title": title, "lessons": [_lesson(*entry) for one in pages for entry in one.items()]}


def _lesson(title: str, page: str) -> dict[str, Any]:
    file = Path("docs", page)
    can, gives, role = AFTERWARDS[file.stem]
    return {
        "title": title,
        "page": file.relative_to(LEARN).as_posix(),
        "minutes": minutes(file.read_text(encoding="utf-8")),
        "can": can,
        "gives": gives,
        "role": role,
    }
