"""Several programs at once in one folder: one waits or refuses, and nothing is damaged."""

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from pipeline.common import paths
from tests.faults.counting import Tried
from tests.faults.moments import TIMEOUT, Moment, Stages, remains
from tests.faults.tables import faults
from tests.faults.test_interruption_dvc import REPRO, WITHIN, assert_completes, remove_outputs
from tests.pipeline.clone import TEST, attempt, git_status, surroundings

PREDICT = ("python", "-m", "pipeline.predict", "--json", "digit.png")
NO_MODEL = "error: There is no trained model at models/model.npz: run `dvc repro` first.\n"


def test_every_fault_of_the_table_is_tried() -> None:
    assert faults("concurrency") == [
        "repro-beside-repro",
        "repros-together",
        "stage-beside-stage",
        "predict-beside-train",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["fetch", "train", "figures"])
def test_a_second_repro_is_refused_and_the_first_completes(stages: Stages, stage: str, tried: Tried) -> None:
    remove_outputs(stages, stage)

    with stages.held(*REPRO, moment=WITHIN[stage]) as first:
        second = attempt(stages.clone, "dvc", "repro")
        process, running = (stages.clone / paths.RUNNING).read_text().split()
    said, _ = first.communicate(timeout=TIMEOUT)

    assert running == stage
    assert second.returncode != 0
    if stage == "fetch":  # DVC itself keeps others from the same stage
        assert "data/raw/mnist' is busy, it is being blocked by:" in second.stderr
        assert f"(PID {first.pid}): " in second.stderr
    else:
        assert f"fetch cannot run while {stage} (process {process}) runs in this folder" in second.stderr
    assert first.returncode == 0, said
    assert git_status(stages.clone) == ""
    assert remains(stages.clone) == []
    tried("concurrency", "repro-beside-repro")


@pytest.mark.slow
def test_two_repros_at_once_leave_what_one_leaves(stages: Stages, tried: Tried) -> None:
    stages.remove_outputs("preprocess")

    with stages.started(*REPRO) as one, stages.started(*REPRO) as other:
        said = [process.communicate(timeout=TIMEOUT)[0] for process in (one, other)]

    for process, text in zip((one, other), said, strict=True):
        refused = any(
            part in text
            for part in ("Unable to acquire lock", "is busy, it is being blocked", "cannot run while")
        )
        assert (process.returncode == 0) != refused, text
    assert_completes(stages)
    tried("concurrency", "repros-together")


@pytest.mark.slow
@pytest.mark.parametrize("second", ["train", "evaluate"])
def test_a_second_stage_is_refused_and_the_first_completes(stages: Stages, second: str, tried: Tried) -> None:
    with stages.held("python", "-m", "pipeline.train", moment=WITHIN["train"]) as first:
        refused = attempt(stages.clone, "python", "-m", f"pipeline.{second}")
    said, _ = first.communicate(timeout=TIMEOUT)

    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: {second} cannot run while train (process {first.pid}) runs in this folder: wait until that "
        f"has ended or end it by `kill {first.pid}`, then run `dvc repro` again.\n"
    )
    assert first.returncode == 0, said
    assert git_status(stages.clone) == ""
    tried("concurrency", "stage-beside-stage")


@pytest.fixture
def picture(clone: Path) -> None:
    Image.fromarray(255 - TEST[0][7]).resize((200, 200)).save(clone / "digit.png")


def predict_twice(clone: Path) -> list[tuple[int, str, str]]:
    """Return how two predictions at once end, and what they say."""
    both = [
        subprocess.Popen(
            PREDICT,
            cwd=clone,
            env=surroundings(clone),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=TIMEOUT) for process in both]
    return [(process.returncode, *texts) for process, texts in zip(both, said, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [WITHIN["train"], Moment("model", 1, 1000)], ids=["training", "saving"])
def test_predictions_while_the_model_is_trained_anew_are_by_the_former_one(
    stages: Stages, picture: None, moment: Moment, tried: Tried
) -> None:
    alone = attempt(stages.clone, *PREDICT)
    assert len(json.loads(alone.stdout)[0]["probabilities"]) == 10
    model = (stages.clone / paths.MODEL).read_bytes()

    with stages.held("python", "-m", "pipeline.train", moment=moment) as training:
        found = predict_twice(stages.clone)
    said, _ = training.communicate(timeout=TIMEOUT)

    assert found == [(0, alone.stdout, alone.stderr)] * 2
    assert training.returncode == 0, said
    assert (stages.clone / paths.MODEL).read_bytes() == model
    tried("concurrency", "predict-beside-train", cases=2)


@pytest.mark.slow
def test_predictions_while_repro_trains_find_no_model(stages: Stages, picture: None, tried: Tried) -> None:
    stages.remove_outputs("train")

    with stages.held(*REPRO, moment=WITHIN["train"]) as repro:
        found = predict_twice(stages.clone)
    said, _ = repro.communicate(timeout=TIMEOUT)

    assert found == [(1, "", NO_MODEL)] * 2
    assert repro.returncode == 0, said
    assert git_status(stages.clone) == "?? digit.png\n"
    tried("concurrency", "predict-beside-train", cases=2)
