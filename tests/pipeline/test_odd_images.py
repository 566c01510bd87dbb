"""Images of one grey, images of one class, and too few images to validate on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled
from pipeline.preprocess import preprocess
from tests.pipeline.test_preprocess import numbered, write_raw
from tests.pipeline.workspace import digits, make_workspace, run_stage, small_parameters
from tests.refusals import assert_refuses

SMALL = small_parameters()


def raw_of(folder: Path, pixels: int, labels: Any) -> Path:
    blank = Labelled(np.full((len(labels), 28, 28), pixels, np.uint8), labels)
    return write_raw(folder, blank, blank)


@pytest.mark.parametrize("pixels", [0, 7, 255])
def test_the_pipeline_refuses_training_images_of_one_grey(tmp_path: Path, pixels: int) -> None:
    raw = raw_of(tmp_path / "raw", pixels, np.arange(100, dtype=np.uint8) % 10)

    assert_refuses(
        lambda: preprocess(raw, tmp_path / "processed", 0.2, 0),
        PipelineError,
        "All pixels of the training images are the same, expected pictures of something.",
    )
    assert not (tmp_path / "processed").exists()


@pytest.mark.slow
def test_the_stages_train_on_one_class_and_report_on_it(tmp_path: Path) -> None:
    pictures, _ = digits(150, seed=0)
    threes = np.full(150, 3, np.uint8)
    parts = {
        part: (pictures[first::3], threes[first::3])
        for first, part in enumerate(("train", "validation", "test"))
    }
    folder = make_workspace(tmp_path, SMALL, **parts)

    for stage in ("train", "evaluate"):
        ended = run_stage(folder, stage)
        assert ended.returncode == 0, ended.stderr

    evaluation = json.loads((folder / paths.EVALUATION).read_text())
    assert (evaluation["accuracy"], evaluation["errors"], evaluation["images"]) == (1, 0, 50)
    rows = (folder / paths.CLASSES).read_text().splitlines()[1:]
    for label, row in enumerate(rows):
        scores = ["1.000000"] * 3 + ["50"] if label == 3 else ["0.000000"] * 3 + ["0"]
        assert row.split(",")[1:5] == scores


LABELS = np.repeat(np.arange(10, dtype=np.uint8), range(10, 110, 10))[::-1].copy()  # 10 zeros … 100 nines
HOPELESS = {
    "next to none held back": (LABELS, 1e-9),
    "fewer held back than classes": (LABELS, 0.01),
    "fewer left than classes": (LABELS, 0.99),
    "next to none left": (LABELS, 1 - 1e-9),
    "a class of one image": (np.append(LABELS[:-10], LABELS[-1]), 0.2),
    "a class without its share": (np.append(LABELS[:-10], LABELS[-2:]), 0.05),
}


@pytest.mark.parametrize(("labels", "share"), HOPELESS.values(), ids=HOPELESS.keys())
def test_a_share_that_leaves_a_class_without_an_image_is_refused(
    tmp_path: Path, labels: Any, share: float
) -> None:
    raw = write_raw(tmp_path / "raw", numbered(labels), numbered(LABELS))

    with pytest.raises(PipelineError) as caught:
        preprocess(raw, tmp_path / "processed", share, 0)
    assert str(caught.value).startswith(f"data.validation_share {share} ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "processed").exists()


def test_the_train_stage_refuses_a_validation_part_without_images(tmp_path: Path) -> None:
    nothing = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    folder = make_workspace(tmp_path, SMALL, train=digits(50, seed=0), validation=nothing)

    ended = run_stage(folder, "train")

    assert ended.returncode == 1
    assert "data.validation_share" in ended.stderr.splitlines()[-1]
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    assert not (folder / paths.MODEL).exists()
