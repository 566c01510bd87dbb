import json
import math
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.common import paths
from pipeline.common.datasets import MNIST
from pipeline.common.errors import PipelineError
from pipeline.common.idx import write_idx
from pipeline.common.images import Labelled, Part, load_part
from pipeline.preprocess import main, preprocess
from tests.pipeline.workspace import changed, data_parameters, small_parameters, write_parameters

Bytes = NDArray[np.uint8]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
LABELS = np.repeat(np.arange(10, dtype=np.uint8), range(10, 110, 10))[::-1].copy()  # 10 zeros … 100 nines


def numbered(labels: Bytes, first: int = 0) -> Labelled:
    """Return images that differ: each one's number stands in its first two pixels."""
    images = np.random.default_rng(first).integers(0, 256, (len(labels), 28, 28), np.uint8)
    images[:, 0, :2] = [divmod(number, 256) for number in range(first, first + len(labels))]
    return Labelled(images, labels)


def numbers(images: Bytes) -> list[int]:
    return [256 * int(high) + int(low) for high, low in images[:, 0, :2]]


def write_raw(folder: Path, train: Labelled, test: Labelled) -> Path:
    folder.mkdir(parents=True)
    for (split, kind), file in MNIST.files.items():
        write_idx(folder / file.name, getattr({"train": train, "test": test}[split], kind))
    (folder / "provenance.json").write_text(json.dumps({"dataset": "mnist-sample"}))
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """The raw files of 550 images to train with and 20 to test with."""
    return write_raw(tmp_path / "raw", numbered(LABELS), numbered(LABELS[::28], first=10_000))


def split(raw: Path, destination: Path, share: float = 0.2, seed: int = 0) -> dict[Part, Labelled]:
    preprocess(raw, destination, data_parameters(validation_share=share, split_seed=seed))
    return {part: load_part(part, destination) for part in PARTS}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_each_class_has_its_exact_share_in_the_validation_part(raw: Path, tmp_path: Path) -> None:
    parts = split(raw, tmp_path / "processed", share=0.2)

    assert np.bincount(parts["validation"].labels).tolist() == list(range(2, 22, 2))
    assert np.bincount(parts["train"].labels).tolist() == list(range(8, 88, 8))


def test_the_parts_are_disjoint_complete_and_in_the_order_of_the_files(raw: Path, tmp_path: Path) -> None:
    parts = split(raw, tmp_path / "processed")
    kept, held_back = numbers(parts["train"].images), numbers(parts["validation"].images)

    assert sorted(kept + held_back) == list(range(550))
    for part, found in ((parts["train"], kept), (parts["validation"], held_back)):
        assert found == sorted(found)
        np.testing.assert_array_equal(part.labels, LABELS[found])
        np.testing.assert_array_equal(part.images, numbered(LABELS).images[found])
    assert numbers(parts["test"].images) == list(range(10_000, 10_020))
    np.testing.assert_array_equal(parts["test"].labels, LABELS[::28])


def test_the_seed_alone_decides_which_images_are_held_back(raw: Path, tmp_path: Path) -> None:
    split(raw, tmp_path / "first", seed=3)
    split(raw, tmp_path / "again", seed=3)
    other = split(raw, tmp_path / "other", seed=4)

    assert contents(tmp_path / "first") == contents(tmp_path / "again")
    assert numbers(other["validation"].images) != numbers(load_part("validation", tmp_path / "first").images)


def test_the_normalisation_is_exact_and_of_the_training_part_only(raw: Path, tmp_path: Path) -> None:
    train = split(raw, tmp_path / "processed")["train"]
    values = train.images.ravel().tolist()
    mean = Fraction(sum(values), len(values))
    variance = Fraction(sum(value * value for value in values), len(values)) - mean**2

    assert json.loads((tmp_path / "processed" / "image-set.json").read_text()) == {
        "dataset": "mnist-sample",
        "class_names": [*"0123456789"],
        "mean": float(mean),
        "standard_deviation": math.sqrt(variance),
    }


def test_a_failure_leaves_the_former_parts_and_nothing_beside_them(raw: Path, tmp_path: Path) -> None:
    destination = tmp_path / "processed" / "mnist"
    split(raw, destination)
    before = contents(destination)
    path = raw / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(PipelineError, match="t10k-images-idx3-ubyte has 15695 bytes, expected "):
        preprocess(raw, destination, data_parameters(split_seed=1))

    assert contents(destination) == before
    assert list(destination.parent.iterdir()) == [destination]


def test_the_stage_works_by_the_parameters(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = changed(small_parameters(), "data.validation_share", 0.4)
    data = changed(data, "data.split_seed", 5)
    write_parameters(tmp_path, data)
    shutil.copytree(raw, paths.RAW / "mnist")

    main()
    split(raw, tmp_path / "direct", share=0.4, seed=5)

    assert contents(paths.PROCESSED / "mnist") == contents(tmp_path / "direct")
    assert list(paths.LOGS.iterdir()) == [paths.LOGS / "preprocess.json"]
