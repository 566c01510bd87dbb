"""The figure: how many times as fast as PyTorch's best configuration, round by round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lessons.kit.sheet import HEADING, LINE, SMALL, Sheet
from lessons.kit.themes import Theme

ROW = 68  # CSS pixels for a case: its title, and a line for each subject of cnn


def draw(theme: Theme, width: int, results: Mapping[str, Any]) -> Sheet:
    """Draw a mark for each round, and a line for their median."""
    cases = list(results["cases"].values())
    names = list(cases[0]["ratios"])
    top, height = HEADING + 4, ROW * len(cases)
    subtitle = "times as fast as PyTorch at its best: each round, and to the right the median"
    sheet = Sheet(width, top + height + 110, theme, "cnn beside PyTorch", subtitle)
    axes = sheet.axes(12, top, width - 60, height)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    looks = list(zip(names, (theme.output, theme.activation), "os", strict=True))
    for row, case in enumerate(cases):
        y = top + ROW * row + LINE
        sheet.text(0, y, case["title"].replace("`", ""), size=SMALL)
        label = "" if row else "as fast as PyTorch"
        axes.plot([1, 1], [ROW * row + 24, ROW * row + 56], color=theme.ink, linestyle=":", label=label)
        for line, (name, colour, marker) in enumerate(looks):
            found = case["ratios"][name]
            middle = ROW * row + 31 + 17 * line
            axes.plot(
                found["pairs"], [middle] * len(found["pairs"]), marker, color=colour, alpha=0.6,
                label="" if row else name, clip_on=False,
            )  # fmt: skip
            axes.plot([found["median"]] * 2, [middle - 6, middle + 6], color=colour)
            sheet.text(
                width, top + middle, f"{found['median']:.2f}",
                size=SMALL, colour=colour, align="right", vertical="center",
            )  # fmt: skip
    axes.set_xlim(0, 1.02 * max(max(case["ratios"][name]["highest"] for case in cases) for name in names))
    axes.legend(loc="upper left", bbox_to_anchor=(-12 / (width - 60), -26 / height))
    return sheet
