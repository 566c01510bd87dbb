"""All lessons, by the names under which pages ask for their values."""

from __future__ import annotations

from types import ModuleType

from lessons import convolution, dropout, home, interim, sequential, what_it_sees
from lessons.pipeline_pages import data, experiments, parameters, run, stages

LESSONS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        *(home, sequential, convolution, dropout, what_it_sees, interim),
        *(run, stages, parameters, experiments, data),
    )
}
