"""The page about the way back through all layers: one step of a small network, and the recipe's layers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np

from cnn import SGD, Conv2D, Sequential, SoftmaxCrossEntropy
from cnn.gradients import STEP
from cnn.summary import LayerSummary, layer_summaries
from cnn.types import Array, Gradients
from lessons.kit.curves import Curve, curve, line
from lessons.kit.gradient_checks import SUPERSCRIPTS, errors_of_loss, power
from lessons.kit.layers import layers_table, shapes_along
from lessons.kit.sheet import HEADING, NARROW, SMALL, WIDE, Sheet
from lessons.kit.shown import Shown, to_json
from lessons.kit.small_network import LABEL, PICTURE, START, small_layers, small_network
from lessons.kit.steps import (
    convolution_steps,
    dense_bias_gradient_steps,
    dense_input_gradient_steps,
    dense_steps,
    dense_weight_gradient_steps,
    filter_bias_gradient_steps,
    filter_gradient_steps,
    flatten_gradient_steps,
    flatten_steps,
    loss_tracks,
    max_pooling_gradient_steps,
    max_pooling_steps,
)
from lessons.kit.tables import table, times
from lessons.kit.themes import Theme
from lessons.kit.traces import (
    Grid,
    Role,
    Step,
    cell,
    constant,
    difference,
    largest,
    product,
    track,
    written,
)
from pipeline.common.model import untrained_model
from pipeline.common.params import load_parameters

RATES = (0.01, 0.03, 0.05, 0.1, 0.2)
STEPS = 10.0 ** np.arange(-12, 0.1, 0.25)  # of the numerical derivatives
MOVED = -0.25  # by this from its start: a weight at which the loss bends unevenly

MODEL = "cnn.sequential.Sequential"
FORWARD = "x, cache = output_and_cache(layer, layer.forward_pass(x, training, rng))"
BACK = "dy, layer_grads = dx_and_gradients(layer, layer.backward_pass(dy, caches[index]))"
FIRST = "return grads | self._flat(first, self.layers[first].parameter_gradients(dy, caches[first]))"


def from_repository() -> Shown:
    """Return the layers of the chosen recipe, and the small model's trace, curve and gradient check."""
    parameters = load_parameters()
    model = untrained_model(parameters)
    layers = layer_summaries(model.layers, model.built_for())
    subtitle = f"recipe {parameters.recipe}"
    return Shown(
        drawings={
            "parameter-counts": partial(draw_parameter_counts, subtitle=subtitle, layers=layers),
            "gradient-check-steps": draw_errors,
        },
        values={
            "architecture": layers_table(parameters.chosen, parameters.data.input_shape),
            "parameter_counts": parameter_counts(model),
            "gradient_check": gradient_check(),
        },
        files={
            "traces/network.json": to_json({"layer": "network", "cases": cases()}),
            "curves/one-step.json": to_json(one_step()),
        },
    )


def draw_parameter_counts(theme: Theme, width: int, subtitle: str, layers: Sequence[LayerSummary]) -> Sheet:
    """Draw the parameters and the multiply-adds of each layer that has any, side by side."""
    layers = [one for one in layers if one.parameters or one.multiply_adds]
    wide = width == WIDE
    row, left, gap = 40, (120 if wide else 84), (40 if wide else 16)
    bar = (width - left - gap) / 2  # the room of the longest
    sheet = Sheet(width, HEADING + 54 + row * len(layers), theme, "What each layer holds and costs", subtitle)
    columns = (
        (left, "parameters", [one.parameters for one in layers], theme.parameter),
        (left + bar + gap, "multiply-adds", [one.multiply_adds for one in layers], theme.quiet),
    )
    top = HEADING + 42
    for index, summary in enumerate(layers):
        sheet.text(0, top + row * index + 13, summary.kind, room=left - 8)
        shape = times(summary.output_shape)
        sheet.text(0, top + row * index + 29, shape, size=SMALL, colour=theme.quiet, room=left - 8)
    for x, name, numbers, colour in columns:
        sheet.text(x, HEADING + 10, name, weight="bold")
        sheet.text(x, HEADING + 27, f"{sum(numbers):,} in all", size=SMALL, colour=theme.quiet)
        for index, number in enumerate(numbers):
            y, longest = top + row * index, number == max(numbers)
            sheet.box(x, y + 4, bar * number / (max(numbers) or 1), 10, colour)
            sheet.text(x, y + 29, f"{number:,}", size=SMALL, weight="bold" if longest else "normal")
    return sheet


