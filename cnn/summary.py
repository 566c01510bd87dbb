"""A model in a table: each layer's output, parameters, cost and receptive field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnn.layers import Layer
from cnn.tables import Table
from cnn.types import Pair, Shape


@dataclass(frozen=True)
class LayerSummary:
    """One line of the summary.

    Attributes:
        kind: the kind of layer, such as "Conv2D".
        output_shape: the shape of the layer's output for one sample.
        parameters: the number of its parameters.
        multiply_adds: the number of products that are added up in one sample's forward pass.
        receptive_field: height and width of the part of the image that one of its outputs sees; None
            if the model's input is not an image.
    """

    kind: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    receptive_field: Pair | None


def layer_summaries(layers: Sequence[Layer], input_shape: Shape) -> list[LayerSummary]:
    """Return one line for each layer of a model with this input shape.

    At each layer the receptive field grows by (window − 1) · jump, where jump is the product of the strides
    of the layers before; it never exceeds the image.

    Source:
        Araujo, Norris, Sim: Computing receptive fields of convolutional neural networks, Distill, 2019.
    """
    image = input_shape[:2] if len(input_shape) == 3 else None
    shape, field, jump = input_shape, (1, 1), (1, 1)
    lines = []
    for layer in layers:
        field, jump = _grow(layer, shape, field, jump, image or (1, 1))
        multiply_adds = layer.multiply_adds(shape)
        shape = layer.output_shape(shape)
        parameters = sum(array.size for array in layer.params.values())
        lines.append(LayerSummary(layer.kind, shape, parameters, multiply_adds, field if image else None))
    return lines


def summary(layers: Sequence[Layer], input_shape: Shape) -> Table:
    """Return the table that `Sequential.summary` shows."""
    lines = layer_summaries(layers, input_shape)
    rows = [("layer", "output", "parameters", "multiply-adds", "receptive field")]
    rows += [
        (
            line.kind,
            "×".join(map(str, line.output_shape)),
            f"{line.parameters:,}",
            f"{line.multiply_adds:,}",
            "×".join(map(str, line.receptive_field)) if line.receptive_field else "",
        )
        for line in lines
    ]
    totals = sum(line.parameters for line in lines), sum(line.multiply_adds for line in lines)
    rows.append(("total", "", f"{totals[0]:,}", f"{totals[1]:,}", ""))
    return Table.of(rows)


def _grow(layer: Layer, shape: Shape, field: Pair, jump: Pair, image: Pair) -> tuple[Pair, Pair]:
    window = layer.receptive_window(shape)
    if window is None:
        return image, jump
    sizes, strides = window
    grown = [
        min(f + (size - 1) * j, limit) for f, size, j, limit in zip(field, sizes, jump, image, strict=True)
    ]
    return (grown[0], grown[1]), (jump[0] * strides[0], jump[1] * strides[1])
