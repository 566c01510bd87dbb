"""The plot: how many times as fast as PyTorch's best configuration, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.drawings.sheet import HEADING, SMALL, Sheet, plain_style
from pipeline.drawings.themes import LIGHT

ROW, LEFT, RIGHT = 46, 230, 20  # heights and margins, in CSS pixels


def draw(results: Mapping[str, Any]) -> bytes:
    """Return the plot as SVG, a card that lies on any page: a mark for each pair, a line for their median."""
    with plain_style(LIGHT):
        return _sheet(results).svg()


def _sheet(results: Mapping[str, Any]) -> Sheet:
    cases = list(results["cases"].values())
    names = list(cases[0]["ratios"])
    height = ROW * len(cases)
    sheet = Sheet(
        HEADING + height + 48,
        LIGHT,
        "cnn beside PyTorch on the same processor",
        f"Times as fast as PyTorch's best configuration, pair by pair; {results['machine']['processor']}",
        card=True,
    )
    axes = sheet.axes(LEFT, HEADING, 680 - LEFT - RIGHT, height)
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.set_yticks(range(len(cases)), [_in_lines(case["title"]) for case in cases])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.axvline(1, color=LIGHT.ink, linestyle=":", label="as fast as PyTorch")
    offsets = [0.22 * (2 * place - len(names) + 1) for place in range(len(names))]
    looks = zip(names, offsets, (LIGHT.output, LIGHT.activation), "os", strict=False)
    for name, offset, colour, marker in looks:
        for row, case in enumerate(cases):
            found = case["ratios"][name]
            middle = row + offset
            axes.plot(
                found["pairs"], [middle] * len(found["pairs"]), marker, color=colour, alpha=0.6,
                label="" if row else name, clip_on=False,
            )  # fmt: skip
            axes.plot([found["median"]] * 2, [middle - 0.2, middle + 0.2], color=colour)
            axes.annotate(
                f"{found['median']:.2f}", (found["highest"], middle), (8, 0), textcoords="offset points",
                va="center", color=colour, size=SMALL * 0.75,
            )  # fmt: skip
    axes.set_xlim(0, 1.1 * max(max(case["ratios"][name]["highest"] for case in cases) for name in names))
    axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -30 / height), ncols=3)
    return sheet


def _in_lines(title: str) -> str:
    r"""Return a case's title in short lines.

    Example:
        >>> _in_lines("Training step, the `fast` recipe, batch of 128")
        'Training step,\nthe fast recipe, batch of 128'
    """
    return title.replace("`", "").replace(", ", ",\n", 1)
