"""The figure of a study: what each seed reached, their mean ± standard deviation, and the time it took."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.datasets import DATASETS
from pipeline.drawings.sheet import HEADING, Sheet
from pipeline.drawings.themes import Theme
from pipeline.studies import MEASURES, Study, mean_and_deviation


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
    sheet = Sheet(286, theme, f"Recipe {study['recipe']}, seed by seed", reached, card=True)
    accuracy = sheet.axes(48, HEADING + 22, 382, 150)
    accuracy.set_title("accuracy in %; line and band: mean ± standard deviation")
    _draw_measure(accuracy, study, "validation_accuracy", theme.quiet, "s")
    _draw_measure(accuracy, study, "test_accuracy", theme.output, "o")
    accuracy.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.25), ncols=2)
    time = sheet.axes(510, HEADING + 22, 170, 150)
    time.set_title("seconds, validation included")
    _draw_measure(time, study, "seconds", theme.parameter, "D")
    time.set_ylim(bottom=0)
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