def parameter_counts(model: Sequential) -> str:
    """Return the parameters of each layer, and for a convolution those of a dense layer instead of it."""
    shapes = shapes_along(model)
    rows = []
    for index, summary in enumerate(layer_summaries(model.layers, model.built_for())):
        if summary.parameters:
            before, behind = shapes[index : index + 2]
            n_in, n_out = math.prod(before), math.prod(behind)
            dense = f"{n_in * n_out + n_out:,}" if isinstance(model.layers[index], Conv2D) else ""
            rows.append(
                [f"{summary.kind}, {times(before)} → {times(behind)}", f"{summary.parameters:,}", dense]
            )
    return table(["layer", "parameters", "if it were dense"], rows, numbers=2)


def gradient_check() -> str:
    """Return the check of a whole small model, from the loss to the picture."""
    found = errors_of_loss(small_layers(), [0], PICTURE.shape)
    rows = [["the picture" if name == "x" else f"`{name}`", power(error)] for name, error in found.items()]
    return table(["small model, random numbers", "largest relative error"], rows, numbers=1)


def draw_errors(theme: Theme, width: int) -> Sheet:
    """Draw the error of a numerical derivative by its step, from one side, from both, and in float32."""
    wide = width > NARROW
    lines = (
        ("one side", errors(np.float64, both=False), {"color": theme.quiet, "linestyle": "--"}),
        ("both sides", errors(np.float64), {"color": theme.gradient, "linewidth": 2.5}),
        ("both sides, in float32", errors(np.float32), {"color": theme.ink, "linestyle": ":"}),
    )
    tall = 240 if wide else 200
    subtitle = "error of a measured slope, by the step h"
    sheet = Sheet(
        width, HEADING + tall + (70 if wide else 114), theme, "Neither too long nor too short", subtitle
    )
    axes = sheet.axes(46, HEADING, width - 58, tall)
    for name, found, look in lines:
        axes.loglog(STEPS, found, label=name, **look)
    axes.axvline(STEP, color=theme.ink, linewidth=1)
    ticks = {f"10{str(exponent).translate(SUPERSCRIPTS)}": 10.0**exponent for exponent in (-12, -9, -6, -3)}
    ticks["1"] = 1.0
    axes.set(xlim=(STEPS[0], STEPS[-1]), ylim=(1e-12, 100))
    axes.set_xticks(list(ticks.values()), ticks)
    axes.set_yticks(list(ticks.values()), ticks)
    axes.minorticks_off()
    notes = ((1.5e-12, "left", 10, "too short: rounding"), (0.7, "right", 10, "too long: the bend"))
    for x, align, y, note in (*notes, (0.8 * STEP, "right", 3e-12, "the step of cnn")):
        axes.text(x, y, note, ha=align, fontsize=mpl.rcParams["xtick.labelsize"])
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12 if wide else -0.14), ncols=3 if wide else 1)
    return sheet


def errors(kind: type[np.floating[Any]], both: bool = True) -> Array:
    """Return how wrong the loss's slope along the dense layer's first weight is, for each of the steps.

    Args:
        kind: the numbers that the network computes in.
        both: whether the slope is measured up and down, as the gradient check does, or only up.
    """
    model, loss = small_network(), SoftmaxCrossEntropy()
    start = {name: value.astype(kind) for name, value in START.items()}

    def outputs(change: float) -> tuple[Array, list[Any]]:
        moved = start["4.weight"].copy()
        moved.flat[0] += kind(MOVED + change)
        model.assign(start | {"4.weight": moved})
        return model.forward_pass(PICTURE.astype(kind))

    def slope(step: float) -> float:
        below = -step if both else 0.0
        above_loss, below_loss = (loss(outputs(change)[0], LABEL)[0] for change in (step, below))
        return (above_loss - below_loss) / (step - below)

    logits, caches = outputs(0)
    right = model.parameter_gradients(loss(logits, LABEL)[1], caches)["4.weight"].flat[0]
    return np.array([abs(slope(step) - right) for step in STEPS.tolist()])


