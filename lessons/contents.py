"""All lessons, by the names under which pages ask for their values."""

from __future__ import annotations

from types import ModuleType

from lessons import (
    activations,
    batch_normalisation,
    convolution,
    dense,
    dropout,
    flatten,
    home,
    images,
    interim,
    loss,
    optimisers,
    pooling,
    training,
)

LESSONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        home,
        images,
        convolution,
        pooling,
        flatten,
        dense,
        activations,
        loss,
        optimisers,
        training,
        dropout,
        batch_normalisation,
        interim,
    )
}
