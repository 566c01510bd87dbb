"""All lessons, by the names under which pages ask for their values."""

from __future__ import annotations

from types import ModuleType

from lessons import batch_normalisation, convolution, dropout, home, interim, loss, optimisers, training

LESSONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        home,
        convolution,
        batch_normalisation,
        dropout,
        loss,
        optimisers,
        training,
        interim,
    )
}
