"""Facts about shapes: what each layer of a kind takes and gives in the trained network."""

from __future__ import annotations

from collections.abc import Mapping

import cnn
from cnn.summary import layer_summaries
from pipeline.markdown import table, times

KINDS: Mapping[str, tuple[type[cnn.Layer], ...]] = {
    "convolution": (cnn.Conv2D,),
    "pooling": (cnn.MaxPool2D, cnn.AveragePool2D, cnn.GlobalAveragePool2D),
    "dropout": (cnn.Dropout,),
    "flatten": (cnn.Flatten,),
    "dense": (cnn.Dense,),
    "batch-normalisation": (cnn.BatchNorm,),
}
"""The kinds of layer that a page is about."""


def shape_facts(model: cnn.Sequential) -> dict[str, str]:
    """Return a fact for each kind of layer by its name."""
    return {f"shapes-{page}": shapes(model, kinds) for page, kinds in KINDS.items()}


def shapes(model: cnn.Sequential, kinds: tuple[type[cnn.Layer], ...]) -> str:
    """Return what the layers of these kinds take, hold and give, and how much of the image they see."""
    built_for = model.built_for()
    lines = layer_summaries(model.layers, built_for)
    before = [built_for, *(line.output_shape for line in lines)]
    rows = [
        [
            f"{place}. {line.layer}",
            times(before[place]),
            ", ".join(f"{name} {times(array.shape)}" for name, array in layer.params.items()) or "none",
            times(line.output_shape),
            times(line.receptive_field or ()),
        ]
        for place, (layer, line) in enumerate(zip(model.layers, lines, strict=True))
        if isinstance(layer, kinds)
    ]
    if not rows:
        return none_of(kinds)
    return table(["layer", "`x`, one sample", "parameters", "`y`, one sample", "receptive field"], rows)


def none_of(kinds: tuple[type[cnn.Layer], ...]) -> str:
    """Return what is said where the trained network has no layer of these kinds."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return f"The recipe that was trained has no layer of this kind ({names})."