def one_step() -> Curve:
    """Return the loss of the small model after one step, for learning rates up to the chosen one."""
    rates = np.arange(51) / 100
    losses = np.array([loss_after_step(rate) for rate in rates.tolist()])
    up_to = [np.where(rates <= rate, losses, np.nan) for rate in rates]
    lines = [line("loss after one step", "output", up_to)]
    return curve(
        "One step of the small model", "learning rate", rates, "learning rate", rates.tolist(), lines
    )


def loss_after_step(rate: float) -> float:
    """Return the loss of the small model after one step of SGD."""
    model, loss, x = small_network(), SoftmaxCrossEntropy(), PICTURE.astype(np.float64)
    outputs, caches = model.forward_pass(x)
    _, dy = loss(outputs, LABEL)
    if rate:
        model.assign(SGD(learning_rate=rate).update(model.params, model.parameter_gradients(dy, caches)))
    return loss(model.forward_pass(x)[0], LABEL)[0]


def cases() -> list[dict[str, Any]]:
    """Return one case with the picture's way forward and backward, and one for the update with each rate."""
    model = small_network()
    logits, caches = model.forward_pass(PICTURE)
    _, dlogits = SoftmaxCrossEntropy()(logits, LABEL)
    grads = model.parameter_gradients(dlogits, caches)
    forward, backward = loss_tracks(logits, LABEL)
    values = _values(model.activations(PICTURE))
    gradients = _gradients(model, dlogits, caches)
    step = {
        "name": "step",
        "title": "one picture, there and back",
        "forward": [_forward(values), *forward],
        "backward": [*backward, *_backward(values, gradients, grads)],
    }
    return [step, *(_update(grads, rate) for rate in RATES)]


def _values(activations: list[Array]) -> dict[str, Grid]:
    """Return the picture, the parameters and every layer's output, as grids that the steps fill."""
    labels = ("convolution", "ReLU", "max-pooling", "flatten", "dense: the logits")
    grids = {"x": Grid("x", "input", PICTURE[0], "x, the picture")}
    for index, (array, label) in enumerate(zip(activations, labels, strict=True)):
        own = (f"{index}.weight", f"{index}.bias")
        grids |= {name: Grid(name, "parameter", START[name]) for name in own if name in START}
        role: Role = "output" if index == len(labels) - 1 else "input"
        grids[f"y{index}"] = Grid(f"y{index}", role, _shown(array), f"y{index}, {label}", hidden=True)
    return grids


def _gradients(model: Sequential, dlogits: Array, caches: list[Any]) -> dict[str, Grid]:
    """Return the gradient of every layer's output, as grids that the steps fill."""
    grids = {"dy4": Grid("dy4", "gradient", dlogits)}
    dy = dlogits
    for index in range(len(model.layers) - 1, 0, -1):
        dy, _ = model.layers[index].backward_pass(dy, caches[index])
        name = f"dy{index - 1}"
        grids[name] = Grid(name, "gradient", _shown(dy), hidden=True)
    return grids


def _shown(array: Array) -> Array:
    """Return the only image of a batch, or the batch of rows as it is."""
    return array[0] if array.ndim == 4 else array


def _forward(grids: Mapping[str, Grid]) -> dict[str, Any]:
    x, y0, y1, y2, y3, y4 = (grids[name] for name in ("x", "y0", "y1", "y2", "y3", "y4"))
    steps = [
        *convolution_steps(x, grids["0.weight"], grids["0.bias"], y0, statement=FORWARD),
        *_relu_steps(y0, y1),
        *max_pooling_steps(y1, y2, (2, 2), (2, 2), FORWARD),
        *flatten_steps(y2, y3, FORWARD),
        *dense_steps(y3, grids["4.weight"], grids["4.bias"], y4, FORWARD),
    ]
    return track("Through the layers", f"{MODEL}.forward_pass", list(grids.values()), steps)


