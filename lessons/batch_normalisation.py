"""The page about batch normalisation: channels before and after, whose mean it is, and the ways back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

import cnn
from cnn.layers.batch_norm import BatchNormCache
from cnn.types import Array, Gradients
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import gradient_check
from lessons.kit.sheet import DENSITY, HEADING, LARGE, LINE, NARROW, SMALL, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_trainings import Layers, TwoTrainings, some
from lessons.kit.subject import Subject
from lessons.kit.themes import Theme

SAMPLES = 32  # whose numbers the figure shows: a micro-batch
CHANNELS = 6  # that the figure shows
STAGES = ("before", "normalised", "scaled and shifted")

BLOCK = (4, 4, 4, 3)  # the shape [n, h, w, c] of a block of numbers
# Which numbers share a mean, by NumPy's axes.
CROWDS: Mapping[tuple[int, ...], tuple[str, tuple[Any, ...]]] = {
    (0, 1, 2): ("a channel", (slice(None), slice(None), slice(None), 1)),
    (0,): ("one position", (slice(None), 1, 2, 1)),
    (1, 2): ("one map", (1, slice(None), slice(None), 1)),
    (1, 2, 3): ("one image", (1,)),
}

COLUMN = np.array([[1.0], [1.0], [5.0], [5.0]])  # the page's four samples, and what arrives for them
ARRIVING = np.array([[1.0], [2.0], [3.0], [6.0]])


def from_network(subject: Subject) -> Shown:
    """Return what batch normalisation does within a small network, and what it does for its training."""
    training = subject.figures.normalisation
    pair = subject.train_twice(training, without_normalisation(training.model))
    x = subject.image_set.normalise(some(subject.test, SAMPLES).images)
    title = subject.image_set.title
    return Shown(
        drawings={
            "batch-normalisation": partial(
                draw_stages,
                subtitle=f"{title}: a tick is a sample, the ring the mean, the bar ± one deviation",
                columns=stages(pair.with_it.model, x),
            ),
            "normalised-or-not": partial(
                draw_accuracies,
                subtitle=f"{title}: {pair.images:,} images, a learning rate of {training.learning_rate:g}",
                pair=pair,
            ),
        },
        values={"small": pair.described(), "silent": silent(pair, x)},
    )


def from_repository() -> Shown:
    """Return what shows the axes and the ways back, the curve and the gradient check."""
    return Shown(
        drawings={
            "batch-normalisation-axes": draw_crowds,
            "batch-normalisation-backward": partial(draw_ways, ways=ways_back(COLUMN, ARRIVING, 2.0)),
        },
        values={
            "gradient_check": gradient_check(
                cnn.BatchNorm(), (4, 3, 3, 2), "mean and variance as constants", _with_constant_statistics
            )
        },
        files={"curves/running-average.json": to_json(running_mean_curve())},
    )


def without_normalisation(layers: Layers) -> Layers:
    """Return the layers that do not normalise.

    Example:
        >>> without_normalisation([{"layer": "Flatten"}, {"layer": "BatchNorm"}])
        [{'layer': 'Flatten'}]
    """
    return [layer for layer in layers if layer["layer"] != "BatchNorm"]


def stages(model: cnn.Sequential, x: Array) -> tuple[Array, Array, Array]:
    """Return what the model's last batch normalisation is given, x̂ and what it returns, `[m, c]` each."""
    index = max(index for index, layer in enumerate(model.layers) if isinstance(layer, cnn.BatchNorm))
    before = [x, *model.activations(x)][index]
    after, cache = model.layers[index].forward_pass(before, training=True)
    shape = (-1, before.shape[-1])
    return before.reshape(shape), (cache.centred / cache.deviation).reshape(shape), after.reshape(shape)


