"""What a training goes on from when it was killed, and what it does not."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

import cnn
from pipeline import train
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from tests.pipeline.moments import Moment, Stages
from tests.pipeline.workspace import PROCESSED, before_training, changed, small_parameters, write_parameters
from tests.refusals import assert_refuses

SMALL = small_parameters()
EPOCHS, STEPS = 4, 4


def steps(epochs: Iterable[int]) -> list[str]:
    return [f"{epoch}.{step}" for epoch in epochs for step in range(1, STEPS + 1)]


def results(folder: Path) -> dict[str, bytes]:
    """Return all files that DVC or git track of a training."""
    files = [folder / paths.MODEL, *(folder / paths.TRAINING_LOG).rglob("*.*")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was killed in its third epoch."""
    folder = before_training(tmp_path_factory.mktemp("killed") / "folder", SMALL)
    stages = Stages(folder)
    stages.kill("train", Moment("step", 2 * STEPS + 3))
    assert stages.steps() == steps([1, 2, 3])[:-1]
    return folder


@pytest.fixture
def checkpoint(killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint of the killed training, in a copy of its folder to go on from."""
    monkeypatch.chdir(shutil.copytree(killed, tmp_path / "copy"))
    [checkpoint] = paths.CHECKPOINTS.iterdir()
    return checkpoint


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that trainings take."""
    taken: list[str] = []
    usual = cnn.ProgressBar.on_step_end

    def on_step_end(bar: cnn.ProgressBar, training: cnn.Training) -> None:
        usual(bar, training)
        taken.append(f"{training.epoch + 1}.{training.step}")

    monkeypatch.setattr(cnn.ProgressBar, "on_step_end", on_step_end)
    return taken


def test_a_killed_training_goes_on_to_the_same_bits(
    trained: Path, checkpoint: Path, taken: list[str]
) -> None:
    """DVC removes results before it runs the stage again; the number of workers makes no difference."""
    shutil.rmtree(paths.TRAINING_LOG)
    write_parameters(Path(), changed(SMALL, "runtime.workers", 3))

    train.main()

    assert taken == steps([3, 4])
    assert results(Path()) == results(trained)
    assert not checkpoint.exists()
    assert list((trained / paths.CHECKPOINTS).iterdir()) == []


def change_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    write_parameters(Path(), changed(SMALL, "recipes.small.optimiser.learning_rate.peak", 0.01))


def change_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.load(PROCESSED / "train-images.npy")
    images[0, 0, 0] ^= 1
    np.save(PROCESSED / "train-images.npy", images)


def change_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes this digest is in `test_code.py`."""
    monkeypatch.setattr(train, "code_digest", lambda module: f"other code behind {module}")


@pytest.mark.parametrize("change", [change_the_recipe, change_the_data, change_the_code])
def test_a_checkpoint_of_another_training_is_not_used(
    checkpoint: Path,
    taken: list[str],
    change: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = checkpoint.read_bytes()
    change(monkeypatch)

    train.main()

    assert taken == steps(range(1, EPOCHS + 1))
    assert list(paths.CHECKPOINTS.iterdir()) == [checkpoint]
    assert checkpoint.read_bytes() == before


def test_a_damaged_checkpoint_is_named_and_no_model_is_made_of_it(checkpoint: Path, taken: list[str]) -> None:
    damaged = checkpoint.read_bytes()[:-100]
    checkpoint.write_bytes(damaged)

    assert_refuses(train.main, PipelineError, f"{checkpoint} is damaged, delete it to train afresh: ")
    assert taken == []
    assert checkpoint.read_bytes() == damaged
    assert not paths.MODEL.exists()
