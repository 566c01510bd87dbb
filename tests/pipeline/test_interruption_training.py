"""What a training goes on from when it was killed, and what it does not."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from pipeline.common import paths
from tests.pipeline.moments import Moment, Stages
from tests.pipeline.workspace import (
    PROCESSED,
    before_training,
    changed,
    run_stage,
    small_parameters,
    write_parameters,
)

SMALL = small_parameters()
EPOCHS, STEPS = 4, 4


def steps(epochs: Iterable[int]) -> list[str]:
    return [f"{epoch}.{step}" for epoch in epochs for step in range(1, STEPS + 1)]


def results(folder: Path) -> dict[str, bytes]:
    """Return all files that DVC or git track of a training."""
    files = [folder / paths.MODEL, *(folder / paths.TRAINING_LOG).rglob("*.*")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def checkpoints(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / paths.CHECKPOINTS).iterdir()}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training whose best epoch is its first."""
    return before_training(tmp_path_factory.mktemp("train"), SMALL)


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("undisturbed") / "copy")
    ended = run_stage(folder, "train")
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def killed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was killed in its third epoch."""
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("killed") / "copy")
    stages = Stages(folder)
    stages.kill("train", Moment("step", 2 * STEPS + 3))
    assert stages.steps() == steps([1, 2, 3])[:-1]
    assert len(checkpoints(folder)) == 1
    return folder


@pytest.fixture
def left(killed: Path, tmp_path: Path) -> Stages:
    """What the killed training left behind, to go on from."""
    return Stages(shutil.copytree(killed, tmp_path / "copy"))


def test_a_killed_training_goes_on_to_the_same_bits(undisturbed: Path, left: Stages) -> None:
    """DVC removes results before it runs the stage again; the number of workers makes no difference."""
    shutil.rmtree(left.clone / paths.TRAINING_LOG)
    write_parameters(left.clone, changed(SMALL, "runtime.workers", 3))

    ended = left.run("python", "-m", "pipeline.train")

    assert ended.returncode == 0, ended.stderr
    assert left.steps() == steps([3, 4])
    assert results(left.clone) == results(undisturbed)
    assert checkpoints(left.clone) == checkpoints(undisturbed) == {}


def change_the_recipe(folder: Path) -> None:
    write_parameters(folder, changed(SMALL, "recipes.small.optimiser.learning_rate.peak", 0.01))


def change_the_data(folder: Path) -> None:
    images = np.load(folder / PROCESSED / "train-images.npy")
    images[0, 0, 0] ^= 1
    np.save(folder / PROCESSED / "train-images.npy", images)


def change_the_code(folder: Path) -> None:
    with (folder / "cnn" / "optimisers.py").open("a") as file:
        file.write("CHANGED = True\n")


@pytest.mark.slow
@pytest.mark.parametrize("change", [change_the_recipe, change_the_data, change_the_code])
def test_a_checkpoint_of_another_training_is_not_gone_on_from(
    left: Stages, change: Callable[[Path], None]
) -> None:
    before = checkpoints(left.clone)
    change(left.clone)

    ended = left.run("python", "-m", "pipeline.train")

    assert ended.returncode == 0, ended.stderr
    assert left.steps() == steps(range(1, EPOCHS + 1))
    assert checkpoints(left.clone) == before


def test_a_damaged_checkpoint_is_named_and_no_model_is_made_of_it(left: Stages) -> None:
    [checkpoint] = (left.clone / paths.CHECKPOINTS).iterdir()
    damaged = checkpoint.read_bytes()[:-100]
    checkpoint.write_bytes(damaged)

    ended = left.run("python", "-m", "pipeline.train")

    assert ended.returncode == 1
    said = ended.stderr.splitlines()[-1]
    assert said.startswith(
        f"error: {checkpoint.relative_to(left.clone)} is damaged, delete it to train afresh: "
    )
    assert "Traceback" not in ended.stderr
    assert left.steps() == []
    assert checkpoint.read_bytes() == damaged
    assert not (left.clone / paths.MODEL).exists()
