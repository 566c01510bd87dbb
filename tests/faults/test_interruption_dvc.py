"""Ctrl-C in a program that starts and in `dvc repro`, and a stage that outlives it."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.faults.counting import Tried
from tests.faults.moments import HEEDING_CTRL_C, TIMEOUT, Moment, Stages, remains
from tests.pipeline.clone import attempt, git_status
from tests.pipeline.workspace import before_training, run, small_parameters

FIRST_RESULT = Moment("result", 1, 10)
WITHIN = {
    "fetch": Moment("download", 2, 100),
    "preprocess": FIRST_RESULT,
    "train": Moment("step", 9),
    "evaluate": FIRST_RESULT,
    "figures": FIRST_RESULT,
}
REPRO = ("dvc", "repro", "--no-run-cache")


def remove_outputs(stages: Stages, stage: str) -> None:
    stages.remove_outputs(stage)
    if stage == "fetch":  # whose output DVC keeps
        shutil.rmtree(stages.clone / paths.RAW, ignore_errors=True)


def assert_completes(stages: Stages) -> None:
    ended = stages.run(*REPRO)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert git_status(stages.clone) == ""
    assert remains(stages.clone) == []


@pytest.mark.parametrize("program", [*WITHIN, "params", "predict", "study"])
def test_ctrl_c_while_modules_are_loaded_ends_with_a_sentence(
    tmp_path: Path, program: str, tried: Tried
) -> None:
    before_training(tmp_path, small_parameters())
    with (tmp_path / "cnn" / "__init__.py").open("a", encoding="utf-8") as module:
        module.write("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    there = sorted(tmp_path.rglob("*"))

    ended = run(tmp_path, "python", "-B", "-c", HEEDING_CTRL_C, "python", "-B", "-m", f"pipeline.{program}")

    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "\nstopped before it began; nothing has changed.\n"
    assert sorted(tmp_path.rglob("*")) == there
    tried("interruption", "ctrl-c-at-the-start")


@pytest.mark.slow
@pytest.mark.parametrize("stage", WITHIN)
def test_ctrl_c_ends_with_a_sentence_and_nothing_half_written(
    stages: Stages, stage: str, tried: Tried
) -> None:
    remove_outputs(stages, stage)

    with stages.held(*REPRO, moment=WITHIN[stage]) as process:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said, _ = process.communicate(timeout=TIMEOUT)

    assert process.returncode not in {0, -signal.SIGINT}
    assert "stopped. `dvc repro` goes on from here.\n" in said
    assert "Traceback" not in said
    assert remains(stages.clone) == []
    assert_completes(stages)
    if stage == "train":
        assert stages.steps()[0] == "2.1"
    tried("interruption", "ctrl-c")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["train", "figures"])
def test_a_stage_that_outlives_dvc_is_named_and_not_disturbed(
    stages: Stages, stage: str, tried: Tried
) -> None:
    remove_outputs(stages, stage)

    with stages.held(*REPRO, moment=WITHIN[stage]) as process:
        process.kill()
        process.wait(timeout=TIMEOUT)
        second = attempt(stages.clone, "dvc", "repro")
        running = (stages.clone / paths.RUNNING).read_text().split()
    process.communicate(timeout=TIMEOUT)  # until the stage has ended, too

    assert second.returncode != 0
    [refusal] = re.findall("^error: .*$", second.stderr, re.MULTILINE)
    assert refusal == (
        f"error: fetch cannot run while {stage} (process {running[0]}) runs in this folder: wait until that "
        f"has ended or end it by `kill {running[0]}`, then run `dvc repro` again."
    )
    assert running[1] == stage
    assert int(running[0]) != process.pid
    assert stages.log()[-1].startswith(f"{stage} wrote log")  # which is the last that a stage does
    assert_completes(stages)
    tried("interruption", "dvc-killed")
