"""The page about what a network does: one picture goes forward, its mistake backward."""

from __future__ import annotations

from collections.abc import Sequence

from cnn import SGD, SoftmaxCrossEntropy
from cnn.types import Array
from lessons.kit.sheet import scaled
from lessons.kit.shown import Shown
from lessons.kit.small_network import LABEL, PICTURE, small_network
from lessons.kit.themes import told_from_zero
from lessons.kit.traces import Role, written

RATE = 0.1
ANSWERS = ("a one", "something else")


def from_repository() -> Shown:
    """Return the numbers of one step of learning from one picture, as tables, and what the step changes."""
    model, criterion = small_network(), SoftmaxCrossEntropy()
    before = model.params
    logits, caches = model.forward_pass(PICTURE)
    loss, dlogits = criterion(logits, LABEL)
    gradients = [dlogits]
    for layer, cache in zip(reversed(model.layers[1:]), reversed(caches[1:]), strict=True):
        gradients.insert(0, layer.backward_pass(gradients[0], cache)[0])
    grads = model.parameter_gradients(dlogits, caches)
    convolved, cut, pooled, *_ = model.activations(PICTURE)
    after_convolution, after_cut, after_pooling, *_ = gradients
    probabilities = model.predict_proba(PICTURE)
    model.assign(SGD(learning_rate=RATE).update(before, grads))
    better = model.predict_proba(PICTURE)
    return Shown(
        values={
            "forward": [
                numbers("the picture", "input", PICTURE[0, :, :, 0]),
                numbers("convolution", "input", convolved[0, :, :, 0]),
                numbers("ReLU", "input", cut[0, :, :, 0]),
                numbers("pooling", "input", pooled[0, :, :, 0]),
                numbers("dense", "output", logits.T),
                numbers("probability", "output", probabilities.T, ANSWERS),
            ],
            "backward": [
                numbers("convolution", "gradient", after_convolution[0, :, :, 0]),
                numbers("ReLU", "gradient", after_cut[0, :, :, 0]),
                numbers("pooling", "gradient", after_pooling[0, :, :, 0]),
                numbers("dense", "gradient", dlogits.T, ANSWERS),
            ],
            "update": [
                numbers("weights", "parameter", before["4.weight"]),
                numbers("gradient", "gradient", grads["4.weight"]),
                numbers("new weights", "parameter", model.params["4.weight"]),
            ],
            "parameters": sum(array.size for array in before.values()),
            "rate": written(RATE),
            "probability": written(probabilities[0, 0]),
            "loss": f"{loss:.2f}",
            "new_probability": f"{better[0, 0]:.2f}",
            "new_loss": f"{criterion(model.forward_pass(PICTURE)[0], LABEL)[0]:.2f}",
        }
    )


def numbers(caption: str, role: Role, values: Array, rows: Sequence[str] = ()) -> str:
    """Return an array as an HTML table whose cells are tinted, from zero to the array's largest number.

    Args:
        caption: what the array is.
        role: what the numbers are to the network.
        values: the numbers, `[rows, columns]`.
        rows: the headings of the rows, if they have any.
    """
    heads = [f'<th scope="row">{row}</th>' for row in rows] or [""] * len(values)
    strengths = told_from_zero(scaled(values))
    lines = [
        head + "".join(map(_cell, row, strong))
        for head, row, strong in zip(heads, values.tolist(), strengths.tolist(), strict=True)
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table class="numbers {role}"><caption>{caption}</caption>{body}</table>'


def _cell(number: float, strength: float) -> str:
    sign = ' class="negative"' if number < 0 else ""
    return f'<td{sign} style="--strength: {abs(strength):.2f}">{written(number)}</td>'