def _backward(
    values: Mapping[str, Grid], gradients: Mapping[str, Grid], grads: Gradients
) -> Iterator[dict[str, Any]]:
    """Yield the way back from the dense layer to the ReLU, and the convolution's own gradients."""
    known = {name: replace(grid, hidden=False) for name, grid in values.items()}
    own = {name: Grid(f"d{name}", "gradient", array, hidden=True) for name, array in grads.items()}
    dy0, dy1, dy2, dy3, dy4 = (gradients[f"dy{index}"] for index in range(5))
    steps = [
        *dense_weight_gradient_steps(known["y3"], dy4, own["4.weight"], BACK),
        *dense_bias_gradient_steps(dy4, own["4.bias"], BACK),
        *dense_input_gradient_steps(dy4, known["4.weight"], dy3, BACK),
        *flatten_gradient_steps(dy3, dy2, BACK),
        *max_pooling_gradient_steps(known["y1"], dy2, dy1, (2, 2), (2, 2), BACK),
        *_relu_gradient_steps(known["y1"], dy1, dy0),
    ]
    read = [known["y1"], known["y3"], known["4.weight"], dy4]
    shown = [*read, own["4.weight"], own["4.bias"], dy3, dy2, dy1, dy0]
    yield track("Back through the layers", f"{MODEL}._back_to", shown, steps)
    arrived = replace(dy0, hidden=False)
    yield track(
        "The first layer's parameters", f"{MODEL}.parameter_gradients",
        [known["x"], arrived, own["0.weight"], own["0.bias"]],
        [
            *filter_gradient_steps(known["x"], arrived, own["0.weight"], statement=FIRST),
            *filter_bias_gradient_steps(arrived, own["0.bias"], FIRST),
        ],
    )  # fmt: skip


def _relu_steps(x: Grid, y: Grid) -> Iterator[Step]:
    for index in np.ndindex(y.values.shape):
        term = largest([cell(x, *index), constant(0)])
        yield Step(FORWARD, y, index, term, "kept" if x.values[index] > 0 else "cut off at 0")


def _relu_gradient_steps(y: Grid, dy: Grid, dx: Grid) -> Iterator[Step]:
    for index in np.ndindex(dx.values.shape):
        positive = y.values[index] > 0
        why = "let through, since the output is positive" if positive else "stopped, since the output is 0"
        term = product(cell(dy, *index), constant(float(positive)))
        yield Step(BACK, dx, index, term, why, [(y, [index])])


def _update(grads: Gradients, rate: float) -> dict[str, Any]:
    """Return the update with one learning rate; its title names the loss before and after."""
    updated = SGD(learning_rate=rate).update(START, grads)
    before, after = loss_after_step(0), loss_after_step(rate)
    grids: list[Grid] = []
    steps: list[Step] = []
    for name, value in START.items():
        old, grad = Grid(name, "parameter", value), Grid(f"d{name}", "gradient", grads[name])
        new = Grid(f"new {name}", "parameter", updated[name], hidden=True)
        grids += [old, grad, new]
        steps += _update_steps(old, grad, new, rate)
    return {
        "name": f"rate-{written(rate)}",
        "title": f"learning rate {written(rate)}: loss {before:.4f} → {after:.4f}",
        "forward": [],
        "backward": [],
        "update": [track("The update", "cnn.optimisers.SGD.update_one", grids, steps)],
    }


def _update_steps(old: Grid, grad: Grid, new: Grid, rate: float) -> Iterator[Step]:
    for index in np.ndindex(new.values.shape):
        term = difference(cell(old, *index), product(constant(rate), cell(grad, *index)))
        why = "what it was, less the learning rate times its gradient"
        yield Step("return value - rate * grad", new, index, term, why)
