from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import Conv2D, Dense, Flatten
from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_json
from pipeline.common.images import IMAGE_SET as IMAGE_SET_FILE
from pipeline.common.images import ImageSet
from pipeline.common.model import load_model, load_model_and_test_images, save_model
from tests.cnn.tiny import built
from tests.refusals import assert_refuses

IMAGE_SET = ImageSet("mnist", DIGITS, 100.0, 50.0)


def test_a_model_that_is_missing_damaged_or_for_other_pictures_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.MODEL.parent.mkdir()
    assert_refuses(load_model, PipelineError, f"no trained model at {paths.MODEL}: run `dvc repro`")
    paths.MODEL.write_bytes(b"hello")
    damaged = f"{paths.MODEL} is not a cnn model file, or a damaged one: "
    assert_refuses(load_model, PipelineError, damaged, "Remove it and run `dvc repro`.")
    for model, named in [
        (built([Flatten(), Dense(3)], (28, 28, 1)), "(28, 28, 1) to (3,)"),
        (built([Conv2D(10, 3)], (28, 28, 1)), "(28, 28, 1) to (26, 26, 10)"),
        (built([Flatten(), Dense(10)], (20, 20, 1)), "(20, 20, 1) to (10,)"),
        (built([Dense(10)], (28,)), "(28,) to (10,)"),
    ]:
        save_model(model, IMAGE_SET)
        assert_refuses(load_model, PipelineError, f"{paths.MODEL} holds a model from {named}, expected")
    built([Flatten(), Dense(10)], (28, 28, 1)).save(paths.MODEL)
    assert_refuses(load_model, PipelineError, f"{paths.MODEL} does not say what its model was trained on")


def test_a_models_file_says_what_it_was_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "models" / "digits.npz"
    save_model(built([Flatten(), Dense(10)], (28, 28, 1)), IMAGE_SET, path)

    model, image_set = load_model(path)

    assert (model.input_shape, image_set) == ((28, 28, 1), IMAGE_SET)


@pytest.mark.parametrize(
    ("changes", "size", "named"),
    [
        ({"dataset": "fashion-mnist"}, 28, "of fashion-mnist, (28, 28, 1)"),
        ({"class_names": tuple("abcdefghij")}, 28, "of mnist, (28, 28, 1)"),
        ({}, 20, "of mnist, (20, 20, 1)"),
    ],
)
def test_test_images_of_another_kind_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], size: int, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    save_model(built([Flatten(), Dense(10)], (28, 28, 1)), IMAGE_SET)
    write_json(Path("processed") / IMAGE_SET_FILE, asdict(replace(IMAGE_SET, **changes)))
    np.save("processed/test-images.npy", np.zeros((5, size, size), np.uint8))
    np.save("processed/test-labels.npy", np.zeros(5, np.uint8))

    assert_refuses(
        lambda: load_model_and_test_images(Path("processed")),
        PipelineError,
        f"{paths.MODEL} was trained on mnist, (28, 28, 1), but the images in processed are {named}: run",
    )
