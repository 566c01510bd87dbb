import json
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import cnn
from pipeline import paths
from pipeline.images import load_normalisation, load_part
from tests.pipeline.workspace import (
    PROCESSED,
    changed,
    digits,
    make_workspace,
    run,
    run_stage,
    small_parameters,
    start,
    write_parameters,
)

SMALL = small_parameters()

IN_MID_EPOCH = """
go_on = cnn.ProgressBar.on_step_end

def kill_in_mid_epoch(bar, training):
    go_on(bar, training)
    if (training.epoch, training.step, training.steps) == (2, 3, 4):
        os.kill(os.getpid(), signal.SIGKILL)

cnn.ProgressBar.on_step_end = kill_in_mid_epoch
"""
AT_THE_VERY_END = "cnn.Sequential.save = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"


def run_killed(folder: Path, moment: str) -> list[int]:
    """Run a training that is killed at a moment, and return which epochs it completed."""
    program = [
        "import os, runpy, signal, pipeline, cnn",
        moment,
        "runpy.run_module('pipeline.train', run_name='__main__')",
    ]
    ended = run(folder, "python", "-c", "\n".join(program))
    assert ended.returncode == -signal.SIGKILL
    assert len(checkpoints(folder)) == 1
    assert not (folder / paths.MODEL).exists()
    return epochs(ended)


def epochs(ended: subprocess.CompletedProcess[str]) -> list[int]:
    """Return which epochs a training went through."""
    return [
        int(number) for number in re.findall(r"epoch (\d+)/4: learning rate", ended.stdout + ended.stderr)
    ]


def results(folder: Path) -> dict[str, bytes]:
    """Return all files that DVC or git track of a training."""
    files = [folder / paths.MODEL, *(folder / paths.TRAINING_LOG).rglob("*.*")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def checkpoints(folder: Path) -> list[str]:
    return [path.name for path in (folder / paths.CHECKPOINTS).iterdir()]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace before training; its validation labels are wrong: what is learnt makes the loss grow."""
    images, labels = digits(50, seed=1)
    folder = make_workspace(
        tmp_path_factory.mktemp("train"),
        SMALL,
        train=digits(200, seed=0),
        validation=(images, (labels + 5) % 10),
    )
    (folder / PROCESSED / "test-images.npy").write_text("Training must not look at this.")
    return folder


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("undisturbed") / "copy")
    ended = run_stage(folder, "train")
    assert ended.returncode == 0, ended.stderr
    assert epochs(ended) == [1, 2, 3, 4]
    return folder


@pytest.fixture(scope="module")
def killed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("killed") / "copy")
    assert run_killed(folder, IN_MID_EPOCH) == [1, 2]
    return folder


@pytest.fixture
def left(killed: Path, tmp_path: Path) -> Path:
    """What the killed training left behind, to go on from."""
    return shutil.copytree(killed, tmp_path / "copy")


def leave(folder: Path) -> None:
    """Leave everything as it is."""


def remove_the_results(folder: Path) -> None:
    """Remove what DVC removes before it runs the stage again."""
    shutil.rmtree(folder / paths.TRAINING_LOG)


def take_another_number_of_workers(folder: Path) -> None:
    write_parameters(folder, changed(SMALL, "runtime.workers", 3))


@pytest.mark.parametrize("prepare", [leave, remove_the_results, take_another_number_of_workers])
def test_a_killed_training_goes_on_to_the_same_bits(
    undisturbed: Path, left: Path, prepare: Callable[[Path], None]
) -> None:
    prepare(left)

    ended = run_stage(left, "train")

    assert epochs(ended) == [3, 4]
    assert results(left) == results(undisturbed)
    assert checkpoints(left) == checkpoints(undisturbed) == []


def test_a_training_killed_at_its_very_end_is_completed(
    undisturbed: Path, prepared: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(prepared, tmp_path / "copy")
    assert run_killed(folder, AT_THE_VERY_END) == [1, 2, 3, 4]
    remove_the_results(folder)

    ended = run_stage(folder, "train")

    assert epochs(ended) == []
    assert results(folder) == results(undisturbed)


def change_the_recipe(folder: Path) -> None:
    write_parameters(folder, changed(SMALL, "recipes.small.optimiser.learning_rate.rate", 0.01))


def change_the_data(folder: Path) -> None:
    images = np.load(folder / PROCESSED / "train-images.npy")
    images[0, 0, 0] ^= 1
    np.save(folder / PROCESSED / "train-images.npy", images)


def change_the_code(module: str, folder: Path) -> None:
    with (folder / module).open("a") as file:
        file.write("# changed\n")


@pytest.mark.parametrize(
    "change",
    [
        change_the_recipe,
        change_the_data,
        partial(change_the_code, "cnn/optimisers.py"),
        partial(change_the_code, "pipeline/images.py"),
        partial(change_the_code, "pipeline/recipes.py"),
    ],
)
def test_a_checkpoint_of_another_training_is_not_gone_on_from(
    left: Path, change: Callable[[Path], None]
) -> None:
    before = checkpoints(left)
    change(left)

    ended = run_stage(left, "train")

    assert epochs(ended) == [1, 2, 3, 4]
    assert checkpoints(left) == before


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


# A shell that starts the tests in the background has its children ignore Ctrl-C.
HEEDING_CTRL_C = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.alarm(120)  # ends the training, and with it the wait for what it says
os.execvp("python", ["python", "-m", "pipeline.train"])
"""


def test_ctrl_c_ends_in_one_sentence_and_leaves_the_checkpoint(prepared: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(prepared, tmp_path / "copy")
    write_parameters(folder, changed(SMALL, "recipes.small.train.epochs", 1_000_000))
    with start(folder, "python", "-c", HEEDING_CTRL_C) as process:
        assert process.stdout
        try:
            next(line for line in process.stdout if "epoch 3/1000000: learning rate" in line)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped. `dvc repro` goes on from here."
    assert "Traceback" not in said
    assert len(checkpoints(folder)) == 1
    assert not (folder / paths.MODEL).exists()


def diverge(folder: Path) -> None:
    data = changed(SMALL, "recipes.small.optimiser", {"optimiser": "SGD", "learning_rate": 1e20})
    write_parameters(folder, changed(data, "recipes.small.loss", {"loss": "MeanSquaredError"}))


def damage_the_checkpoint(folder: Path) -> None:
    [checkpoint] = (folder / paths.CHECKPOINTS).iterdir()
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (diverge, "error: Training diverged at step 2 of epoch 1"),
        (damage_the_checkpoint, "error: checkpoints"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_no_model(
    left: Path, damage: Callable[[Path], None], expected: str
) -> None:
    damage(left)

    ended = run_stage(left, "train")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(expected)
    assert "Traceback" not in ended.stderr
    assert not (left / paths.MODEL).exists()
