"""The trace of a whole small network: one picture forward, the loss, the gradients backward, the update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cnn import SGD, Conv2D, Dense, Flatten, MaxPool2D, ReLU, Sequential, SoftmaxCrossEntropy
from cnn.types import Array, Gradients
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

PICTURE = np.array(
    [
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ],
    np.float32,
).reshape(1, 6, 6, 1)
LABEL = np.array([0])
START = {
    "0.weight": np.array([[-1, 0, 1]] * 3, np.float32).reshape(3, 3, 1, 1),
    "0.bias": np.array([1], np.float32),
    "4.weight": np.array([[0.5, 0], [0, 0.5], [0, 0.5], [1, 0]], np.float32),
    "4.bias": np.array([0, 1], np.float32),
}
RATES = (0.01, 0.03, 0.05, 0.1, 0.2)

STACK = "cnn.sequential.Sequential"
FORWARD = "x, cache = layer.forward_pass(x, training, rng)"
BACK = "dy, layer_grads = self.layers[index].backward_pass(dy, caches[index])"
FIRST = "return grads | self._flat(first, self.layers[first].parameter_gradients(dy, caches[first]))"


def small_model() -> Sequential:
    """Return the small network with the parameters that it starts from."""
    model = Sequential([Conv2D(1, kernel_size=3), ReLU(), MaxPool2D(2), Flatten(), Dense(2)])
    model.build(PICTURE.shape[1:], np.random.default_rng(0))
    model.assign(START)
    return model


def cases() -> list[dict[str, Any]]:
    """Return one case with the picture's way there and back, and one for the update with each rate."""
    model = small_model()
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
    return [step, *(_update(model, grads, rate) for rate in RATES)]


def _values(activations: list[Array]) -> dict[str, Grid]:
    """Return what every layer gives, the picture and the parameters, as grids that the steps fill."""
    labels = ("convolution", "ReLU", "max-pooling", "flatten", "dense: the logits")
    grids = {"x": Grid("x", "input", PICTURE[0], "x, the picture")}
    for place, (array, label) in enumerate(zip(activations, labels, strict=True)):
        own = (f"{place}.weight", f"{place}.bias")
        grids |= {name: Grid(name, "parameter", START[name]) for name in own if name in START}
        role: Role = "output" if place == len(labels) - 1 else "input"
        grids[f"y{place}"] = Grid(f"y{place}", role, _shown(array), f"y{place}, {label}", hidden=True)
    return grids


def _gradients(model: Sequential, dlogits: Array, caches: list[Any]) -> dict[str, Grid]:
    """Return the gradient of every layer's output, as grids that the steps fill."""
    grids = {"dy4": Grid("dy4", "gradient", dlogits)}
    dy = dlogits
    for place in range(len(model.layers) - 1, 0, -1):
        dy, _ = model.layers[place].backward_pass(dy, caches[place])
        name = f"dy{place - 1}"
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
    return track("Through the layers", f"{STACK}.forward_pass", list(grids.values()), steps)


def _backward(
    values: Mapping[str, Grid], gradients: Mapping[str, Grid], grads: Gradients
) -> Iterator[dict[str, Any]]:
    """Yield the way back from the dense layer to the ReLU, and the convolution's own gradients."""
    known = {name: replace(grid, hidden=False) for name, grid in values.items()}
    own = {name: Grid(f"d{name}", "gradient", array, hidden=True) for name, array in grads.items()}
    dy0, dy1, dy2, dy3, dy4 = (gradients[f"dy{place}"] for place in range(5))
    steps = [
        *dense_weight_gradient_steps(known["y3"], dy4, own["4.weight"], BACK),
        *dense_bias_gradient_steps(dy4, own["4.bias"], BACK),
        *dense_input_gradient_steps(dy4, known["4.weight"], dy3, BACK),
        *flatten_gradient_steps(dy3, dy2, BACK),
        *max_pooling_gradient_steps(known["y1"], dy2, dy1, (2, 2), (2, 2), BACK),
        *_relu_gradient_steps(known["y1"], dy1, dy0),
    ]
    shown = [
        known["y1"],
        known["y3"],
        known["4.weight"],
        dy4,
        own["4.weight"],
        own["4.bias"],
        dy3,
        dy2,
        dy1,
        dy0,
    ]
    yield track("Back through the layers", f"{STACK}._back_to", shown, steps)
    arrived = replace(dy0, hidden=False)
    yield track(
        "The first layer's parameters", f"{STACK}.parameter_gradients",
        [known["x"], arrived, own["0.weight"], own["0.bias"]],
        [
            *filter_gradient_steps(known["x"], arrived, own["0.weight"], statement=FIRST),
            *filter_bias_gradient_steps(arrived, own["0.bias"], FIRST),
        ],
    )  # fmt: skip


def _relu_steps(x: Grid, y: Grid) -> Iterator[Step]:
    for place in np.ndindex(y.values.shape):
        term = largest([cell(x, *place), constant(0)])
        yield Step(FORWARD, y, place, term, "kept" if x.values[place] > 0 else "cut off at 0")


def _relu_gradient_steps(y: Grid, dy: Grid, dx: Grid) -> Iterator[Step]:
    for place in np.ndindex(dx.values.shape):
        positive = y.values[place] > 0
        why = "let through, since the output is positive" if positive else "stopped, since the output is 0"
        term = product(cell(dy, *place), constant(float(positive)))
        yield Step(BACK, dx, place, term, why, [(y, [place])])


def _update(model: Sequential, grads: Gradients, rate: float) -> dict[str, Any]:
    """Return the update with one learning rate; its title tells the loss before and after it."""
    model.assign(START)
    before = model.evaluate(PICTURE, LABEL)["loss"]
    updated = SGD(learning_rate=rate).update(START, grads)
    model.assign(updated)
    after = model.evaluate(PICTURE, LABEL)["loss"]
    model.assign(START)
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
    for place in np.ndindex(new.values.shape):
        term = difference(cell(old, *place), product(constant(rate), cell(grad, *place)))
        why = "what it was, less the learning rate times its gradient"
        yield Step("return value - rate * grad", new, place, term, why)
