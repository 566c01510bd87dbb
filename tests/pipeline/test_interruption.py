"""Stages and `dvc repro` are killed by `kill -9`; the next run must end as if nothing had happened."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.pipeline.clone import git_status
from tests.pipeline.moments import TIMEOUT, Moment, Stages, remains
from tests.pipeline.workspace import listed

EPOCHS, STEPS = 4, 6  # of the clone's recipe
END = 10**9  # a byte beyond the end of any file
REPRO = ("dvc", "repro", "--no-run-cache", "evaluate")


def outputs(clone: Path, stage: str) -> dict[str, bytes]:
    """Return all that a stage has left for others, except DVCLive's tables."""
    kinds = ("outs",) if stage == "train" else ("outs", "metrics", "plots")
    paths_left = [
        clone / name.replace("${data.dataset}", "mnist") for kind in kinds for name in listed(stage, kind)
    ]
    files = [file for path in paths_left for file in ([path] if path.is_file() else path.rglob("*"))]
    return {str(file.relative_to(clone)): file.read_bytes() for file in files if file.is_file()}


def steps(first: str, last: str) -> list[str]:
    """Return the steps from one to another, such as `2.1` to `4.6`."""
    every = [f"{epoch}.{step}" for epoch in range(1, EPOCHS + 1) for step in range(1, STEPS + 1)]
    return every[every.index(first) : every.index(last) + 1]


@pytest.mark.slow
def test_a_killed_pipeline_ends_as_one_that_was_never_disturbed(stages: Stages) -> None:
    kill_figures(stages)
    kill_downloads(stages)
    kill_while_writing(stages, "preprocess", Moment("result", 2, 1000))
    kill_while_writing(stages, "evaluate", Moment("result", 2, 10))
    kill_trainings(stages)
    kill_from_outside(stages)

    ended = stages.run(*REPRO)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert stages.steps() == []  # the last checkpoint had all of them
    assert git_status(stages.clone) == ""
    assert remains(stages.clone) == []
    assert list((stages.clone / paths.CHECKPOINTS).iterdir()) == []


def kill_figures(stages: Stages) -> None:
    before = outputs(stages.clone, "figures")
    stages.kill("figures", Moment("result", 3, 100))
    assert outputs(stages.clone, "figures") == before


def kill_from_outside(stages: Stages) -> None:
    """Kill `dvc repro` and its stage together."""
    with stages.held(*REPRO, "--force", moment=Moment("result", 2)) as dvc:
        os.killpg(dvc.pid, signal.SIGKILL)
        dvc.communicate(timeout=TIMEOUT)


def kill_downloads(stages: Stages) -> None:
    """Kill the first and the third download: whole files are kept, and no unverified file gets its name."""
    waiting = stages.clone / paths.RAW / ".mnist.partial"
    shutil.rmtree(stages.clone / paths.RAW / "mnist", ignore_errors=True)
    for moment, whole in ((Moment("download", 1, 100), 0), (Moment("download", 3, END), 2)):
        landed = stages.kill("fetch", moment)
        assert landed.startswith("download data/raw/.mnist.partial/")
        assert len([path for path in waiting.iterdir() if path.suffix != ".part"]) == whole
        assert not (stages.clone / paths.RAW / "mnist").exists()
    assert stages.run("python", "-m", "pipeline.fetch").returncode == 0


def kill_while_writing(stages: Stages, stage: str, moment: Moment) -> None:
    """Kill a stage while it writes a file: each file is there as a whole or not at all."""
    before = outputs(stages.clone, stage)
    stages.remove_outputs(stage)
    stages.kill(stage, moment)
    assert outputs(stages.clone, stage).items() <= before.items()
    assert remains(stages.clone) != []
    if stage == "preprocess":
        assert outputs(stages.clone, stage) == {}
        assert stages.run("python", "-m", "pipeline.preprocess").returncode == 0
        assert outputs(stages.clone, stage).items() == before.items()


def kill_trainings(stages: Stages) -> None:
    """Kill a training in its epochs, its checkpoints and its model: it goes on from the last checkpoint."""
    stages.remove_outputs("train")
    for moment, taken in (
        (Moment("step", 9), steps("1.1", "2.3")),
        (Moment("checkpoint", 2, 1000), steps("2.1", "3.6")),
        (Moment("model", 1, 1000), steps("3.1", "4.6")),
    ):
        landed = stages.kill("train", moment)
        assert landed.startswith(moment.kind)
        assert stages.steps() == taken
        assert not (stages.clone / paths.MODEL).exists()
