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
    loss,
    optimisers,
    pooling,
    sequential,
    training,
    what_it_sees,
)
from lessons.pipeline_pages import data, experiments, export, own_pictures, parameters, run, stages

MODULES = (
    *(home, images, sequential, convolution, pooling, dropout, flatten, activations, dense, loss),
    *(optimisers, batch_normalisation, training, what_it_sees),
    *(run, stages, parameters, experiments, data, own_pictures, export),
)

LESSONS: dict[str, ModuleType] = {module.__name__.rpartition(".")[2]: module for module in MODULES}
