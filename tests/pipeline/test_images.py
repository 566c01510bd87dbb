import io
import math
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.common.datasets import DIGITS
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.images import IMAGE_SET, ImageSet, load_image_set, load_part
from tests.damage import little_memory, npy
from tests.refusals import assert_refuses


def test_bytes_are_normalised_to_mean_0_and_deviation_1() -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)

    normalised = ImageSet.measured_on("mnist", DIGITS, images).normalise(images)

    assert normalised.dtype == np.float32
    assert normalised.shape == (50, 28, 28, 1)
    assert normalised.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert normalised.std(dtype=np.float64) == pytest.approx(1, abs=1e-6)


def test_the_constants_are_exact_where_the_sums_exceed_32_bits() -> None:
    images = np.full((100, 28, 28), 255, np.uint8)  # their squares add up to 5.1e9
    images[0, 0, 0] = 0
    n = images.size

    measured = ImageSet.measured_on("mnist", DIGITS, images)

    assert measured == ImageSet("mnist", DIGITS, 255 * (n - 1) / n, math.sqrt(255**2 * (n - 1) / n**2))


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (lambda folder: load_part("validation", folder), "validation-images.npy"),
        (load_image_set, "image-set.json"),
    ],
)
def test_what_is_not_there_is_named_with_the_remedy(
    tmp_path: Path, load: Callable[[Path], object], name: str
) -> None:
    with pytest.raises(PipelineError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"There is no {tmp_path}{os.sep}{name}: run `dvc repro` first."


IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)


def saved(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


PARTS: list[tuple[str, bytes, str]] = [
    ("test-images.npy", b"hello", "test-images.npy is damaged"),
    ("test-images.npy", saved(IMAGES)[:-1], "test-images.npy is damaged"),
    ("test-images.npy", npy("|u1", (2**62, 28, 28)), "test-images.npy is damaged"),
    ("test-images.npy", saved(IMAGES.astype(np.float32)), "holds float32, expected uint8"),
    ("test-images.npy", saved(IMAGES[:2]), "images of (2, 28, 28) and labels of (3,), expected [n, h, w]"),
    ("test-labels.npy", saved(np.array([Path(), None], object)), "test-labels.npy is damaged"),
    ("test-labels.npy", saved(LABELS + np.uint8(10)), "test-labels.npy holds the label 10, expected 0 to 9"),
]
IMAGE_SETS: list[tuple[str, str]] = [
    ('{"dataset": "mnist", "class_names": ["a", "b"], "mean": 3', "Invalid JSON"),
    ('{"dataset": "mnist", "class_names": ["a", "b"], "mean": 33.3}', "standard_deviation Field required"),
    (
        '{"dataset": "mnist", "class_names": ["a", "b"], "mean": 33.3, "standard_deviation": 0}',
        "standard_deviation Input should be greater",
    ),
    (
        '{"dataset": "mnist", "class_names": ["a", "b"], "mean": 33.3, "standard_deviation": Infinity}',
        "standard_deviation Input should be",
    ),
    (
        '{"dataset": "mnist", "class_names": ["a"], "mean": 33.3, "standard_deviation": 9}',
        "class_names Tuple",
    ),
    ('["mnist", 33.3, 78.0]', "Input should be"),
]


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    def refused(load: Callable[[], object], named: str) -> None:
        with little_memory():
            assert_refuses(load, PipelineError, str(tmp_path), named, "remove it and run `dvc repro`.")

    write_json(tmp_path / IMAGE_SET, asdict(ImageSet("mnist", DIGITS, 33.0, 78.0)))
    for name, content, named in PARTS:
        (tmp_path / "test-images.npy").write_bytes(saved(IMAGES))
        (tmp_path / "test-labels.npy").write_bytes(saved(LABELS))
        assert load_part("test", tmp_path).images.shape == IMAGES.shape
        (tmp_path / name).write_bytes(content)
        refused(lambda: load_part("test", tmp_path), named)
    for text, named in IMAGE_SETS:
        (tmp_path / IMAGE_SET).write_text(text)
        refused(lambda: load_image_set(tmp_path), named)