def draw_stages(theme: Theme, width: int, subtitle: str, columns: Sequence[Array]) -> Sheet:
    """Draw the numbers of some channels, a row for each, at every stage of the layer."""
    wide = width > NARROW
    left, gap, row = 76, 28, 30 if wide else 20
    colours = (theme.activation, theme.quiet, theme.output)
    channels = min(CHANNELS, columns[0].shape[1])
    tall = row * channels
    across = (width - left - 2 * gap) // 3 if wide else width - left - 8
    down = 0 if wide else tall + 58
    sheet = Sheet(width, HEADING + 58 + tall + 2 * down, theme, "One scale for all channels", subtitle)
    for number, (name, values, colour) in enumerate(zip(STAGES, columns, colours, strict=True)):
        x = left + (across + gap) * number * wide
        y = HEADING + down * number
        sheet.text(x, y + 12, name, weight="bold", colour=colour)
        axes = sheet.axes(x, y + 22, across, tall)
        shown = values[:, :channels].astype(np.float64)
        reach = 1.08 * np.abs(shown if number == 0 else np.stack(columns[1:])).max()
        axes.set(xlim=(-reach, reach), ylim=(channels - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        axes.axvline(0, color=theme.quiet, linewidth=1)
        for channel, (column, mean, deviation) in enumerate(
            zip(shown.T, shown.mean(axis=0), shown.std(axis=0), strict=True)
        ):
            axes.plot(column, np.full(len(column), channel), "|", color=colour, alpha=0.5, markersize=row / 3)
            axes.plot([mean - deviation, mean + deviation], [channel] * 2, color=colour, linewidth=3)
            axes.plot(mean, channel, "o", color=theme.page, markeredgecolor=colour, markersize=6)
        for channel in range(channels if x == left else 0):
            place = y + 22 + row * (channel + 0.5)
            sheet.text(0, place, f"channel {channel}", size=SMALL, colour=theme.quiet, vertical="center")
    return sheet


def silent(pair: TwoTrainings, x: Array) -> dict[str, int]:
    """Return how many numbers the last layer is given, and how many are 0 for all samples in each network."""
    last = {
        name: one.model.activations(x)[-2]
        for name, one in (("with", pair.with_it), ("without", pair.without))
    }
    units = {"units": last["with"].shape[-1]}
    return units | {name: int((given == 0).all(axis=0).sum()) for name, given in last.items()}


def draw_accuracies(theme: Theme, width: int, subtitle: str, pair: TwoTrainings) -> Sheet:
    """Draw how the accuracy on validation images grows, with batch normalisation and without."""
    tall = 190 if width > NARROW else 150
    sheet = Sheet(width, HEADING + tall + 70, theme, "The same training, twice", subtitle)
    left, right = 44, 170 if width > NARROW else 74
    sheet.text(0, HEADING + 12, "validation images that are right, in %")
    axes = sheet.axes(left, HEADING + 24, width - left - right, tall)
    trainings = (("with", pair.with_it, theme.output, "-"), ("without", pair.without, theme.quiet, "--"))
    ends = []
    for name, trained, colour, style in trainings:
        reached = [100 * record["validation_accuracy"] for record in trained.history]
        axes.plot([record["epoch"] for record in trained.history], reached, style, marker="o", color=colour)
        ends.append((reached[-1], name, colour))
    epochs = [record["epoch"] for record in pair.without.history]
    axes.set(xlim=(epochs[0] - 0.2, epochs[-1] + 0.2), ylim=(0, 105), xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    lowest = HEADING + 24.0 + tall
    for end, name, colour in sorted(ends):
        y = min(lowest, HEADING + 24 + tall * (1 - end / 105))
        lowest = y - LINE
        label = f"{name} normalisation" if width > NARROW else name
        sheet.text(width - right + 8, y, label, colour=colour, vertical="center")
    return sheet


def draw_crowds(theme: Theme, width: int) -> Sheet:
    """Draw a block of maps, `[n, h, w, c]`, and in it the numbers that share a mean."""
    wide = width > NARROW
    left, cell = 72, 14 if wide else 13
    high = _side(BLOCK[3], BLOCK[1], cell)
    rest = HEADING + (40 if wide else high + 92)  # where those begin that it is confused with
    title, subtitle = "Whose mean is it?", "the coloured numbers share one mean and one variance"
    sheet = Sheet(width, (HEADING if wide else rest) + (high if wide else 82) + 72, theme, title, subtitle)
    for sample in range(BLOCK[0]):
        x = left + _side(1, BLOCK[2], cell) * (sample + 0.5)
        name = f"image {sample}" if wide else str(sample) if sample else "image 0"
        sheet.text(x, HEADING + 12, name, size=SMALL, colour=theme.quiet, align="center")
    for channel in range(BLOCK[3]):
        y = HEADING + 20 + _side(1, BLOCK[1], cell) * (channel + 0.5)
        sheet.text(0, y, f"channel {channel}", size=SMALL, colour=theme.quiet, vertical="center")
    sheet.text(380 if wide else 0, rest + 12, "What it is not:")
    for number, (axes, (name, crowd)) in enumerate(CROWDS.items()):
        inside = np.zeros(BLOCK)
        inside[crowd] = 1
        place, side, colour = (left, HEADING + 20), cell, theme.activation
        if number:
            side, colour = (6 if wide else 4), theme.quiet
            place = (380 + 146 * (number - 1) if wide else 118 * (number - 1), rest + 24)
        sheet.picture(*place, _cells(inside, side), colour)
        bottom = place[1] + _side(BLOCK[3], BLOCK[1], side)
        sheet.text(place[0], bottom + 14, name, weight="normal" if number else "bold")
        axis = axes if len(axes) > 1 else axes[0]
        sheet.text(place[0], bottom + 14 + LINE, f"axis={axis}", size=SMALL, colour=theme.quiet)
    return sheet


def _side(maps: int, cells: int, cell: int) -> int:
    """Return how long so many maps are, with the gaps between their cells and between them."""
    return maps * (cells * (cell + 1) + 4)


def _cells(inside: Array, cell: int) -> Array:
    """Return a block as a picture: images side by side, channels one below the other, gaps as NaN."""
    each = inside.transpose(3, 1, 0, 2)[..., None, None]  # rows of the picture, then its columns
    each = each.repeat(DENSITY * cell, axis=-2).repeat(DENSITY * cell, axis=-1)
    each = np.pad(each, [(0, 0)] * 4 + [(0, DENSITY)] * 2, constant_values=np.nan)
    c, h, n, w, high, broad = each.shape
    maps = each.transpose(0, 2, 1, 4, 3, 5).reshape(c, n, h * high, w * broad)
    maps = np.pad(maps, [(0, 0)] * 2 + [(0, 4 * DENSITY)] * 2, constant_values=np.nan)
    return maps.transpose(0, 2, 1, 3).reshape(c * maps.shape[2], n * maps.shape[3])


def ways_back(x: Array, dy: Array, scale: float) -> Mapping[str, Array]:
    """Return what reaches each x of one channel on each of the three ways, and their sum, the layer's dx."""
    norm = cnn.BatchNorm()
    norm.build((1,), np.random.default_rng(0))
    norm.params["scale"] = np.array([scale])
    _, cache = norm.forward_pass(x, training=True)
    dx, _ = norm.backward_pass(dy, cache)
    direct, _ = _with_constant_statistics(norm, dy, cache)
    normalised = cache.centred / cache.deviation
    return {
        "its own output": direct,
        "through the mean": np.full_like(direct, -direct.mean()),
        "through the variance": -normalised * (direct * normalised).mean(),
        "dx": dx,
    }


def draw_ways(theme: Theme, width: int, ways: Mapping[str, Array]) -> Sheet:
    """Draw what reaches the samples on each way back, as parts of a sum."""
    title, subtitle = "Three ways back, one sum", "what reaches each of the four samples"
    wide, side = width > NARROW, 42 if width > NARROW else 38
    row, pitch = side + 10, (width + side) // 4  # between the parts of the sum is the room of one more cell
    sheet = Sheet(width, HEADING + (74 if wide else 4 * row), theme, title, subtitle)
    largest = max(float(np.abs(way).max()) for way in ways.values())
    for number, ((name, way), sign) in enumerate(zip(ways.items(), " ++=", strict=True)):
        x, y = (pitch * number, HEADING + 22) if wide else (width - 4 * side, HEADING + row * number)
        sheet.numbers(x, y, way.T, theme.gradient, side, decimals=2, largest=largest)
        middle = y + side / 2
        if wide:
            sheet.text(x, HEADING + 12, name)
            sheet.text(
                x - (pitch - 4 * side) / 2, middle, sign, size=LARGE, align="center", vertical="center"
            )
        else:
            sheet.text(0, middle, sign, vertical="center")
            sheet.text(18, middle, name, vertical="center")
    return sheet


def running_mean_curve() -> Curve:
    """Return the mean of each of many micro-batches, and batch normalisation's running mean of them."""
    momenta = [0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
    micro_batches = 3 + 2 * np.random.default_rng(0).standard_normal((100, 8, 1)).astype(np.float32)
    running = []
    for momentum in momenta:
        norm = cnn.BatchNorm(momentum)
        norm.build((1,), np.random.default_rng(0))
        means = [0.0]
        for x in micro_batches:
            norm.update_state(norm.batch_statistics(norm.forward_pass(x, training=True)[1]))
            means.append(float(norm.state["mean"][0]))
        running.append(np.array(means))
    each = np.concatenate(([np.nan], micro_batches.mean(axis=(1, 2))))
    lines = [
        line("mean of the micro-batch", "input", [each] * len(momenta)),
        line("running mean", "output", running),
    ]
    return curve("The running mean", "micro-batch", np.arange(101.0), "momentum", momenta, lines)


def _with_constant_statistics(layer: cnn.Layer, dy: Array, cache: BatchNormCache) -> tuple[Array, Gradients]:
    _, grads = layer.backward_pass(dy, cache)
    return dy * layer.params["scale"] / cache.deviation, grads
