import json
import re
from pathlib import Path

import pytest

import cnn
from pipeline.common import paths
from pipeline.common.images import load_normalisation, load_part
from tests.pipeline.workspace import (
    PROCESSED,
    before_training,
    changed,
    digits,
    make_workspace,
    run_stage,
    small_parameters,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a training has come to its end."""
    folder = before_training(tmp_path_factory.mktemp("train"), small_parameters())
    ended = run_stage(folder, "train")
    assert ended.returncode == 0, ended.stderr
    said = re.findall(r"epoch (\d+)/4: learning rate", ended.stdout + ended.stderr)
    assert said == ["1", "2", "3", "4"]
    return folder


def test_the_model_is_that_of_the_best_epoch_on_the_validation_images(trained: Path) -> None:
    table = trained / paths.TRAINING_LOG / "plots" / "metrics" / "validation" / "loss.tsv"
    header, *lines = table.read_text().splitlines()
    losses = [float(line.split("\t")[1]) for line in lines]
    images, labels = load_part("validation", trained / PROCESSED)

    model = cnn.Sequential.load(trained / paths.MODEL)
    x = load_normalisation(trained / PROCESSED).apply(images)

    assert header == "step\tloss"
    assert losses[0] == min(losses) < 0.95 * losses[-1]
    assert model.evaluate(x, labels)["loss"] == pytest.approx(losses[0], rel=1e-4)


def test_each_epoch_is_logged_and_the_last_one_summed_up(trained: Path) -> None:
    summary = json.loads((trained / paths.TRAINING_LOG / "metrics.json").read_text())

    assert (summary.pop("dataset"), summary.pop("step")) == ("mnist-sample", 4)
    for group, entries in summary.items():
        for name, last in entries.items():
            table = trained / paths.TRAINING_LOG / "plots" / "metrics" / group / f"{name}.tsv"
            header, *rows = (line.split("\t") for line in table.read_text().splitlines())
            assert header == ["step", name]
            assert [int(step) for step, _ in rows] == [1, 2, 3, 4]
            assert float(rows[-1][1]) == last
    assert {group: sorted(entries) for group, entries in summary.items()} == {
        "train": ["accuracy", "learning_rate", "loss"],
        "validation": ["accuracy", "loss"],
    }


def test_what_differs_from_run_to_run_is_logged_elsewhere(trained: Path) -> None:
    log = json.loads((trained / paths.LOGS / "train.json").read_text())

    assert (log["epochs"], log["images"]) == (4, 200)
    assert 0 < log["seconds"] < 120
    assert log["kernels"]


@pytest.mark.slow
def test_a_training_that_diverges_keeps_the_checkpoint_and_writes_no_model(tmp_path: Path) -> None:
    data = small_parameters()
    for name, value in {
        "optimiser": {"optimiser": "SGD", "learning_rate": 0.7},
        "loss": {"loss": "MeanSquaredError"},
        "model": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}],
        "train.epochs": 500,
    }.items():
        data = changed(data, f"recipes.small.{name}", value)
    folder = make_workspace(tmp_path, data, train=digits(100, seed=0), validation=digits(50, seed=1))

    first, second = run_stage(folder, "train"), run_stage(folder, "train")

    said = re.search(
        r"^error: Training diverged at step \d of epoch (\d+), in layer 1 \(Dense\), .*$", first.stderr, re.M
    )
    assert said
    assert int(said[1]) > 2
    epochs = [re.findall(r"epoch (\d+)/500: learning rate", ended.stderr) for ended in (first, second)]
    assert epochs == [[str(number) for number in range(1, int(said[1]))], []]
    for ended in (first, second):
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1] == said[0]
        assert "Traceback" not in ended.stderr
    assert len(list((folder / paths.CHECKPOINTS).iterdir())) == 1
    assert not (folder / paths.MODEL).exists()
