"""Images of one grey, images of one class, and too few images to validate on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import evaluate, train
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled
from pipeline.preprocess import preprocess
from tests.pipeline.test_preprocess import LABELS, numbered, write_raw
from tests.pipeline.workspace import data_parameters, digits, make_processed, small_parameters
from tests.refusals import assert_refuses

SMALL = small_parameters()


def test_the_pipeline_refuses_training_images_of_one_grey(tmp_path: Path) -> None:
    grey = Labelled(np.full((100, 28, 28), 7, np.uint8), np.arange(100, dtype=np.uint8) % 10)
    raw = write_raw(tmp_path / "raw", grey, grey)

    assert_refuses(
        lambda: preprocess(raw, tmp_path / "processed", data_parameters()),
        PipelineError,
        "All pixels of the training images are the same, expected pictures of something.",
    )
    assert not (tmp_path / "processed").exists()


def test_the_stages_train_on_one_class_and_report_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threes = (digits(50, seed=0)[0], np.full(50, 3, np.uint8))
    monkeypatch.chdir(make_processed(tmp_path, SMALL, train=threes, validation=threes, test=threes))

    train.main()
    evaluate.main()

    evaluation = json.loads(paths.EVALUATION.read_text())
    assert (evaluation["accuracy"], evaluation["errors"], evaluation["images"]) == (1, 0, 50)
    for label, row in enumerate(paths.CLASSES.read_text().splitlines()[1:]):
        scores = ["1.000000"] * 3 + ["50"] if label == 3 else ["0.000000"] * 3 + ["0"]
        assert row.split(",")[1:5] == scores


HOPELESS = {
    "fewer held back than classes": (LABELS, 0.01),
    "fewer left than classes": (LABELS, 0.99),
    "a class without its share": (np.append(LABELS[:-10], LABELS[-2:]), 0.05),
}


@pytest.mark.parametrize(("labels", "share"), HOPELESS.values(), ids=HOPELESS.keys())
def test_a_share_that_leaves_a_class_without_an_image_is_refused(
    tmp_path: Path, labels: Any, share: float
) -> None:
    raw = write_raw(tmp_path / "raw", numbered(labels), numbered(LABELS))

    with pytest.raises(PipelineError) as caught:
        preprocess(raw, tmp_path / "processed", data_parameters(validation_share=share))
    assert str(caught.value).startswith(f"data.validation_share {share} ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "processed").exists()


def test_the_train_stage_refuses_a_validation_part_without_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    monkeypatch.chdir(make_processed(tmp_path, SMALL, train=digits(50, seed=0), validation=nothing))

    assert_refuses(train.main, PipelineError, "choose a larger data.validation_share")
    assert not paths.MODEL.exists()
