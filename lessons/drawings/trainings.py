"""The figures of trainings: overfitting, weights with dropout and without, and how sure the network is."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cnn.types import Array
from lessons.kit.sheet import HEADING, SMALL, WIDTH, Sheet
from lessons.kit.small_trainings import Pair, Trained
from lessons.kit.themes import Theme


def draw_overfitting(theme: Theme, subtitle: str, pair: Pair) -> Sheet:
    """Draw training and validation loss by epoch, with dropout and without."""
    sheet = Sheet(HEADING + 200, theme, "Few images, much time", subtitle)
    highest = max(max(_losses(one, "validation_loss")) for one in (pair.with_it, pair.without))
    for place, (name, trained) in enumerate(
        (("without dropout", pair.without), ("with dropout", pair.with_it))
    ):
        axes = sheet.axes(28 + 166 * place, HEADING + 16, 146, 116)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        epochs = [record["epoch"] for record in trained.history]
        axes.plot(epochs, _losses(trained, "loss"), color=theme.quiet, linestyle="--", label="training loss")
        axes.plot(epochs, _losses(trained, "validation_loss"), color=theme.output, label="validation loss")
        axes.set_ylim(0, 1.05 * highest)
        if place:
            axes.tick_params(labelleft=False)
        else:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.32), ncols=2)
    return sheet


def _losses(trained: Trained, name: str) -> list[float]:
    return [record[name] for record in trained.history]


def draw_weights_dropout(theme: Theme, subtitle: str, pair: Pair) -> Sheet:
    """Draw the weights of each layer as histograms, trained with dropout and without."""
    names = [name for name in pair.with_it.model.params if name.endswith(".weight")]
    height = 126
    sheet = Sheet(HEADING + height * len(names) + 22, theme, "Weights, with and without dropout", subtitle)
    for place, name in enumerate(names):
        axes = sheet.axes(10, HEADING + 16 + height * place, WIDTH - 20, 76)
        arrays = [one.model.params[name].ravel().astype(np.float64) for one in (pair.without, pair.with_it)]
        furthest = max(float(np.abs(array).max()) for array in arrays)
        edges = np.linspace(-furthest, furthest, bins(arrays[0].size) + 1).tolist()
        layer = int(name.partition(".")[0])
        axes.set_title(f"layer {layer}, {pair.with_it.model.layers[layer].kind}: {arrays[0].size:,} weights")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(7))
        looks = (theme.quiet, "--", "without"), (theme.parameter, "-", "with dropout")
        for array, (colour, line, label) in zip(arrays, looks, strict=True):
            axes.hist(array, edges, histtype="step", color=colour, linestyle=line, label=label)
        if place == len(names) - 1:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.3), ncols=2)
    return sheet


def bins(numbers: int) -> int:
    """Return how many classes a histogram of so many numbers has: with more, it shows chance only.

    Example:
        >>> bins(1000), bins(1_000_000)
        (20, 48)
    """
    return min(48, round(2 * float(np.cbrt(numbers))))


def draw_confidence(
    theme: Theme, subtitle: str, probabilities: Array, right: NDArray[np.bool_], bins: int
) -> Sheet:
    """Draw how often the network was right, by how sure it was, and how many images that concerns.

    Args:
        theme: the colours.
        subtitle: data set and recipe.
        probabilities: what it gave its answers, `[n]`.
        right: whether they were right, `[n]`.
        bins: how many classes of confidence there are.
    """
    sheet = Sheet(HEADING + 316, theme, "How sure, and how often right", subtitle)
    counts, hits, sure = by_confidence(probabilities, right, bins)
    left, width = 32, WIDTH - 44
    axes = sheet.axes(left, HEADING + 16, width, 130)
    axes.set_title("answers that were right, in %")
    axes.plot([0, 100], [0, 100], color=theme.quiet, linestyle=":", label="as sure as right")
    filled = counts > 0
    axes.plot(
        100 * sure[filled], 100 * hits[filled] / counts[filled],
        color=theme.output, marker="s", label="the network", clip_on=False,
    )  # fmt: skip
    axes.set_ylim(0, 108)
    axes.legend(loc="upper left")
    below = sheet.axes(left, HEADING + 202, width, 70)
    below.set_title("images, on a logarithmic scale")
    middles = 100 * (np.arange(bins) + 0.5) / bins
    drawn = below.bar(middles, counts, width=80 / bins, color=theme.output)
    numbers = [f"{count:,.0f}" if count else "" for count in counts]
    below.bar_label(drawn, numbers, padding=2, size=SMALL * 0.75)
    below.set_yscale("symlog")
    below.set_ylim(bottom=0)
    below.yaxis.set_visible(False)
    below.set_xlabel("probability of the answer, in %")
    below.spines["left"].set_visible(False)
    for one in (axes, below):
        one.set_xlim(0, 100)
    return sheet


def by_confidence(probabilities: Array, right: NDArray[np.bool_], bins: int) -> tuple[Array, Array, Array]:
    """Return, for equally wide bins of confidence, the answers, the right ones, and the mean probability.

    Example:
        >>> counts, hits, sure = by_confidence(np.array([0.5, 0.95, 1]), np.array([False, True, False]), 10)
        >>> counts.tolist()[-5:], hits.tolist()[-1], sure.tolist()[-1]
        ([1.0, 0.0, 0.0, 0.0, 2.0], 1.0, 0.975)
    """
    which = np.minimum((probabilities.astype(np.float64) * bins).astype(np.int64), bins - 1)
    counts, hits, total = (
        np.bincount(which, weights, minlength=bins).astype(np.float64)
        for weights in (np.ones(len(which)), right.astype(np.float64), probabilities.astype(np.float64))
    )
    return counts, hits, total / np.maximum(counts, 1)
