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
    learn,
    loss,
    network,
    optimisers,
    pooling,
    sequential,
    training,
    what_it_sees,
)
from lessons.pipeline_pages import data, experiments, export, own_pictures, parameters, run, stages

MODULES = (
    *(home, learn, network, images, convolution, activations, pooling, flatten, dense, loss, sequential),
    *(optimisers, training, dropout, batch_normalisation, what_it_sees),
    *(run, stages, parameters, experiments, data, own_pictures, export),
)

LESSONS: dict[str, ModuleType] = {module.__name__.rpartition(".")[2]: module for module in MODULES}
