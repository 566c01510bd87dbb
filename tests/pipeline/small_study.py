"""A study that is carried out within a blink: its parameters and images, and a way to spoil its workers."""

import pytest

from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, Labelled
from pipeline.common.params import Parameters, parse_parameters
from pipeline.study.repetition import Images
from tests.pipeline.workspace import changed, digits, small_parameters

DATA = changed(small_parameters(), "runtime.kernels", "portable")
PARAMETERS = parse_parameters(DATA, "the small study", Parameters)
PARTS = {"train": digits(200, seed=0), "validation": digits(100, seed=1), "test": digits(130, seed=2)}
IMAGES = Images(
    ImageSet("mnist-sample", DIGITS, 100.0, 60.0), *(Labelled(*images) for images in PARTS.values())
)

IN_WORKER = pytest.MonkeyPatch()
"""Undone in each worker after a test with the fixture `spoilt`."""
