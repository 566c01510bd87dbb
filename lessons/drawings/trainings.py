"""The figure of how sure the network is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn.types import Array
from lessons.kit.sheet import HEADING, SMALL, WIDTH, Sheet
from lessons.kit.themes import Theme


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
