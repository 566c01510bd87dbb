"""The page about experiments: what repeated trainings of the recipes reached."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.ticker import MaxNLocator

from lessons.kit import results
from lessons.kit.sheet import HEADING, LINE, NARROW, SMALL, Sheet
from lessons.kit.shown import Shown
from lessons.kit.tables import code, plain, table
from lessons.kit.themes import Theme
from pipeline.common.datasets import title_of
from pipeline.study.results import Study, mean_and_deviation

ROW = 60  # CSS pixels from a recipe's trainings to the next recipe's


def from_repository() -> Shown:
    """Return a table and a picture of the repeated trainings; the picture is left out if there are none."""
    studies = results.studies()
    return Shown(
        drawings={"studies": partial(draw_studies, studies=studies)} if studies else {},
        values={"studies": studies_table(studies)},
    )


def studies_table(studies: Sequence[Study]) -> str:
    """Return the mean and the standard deviation of what each recipe's trainings reached."""
    measured = ("test_accuracy", "test_errors", "seconds")
    rows = [
        [
            code(study["recipe"]),
            plain(title_of(study["dataset"])),
            code(study["kernels"]),
            len(study["seeds"]),
            *(mean_and_deviation(study, name) if name in study["summary"] else "" for name in measured),
            ", ".join(sorted({seed["machine"]["processor"] for seed in study["seeds"]})),
        ]
        for study in studies
    ]
    head = [
        "recipe",
        "data set",
        "kernels",
        "seeds",
        "test images right, in %",
        "wrong answers",
        "seconds, validation included",
        "processor",
    ]
    return table(head, rows)


def draw_studies(theme: Theme, width: int, studies: Sequence[Study]) -> Sheet:
    """Draw a row for each recipe: a point for each training, their mean and standard deviation."""
    height = ROW * len(studies)
    titles = ", ".join(dict.fromkeys(title_of(study["dataset"]) for study in studies))
    subtitle = f"{titles}: each point is one training, with its own seed"
    sheet = Sheet(
        width, HEADING + height + 58 + 2 * LINE, theme, "Recipes, trained again and again", subtitle
    )
    axes = sheet.axes(6, HEADING, width - 12, height)
    for row, study in enumerate(studies):
        values = [100 * seed["test_accuracy"] for seed in study["seeds"]]
        mean, deviation = (100 * (number or 0) for number in study["summary"]["test_accuracy"].values())
        ends = row + 0.4, row + 0.9
        axes.fill_betweenx(ends, mean - deviation, mean + deviation, color=theme.output, alpha=0.2, lw=0)
        axes.plot([mean, mean], ends, color=theme.output)
        heights = np.linspace(*ends, len(values) + 2)[1:-1]  # so that equal points do not hide each other
        axes.plot(values, heights, "o", color=theme.output, clip_on=False)
        reached = f"recipe {study['recipe']}: {mean_and_deviation(study, 'test_accuracy')}%"
        sheet.text(6, HEADING + ROW * row + 18, reached)
    axes.set_ylim(len(studies), 0)
    axes.grid(visible=False)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.05)
    axes.xaxis.set_major_locator(MaxNLocator(6 if width > NARROW else 4))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
    axes.set_xlabel("test images right, in %")
    for number, text in enumerate(
        ("line: the mean of the trainings", "band: the mean ± the standard deviation")
    ):
        sheet.text(6, HEADING + height + 64 + LINE * number, text, size=SMALL, colour=theme.quiet)
    return sheet
