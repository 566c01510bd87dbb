import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import cnn
from pipeline import paths
from pipeline.images import load_normalisation, load_part
from tests.pipeline.workspace import (
    PROCESSED,
    before_training,
    run_stage,
    small_parameters,
)

SMALL = small_parameters()


def epochs(ended: subprocess.CompletedProcess[str]) -> list[int]:
    """Return which epochs a training went through."""
    return [
        int(number) for number in re.findall(r"epoch (\d+)/4: learning rate", ended.stdout + ended.stderr)
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return before_training(tmp_path_factory.mktemp("train"), SMALL)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("undisturbed") / "copy")
    ended = run_stage(folder, "train")
    assert ended.returncode == 0, ended.stderr
    assert epochs(ended) == [1, 2, 3, 4]
    return folder


def test_the_model_is_that_of_the_best_epoch_on_the_validation_images(undisturbed: Path) -> None:
    table = undisturbed / paths.TRAINING_LOG / "plots" / "metrics" / "validation" / "loss.tsv"
    header, *lines = table.read_text().splitlines()
    losses = [float(line.split("\t")[1]) for line in lines]
    images, labels = load_part("validation", undisturbed / PROCESSED)

    model = cnn.Sequential.load(undisturbed / paths.MODEL)
    x = load_normalisation(undisturbed / PROCESSED).apply(images)

    assert header == "step\tloss"
    assert losses[0] == min(losses) < 0.95 * losses[-1]
    assert model.evaluate(x, labels)["loss"] == pytest.approx(losses[0], rel=1e-4)


def test_each_epoch_is_logged_and_the_last_one_summed_up(undisturbed: Path) -> None:
    summary = json.loads((undisturbed / paths.TRAINING_LOG / "metrics.json").read_text())

    assert (summary.pop("dataset"), summary.pop("step")) == ("mnist-sample", 4)
    for group, entries in summary.items():
        for name, last in entries.items():
            table = undisturbed / paths.TRAINING_LOG / "plots" / "metrics" / group / f"{name}.tsv"
            header, *rows = (line.split("\t") for line in table.read_text().splitlines())
            assert header == ["step", name]
            assert [int(step) for step, _ in rows] == [1, 2, 3, 4]
            assert float(rows[-1][1]) == last
    assert {group: sorted(entries) for group, entries in summary.items()} == {
        "train": ["accuracy", "learning_rate", "loss"],
        "validation": ["accuracy", "loss"],
    }


def test_what_differs_from_run_to_run_is_logged_elsewhere(undisturbed: Path) -> None:
    log = json.loads((undisturbed / paths.LOGS / "train.json").read_text())

    assert (log["epochs"], log["images"]) == (4, 200)
    assert 0 < log["seconds"] < 120
    assert log["kernels"]
