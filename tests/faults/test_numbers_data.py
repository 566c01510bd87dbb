import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    BatchNorm,
    BestWeights,
    Conv2D,
    Dense,
    Flatten,
    ReLU,
)
from cnn.layers import Layer
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled
from pipeline.preprocess import preprocess
from tests.cnn.tiny import built, images, linear
from tests.faults.counting import Tried
from tests.pipeline.test_preprocess import numbered, write_raw
from tests.pipeline.workspace import digits, make_workspace, run_stage, small_parameters
from tests.refusals import assert_refuses

SMALL = small_parameters()


# Images without anything on them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "idle"),
    [
        ([Flatten(), Dense(3)], {"1.weight"}),
        ([Conv2D(2, 3), Flatten(), Dense(3)], {"0.weight"}),
        ([BatchNorm(), Flatten(), Dense(3)], {"0.scale"}),
    ],
    ids=["dense", "convolution", "normalisation"],
)
def test_of_images_that_are_all_zero_the_frequencies_of_the_classes_are_learnt(
    layers: list[Layer], idle: set[str], tried: Tried
) -> None:
    model, labels = built(layers), np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    x, before = np.zeros((10, 6, 6, 1)), dict(model.params)

    history = model.fit(
        x, labels, epochs=300, optimiser=SGD(learning_rate=0.5), batch_size=10, micro_batch_size=3
    )

    shares = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(model.predict_proba(x[:1])[0], shares, atol=1e-4)
    assert history[-1]["loss"] == pytest.approx(-(shares * np.log(shares)).sum(), abs=1e-6)
    assert history[-1]["accuracy"] == 0.5
    for name in idle:
        np.testing.assert_array_equal(model.params[name], before[name])
    tried("numbers", "all_zero")


def raw_of(folder: Path, pixels: int, labels: Any) -> Path:
    blank = Labelled(np.full((len(labels), 28, 28), pixels, np.uint8), labels)
    return write_raw(folder, blank, blank)


@pytest.mark.parametrize("pixels", [0, 7, 255])
def test_the_pipeline_refuses_training_images_of_one_grey(tmp_path: Path, pixels: int, tried: Tried) -> None:
    raw = raw_of(tmp_path / "raw", pixels, np.arange(100, dtype=np.uint8) % 10)

    assert_refuses(
        lambda: preprocess(raw, tmp_path / "processed", 0.2, 0),
        PipelineError,
        "All pixels of the training images are the same, expected pictures of something.",
    )
    assert not (tmp_path / "processed").exists()
    tried("numbers", "all_zero")


# One class --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", [0, 1, 2])
def test_one_class_is_learnt(label: int, tried: Tried) -> None:
    model = built([Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(3)])
    x, labels = images(30)[0], np.full(30, label)

    history = model.fit(
        x, labels, epochs=20, optimiser=SGD(learning_rate=0.1), batch_size=8, micro_batch_size=3
    )

    losses = [record["loss"] for record in history]
    assert losses[-1] < 0.02 * losses[0]
    assert model.predict(x).tolist() == labels.tolist()
    assert model.evaluate(x, labels)["accuracy"] == 1
    tried("numbers", "one_class")


@pytest.mark.parametrize("classes", [1, 0])
def test_a_network_that_has_nothing_to_choose_is_refused(classes: int, tried: Tried) -> None:
    layers = [Flatten(), Dense(1)] if classes else [ReLU()]
    model, (x, _) = built(layers), images(4)
    given = "(1,)" if classes else "(6, 6, 1)"
    assert_refuses(
        lambda: model.fit(x, np.zeros(4, int), epochs=1, optimiser=SGD(learning_rate=0.1)),
        ValueError,
        "one number for each of two or more classes",
        f"this model gives {given}",
    )
    tried("numbers", "one_class")


@pytest.mark.slow
def test_the_stages_train_on_one_class_and_report_on_it(tmp_path: Path, tried: Tried) -> None:
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
    tried("numbers", "one_class")


# Nothing to validate on -------------------------------------------------------------------------------


def test_fit_refuses_validation_data_that_are_missing_or_empty(tried: Tried) -> None:
    x, labels = images(4)
    options: dict[str, Any] = {"epochs": 1, "optimiser": SGD(learning_rate=0.1)}
    assert_refuses(
        lambda: linear().fit(x, labels, validation_data=(x[:0], labels[:0]), **options),
        ValueError,
        "validation x must hold at least one sample, received none",
    )
    assert_refuses(
        lambda: linear().fit(x, labels, callbacks=[BestWeights()], **options),
        ValueError,
        "BestWeights cannot monitor 'validation_loss'",
        "give fit validation_data",
    )
    tried("numbers", "no_validation", 2)


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
    tmp_path: Path, labels: Any, share: float, tried: Tried
) -> None:
    raw = write_raw(tmp_path / "raw", numbered(labels), numbered(LABELS))

    with pytest.raises(PipelineError) as caught:
        preprocess(raw, tmp_path / "processed", share, 0)
    assert str(caught.value).startswith(f"data.validation_share {share} ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "processed").exists()
    tried("numbers", "no_validation")


def test_the_train_stage_refuses_a_validation_part_without_images(tmp_path: Path, tried: Tried) -> None:
    nothing = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    folder = make_workspace(tmp_path, SMALL, train=digits(50, seed=0), validation=nothing)

    ended = run_stage(folder, "train")

    assert ended.returncode == 1
    assert "data.validation_share" in ended.stderr.splitlines()[-1]
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    assert not (folder / paths.MODEL).exists()
    tried("numbers", "no_validation")
