"""The figure of a study: what each seed reached, their mean ± standard deviation, and the time it took."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lessons.kit.sheet import HEADING, LINE, SMALL, WIDTH, Sheet
from lessons.kit.themes import Theme
from pipeline.common.datasets import DATASETS
from pipeline.study.results import MEASURES, Study, mean_and_deviation


def draw_study(theme: Theme, study: Study) -> Sheet:
    """Draw the accuracies and the training times of a study's seeds, as a card that lies on any page.

    Args:
        theme: the colours.
        study: the study, on the test images.
    """
    reached = (
        f"{DATASETS[study['dataset']].title}, {study['kernels']} kernels: "
        f"{mean_and_deviation(study, 'test_accuracy')} % of the test images right"
    )
    if "seconds" in study["summary"]:
        reached += f", {mean_and_deviation(study, 'seconds')} s of training and validation"
    top = HEADING + 2 * LINE
    sheet = Sheet(top + 350, theme, f"Recipe {study['recipe']}, seed by seed", reached, card=True)
    accuracy = sheet.axes(44, top, WIDTH - 50, 120)
    accuracy.set_title("accuracy in %")
    _draw_measure(accuracy, study, "validation_accuracy", theme.quiet, "s")
    _draw_measure(accuracy, study, "test_accuracy", theme.output, "o")
    accuracy.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.28), ncols=2)
    time = sheet.axes(44, top + 202, WIDTH - 50, 76)
    time.set_title("seconds, validation included")
    _draw_measure(time, study, "seconds", theme.parameter, "D")
    time.set_ylim(bottom=0)
    note = "line and band: mean ± standard deviation"
    sheet.text(44, top + 334, note, size=SMALL, colour=theme.quiet)
    return sheet


def _draw_measure(axes: Axes, study: Study, name: str, colour: str, marker: str) -> None:
    """Draw a mark for each seed and, if they are summed up, a line for their mean and a band for ±."""
    factor = MEASURES[name].factor
    seeds = [result["seed"] for result in study["seeds"]]
    values = [factor * result[name] for result in study["seeds"]]
    label, _, _ = MEASURES[name].title.partition(" ")
    axes.plot(seeds, values, marker, color=colour, label=label, clip_on=False)
    if name in study["summary"]:
        mean, deviation = (factor * (number or 0) for number in study["summary"][name].values())
        axes.axhline(mean, color=colour, linestyle=":")
        axes.axhspan(mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel("seed")
    axes.set_xlim(min(seeds) - 0.5, max(seeds) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
