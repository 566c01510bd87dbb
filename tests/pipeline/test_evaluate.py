import json
import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import classification_report

import cnn
from pipeline import evaluate
from pipeline.common import paths
from pipeline.common.images import load_image_set
from pipeline.common.model import save_model
from pipeline.common.recipes import make_model
from pipeline.evaluate import calibration_error, hardest, per_class
from tests.pipeline.workspace import (
    PROCESSED,
    SMALL,
    changed,
    digits,
    make_processed,
    small_parameters,
    write_parameters,
)

PARAMETERS = small_parameters()
TEST = digits(130, seed=7)
RESULTS = (paths.EVALUATION, paths.CLASSES, paths.PREDICTIONS, paths.HARDEST)


def test_precision_recall_and_f1_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    names = ["a", "b", "c", "d"]

    expected = classification_report(labels, predictions, target_names=names, output_dict=True)

    assert list(per_class(labels, predictions, names)) == [
        (
            name,
            *(f"{expected[name][score]:.6f}" for score in ("precision", "recall", "f1-score")),
            expected[name]["support"],
        )
        for name in names
    ]


def test_classes_that_do_not_occur_count_as_zero() -> None:
    labels, predictions = np.array([0, 0, 0, 1]), np.array([0, 0, 2, 2])

    assert list(per_class(labels, predictions, ["zero", "one", "two", "three"])) == [
        ("zero", "1.000000", "0.666667", "0.800000", 3),
        ("one", "0.000000", "0.000000", "0.000000", 1),
        ("two", "0.000000", "0.000000", "0.000000", 0),
        ("three", "0.000000", "0.000000", "0.000000", 0),
    ]


@pytest.mark.parametrize(
    ("confidences", "right", "bins", "expected"),
    [
        ([1.0, 1.0], [True, True], 10, 0.0),  # the last bin holds certainty
        ([0.5, 1.0], [True, False], 2, 0.25),  # 0.5 belongs to the upper half
        ([0.5, 1.0], [True, False], 4, 0.75),  # (|1 − 0.5| + |0 − 1|) / 2
    ],
)
def test_the_calibration_error_is_as_worked_out_by_hand(
    confidences: list[float], right: list[bool], bins: int, expected: float
) -> None:
    probabilities = np.array([[confidence, 1 - confidence] for confidence in confidences], np.float32)

    assert calibration_error(1 - np.array(right), probabilities, bins) == expected


def test_the_hardest_images_come_first_and_equally_hard_ones_in_their_order() -> None:
    probabilities = np.array([[0.5, 0.25, 0.25], [0.0, 0.125, 0.875], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]])

    assert list(hardest(np.array([0, 0, 0, 1]), probabilities, ["a", "b", "c"], 3)) == [
        (1, "a", "c", "0.000000", "0.875000"),
        (2, "a", "b", "0.250000", "0.500000"),  # as hard as image 3, before which it stands
        (3, "b", "c", "0.250000", "0.500000"),
    ]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a model that has not been trained was evaluated."""
    folder = make_processed(tmp_path_factory.mktemp("evaluate"), PARAMETERS, test=TEST)
    model = make_model(SMALL["model"])
    model.build((28, 28, 1), np.random.default_rng(1))
    with chdir(folder):
        save_model(model, load_image_set(PROCESSED))
        evaluate.main()
    return folder


@pytest.fixture(scope="module")
def outputs(evaluated: Path) -> tuple[Any, Any]:
    """The probabilities and predictions of the model."""
    images, _ = TEST
    model = cnn.Sequential.load(evaluated / paths.MODEL)
    probabilities = model.predict_proba(load_image_set(evaluated / PROCESSED).normalise(images))
    return probabilities, probabilities.argmax(axis=1)


def test_the_evaluation_is_of_the_model_on_the_test_images(evaluated: Path, outputs: tuple[Any, Any]) -> None:
    probabilities, predictions = outputs
    _, labels = TEST

    evaluation = json.loads((evaluated / paths.EVALUATION).read_text())

    assert evaluation.pop("loss") == pytest.approx(
        -np.log(probabilities[np.arange(130), labels]).mean(), rel=1e-5
    )
    assert evaluation.pop("calibration_error") == pytest.approx(
        calibration_error(labels, probabilities, PARAMETERS["evaluate"]["calibration_bins"]), abs=1e-5
    )
    right = int((predictions == labels).sum())
    assert 0 < right < 130
    assert evaluation == {
        "dataset": "mnist-sample",
        "recipe": "small",
        "kernels": PARAMETERS["runtime"]["kernels"],
        "seed": 0,
        "images": 130,
        "errors": 130 - right,
        "accuracy": right / 130,
    }


def test_scores_predictions_and_the_hardest_images_are_listed(
    evaluated: Path, outputs: tuple[Any, Any]
) -> None:
    probabilities, predictions = outputs
    names = [str(digit) for digit in range(10)]
    hard = hardest(TEST[1], probabilities, names, PARAMETERS["evaluate"]["hardest"])
    tables = {
        paths.CLASSES: ("class,precision,recall,f1,images", per_class(TEST[1], predictions, names)),
        paths.PREDICTIONS: ("actual,predicted", zip(TEST[1], predictions, strict=True)),
        paths.HARDEST: ("image,actual,predicted,probability_of_actual,probability_of_predicted", hard),
    }
    for path, (header, rows) in tables.items():
        lines = [f"{','.join(map(str, row))},mnist-sample" for row in rows]
        assert (evaluated / path).read_text().splitlines() == [f"{header},dataset", *lines]


def test_another_run_with_other_workers_writes_the_same_bytes(
    evaluated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(evaluated, tmp_path / "copy"))
    shutil.rmtree("metrics")
    write_parameters(Path(), changed(PARAMETERS, "runtime.workers", 3))

    evaluate.main()

    for path in RESULTS:
        assert path.read_bytes() == (evaluated / path).read_bytes()
