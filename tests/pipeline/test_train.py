import json
import re
from pathlib import Path

import pytest

import cnn
from pipeline import train
from pipeline.common import paths
from pipeline.common.images import load_image_set, load_part
from tests.pipeline.workspace import PROCESSED, changed, digits, make_processed, small_parameters


def test_the_model_is_that_of_the_best_epoch_on_the_validation_images(trained: Path) -> None:
    table = trained / paths.TRAINING_LOG / "plots" / "metrics" / "validation" / "loss.tsv"
    header, *lines = table.read_text().splitlines()
    losses = [float(line.split("\t")[1]) for line in lines]
    images, labels = load_part("validation", trained / PROCESSED)

    model = cnn.Sequential.load(trained / paths.MODEL)
    x = load_image_set(trained / PROCESSED).normalise(images)

    assert header == "step\tloss"
    assert losses[0] == min(losses) < 0.95 * losses[-1]
    assert model.evaluate(x, labels)["loss"] == pytest.approx(losses[0], rel=1e-4)


def test_each_epoch_is_logged_and_the_last_one_summed_up(trained: Path) -> None:
    summary = json.loads((trained / paths.TRAINING_LOG / "metrics.json").read_text())

    assert (summary.pop("dataset"), summary.pop("step")) == ("mnist-sample", 4)
    assert {group: sorted(entries) for group, entries in summary.items()} == {
        "train": ["accuracy", "learning_rate", "loss"],
        "validation": ["accuracy", "loss"],
    }
    for group, entries in summary.items():
        for name, last in entries.items():
            table = trained / paths.TRAINING_LOG / "plots" / "metrics" / group / f"{name}.tsv"
            _, *rows = (line.split("\t") for line in table.read_text().splitlines())
            assert [int(step) for step, _ in rows] == [1, 2, 3, 4]
            assert float(rows[-1][1]) == last


def test_what_differs_from_run_to_run_is_logged_elsewhere(trained: Path) -> None:
    log = json.loads((trained / paths.LOGS / "train.json").read_text())

    assert (log["epochs"], log["images"]) == (4, 200)
    assert 0 < log["seconds"] < 120
    assert log["kernels"]


def test_a_training_that_diverges_keeps_the_checkpoint_and_writes_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small_parameters()
    for name, value in {
        "optimiser": {"optimiser": "SGD", "learning_rate": 0.7},
        "loss": {"loss": "MeanSquaredError"},
        "model": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10}],
        "train.epochs": 500,
    }.items():
        data = changed(data, f"recipes.small.{name}", value)
    monkeypatch.chdir(
        make_processed(tmp_path, data, train=digits(100, seed=0), validation=digits(50, seed=1))
    )

    for again in (False, True):
        with pytest.raises(FloatingPointError, match="Training diverged at") as caught:
            train.main()
        epochs = re.findall(r"epoch (\d+)/500: learning rate", capsys.readouterr().err)
        diverged = re.search(r"at step \d of epoch (\d+), in layer 1 \(Dense\)", str(caught.value))
        assert diverged
        assert int(diverged[1]) > 2
        assert epochs == ([] if again else [str(number) for number in range(1, int(diverged[1]))])
    assert len(list(paths.CHECKPOINTS.iterdir())) == 1
    assert not paths.MODEL.exists()
