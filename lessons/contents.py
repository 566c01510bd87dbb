"""All lessons, by the names under which pages ask for their values."""

from __future__ import annotations

from types import ModuleType

from lessons import activations, convolution, dense, dropout, flatten, home, images, interim, pooling

LESSONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (home, images, convolution, pooling, flatten, dense, activations, dropout, interim)
}
