"""Ctrl-C, a stage that outlives `dvc repro`, and several programs at once in one folder."""

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from pipeline import evaluate
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.running import run_stage
from pipeline.predict import Prediction, predict
from tests.pipeline.clone import TEST, attempt, git_status
from tests.pipeline.moments import HEEDING_CTRL_C, TIMEOUT, Moment, Stages, remains
from tests.pipeline.workspace import run
from tests.refusals import assert_refuses

REPRO = ("dvc", "repro", "--no-run-cache", "train")
TRAIN = ("python", "-m", "pipeline.train")
WITHIN = Moment("step", 9)


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to the whole console")
def test_ctrl_c_while_modules_are_loaded_ends_the_program_and_changes_nothing(tmp_path: Path) -> None:
    """A library stands in for `cnn` that ends the program by the time it is loaded."""
    (tmp_path / "cnn").mkdir()
    (tmp_path / "cnn" / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    there = sorted(tmp_path.rglob("*"))

    ended = run(tmp_path, "python", "-B", "-c", HEEDING_CTRL_C, "python", "-B", "-m", "pipeline.train")

    assert ended.returncode in {130, -signal.SIGINT}
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.slow
def test_a_training_survives_ctrl_c_a_second_repro_and_the_death_of_dvc(stages: Stages) -> None:
    stages.remove_outputs("train")

    with stages.held(*REPRO, moment=WITHIN) as first:
        refused_beside_train(stages, dvc=first.pid)
        os.killpg(first.pid, signal.SIGINT)  # as a terminal does
        said, _ = first.communicate(timeout=TIMEOUT)
    assert first.returncode not in {0, -signal.SIGINT}
    assert "stopped. `dvc repro` goes on from here.\n" in said
    assert "Traceback" not in said
    assert remains(stages.clone) == []

    with stages.held(*REPRO, moment=WITHIN) as first:
        assert stages.steps()[0] == "2.1"
        first.kill()  # DVC alone
        first.wait(timeout=TIMEOUT)
        refused_beside_train(stages)
    first.communicate(timeout=TIMEOUT)  # until the stage has ended, too
    assert stages.log()[-1].startswith("train wrote log")  # which is the last that a stage does

    ended = stages.run(*REPRO)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert git_status(stages.clone) == ""


def refused_beside_train(stages: Stages, dvc: int | None = None) -> None:
    """Check that a second `dvc repro` names the training, or the DVC that still runs it."""
    second = attempt(stages.clone, "dvc", "repro")
    process, running = (stages.clone / paths.RUNNING).read_text().split()
    assert running == "train"
    assert second.returncode != 0
    refused = re.search(
        rf"^error: \w+ cannot run while train \(process {process}\) runs in this folder: wait until .* ended "
        rf"or end it by `kill {process}`, then run `dvc repro` again\.$",
        second.stderr,
        re.MULTILINE,
    )
    assert refused or f"(PID {dvc}): " in second.stderr


@pytest.mark.slow
def test_two_repros_at_once_leave_what_one_leaves(stages: Stages) -> None:
    shutil.rmtree(stages.clone / paths.RAW / "mnist")
    stages.remove_outputs("preprocess")
    repro = ("dvc", "repro", "--no-run-cache", "preprocess")

    with stages.started(*repro) as one, stages.started(*repro) as other:
        said = [process.communicate(timeout=TIMEOUT)[0] for process in (one, other)]

    for process, text in zip((one, other), said, strict=True):
        refused = any(
            part in text
            for part in ("Unable to acquire lock", "is busy, it is being blocked", "cannot run while")
        )
        assert (process.returncode == 0) != refused, text
    assert stages.run(*repro).returncode == 0
    assert git_status(stages.clone) == ""
    assert remains(stages.clone) == []


@pytest.mark.slow
def test_beside_a_training_another_stage_is_refused_and_predictions_use_the_former_model(
    stages: Stages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(stages.clone)
    Image.fromarray(255 - TEST[0][7]).resize((200, 200)).save("digit.png")
    alone, model = probabilities(), paths.MODEL.read_bytes()

    with stages.held(*TRAIN, moment=Moment("model", 1, 1000)) as training:
        with pytest.raises(SystemExit, match="1"):
            run_stage(evaluate.main, stage="evaluate")
        assert probabilities() == alone
        paths.MODEL.unlink()  # as DVC does before it runs the stage
        assert_refuses(probabilities, PipelineError, "no trained model at models/model.npz: run `dvc repro`")
    said, _ = training.communicate(timeout=TIMEOUT)

    refused = f"error: evaluate cannot run while train (process {training.pid}) runs in "
    assert capsys.readouterr().err.startswith(refused)
    assert training.returncode == 0, said
    assert paths.MODEL.read_bytes() == model


def probabilities() -> list[dict[str, float]]:
    """Return what the network makes of a picture of noise, in which something like digits is found."""
    [answer] = predict([Path("digit.png")])
    assert isinstance(answer, Prediction)
    assert answer.readings
    return [dict(reading.probabilities) for reading in answer.readings]
