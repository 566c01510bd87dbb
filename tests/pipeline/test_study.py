"""Studies as a user carries them out: their files and what they say."""

import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

import cnn
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import files_digest
from pipeline.common.kernels import core_type
from pipeline.common.running import run_stage
from pipeline.study import repetition
from pipeline.study.__main__ import main, study
from pipeline.study.repetition import PROGRAM
from pipeline.study.results import add, begin, results_path
from tests.pipeline.small_study import DATA, IN_WORKER, PARAMETERS, PARTS
from tests.pipeline.workspace import PROCESSED, make_processed, run, start, write_parameters
from tests.refusals import assert_refuses


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return make_processed(folder, DATA, **PARTS)


def run_study(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "python", "-m", "pipeline.study", *arguments)


def assert_shown(study: dict[str, Any], said: str) -> None:
    """Check that the table on the terminal is of these results."""
    mean = 100 * study["summary"]["test_accuracy"]["mean"]
    assert f"│ {mean:.2f} │" in " ".join(said.split())


@pytest.mark.slow
def test_a_study_writes_json_and_a_table_and_repeats_no_finished_seed(
    cluster: LocalCluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shutil.copytree(folder, tmp_path / "copy")
    monkeypatch.chdir(own)
    scheduler = cluster.scheduler_address

    first = study(PARAMETERS, seeds=2, validation_only=False, scheduler=scheduler)
    second = run_study(own, "--recipe=small", f"--scheduler={scheduler}", "--seeds=3")
    results = json.loads((paths.STUDIES / "small.json").read_text())

    assert second.returncode == 0, second.stderr
    assert second.stdout.splitlines()[:2] == [
        f"Finished already, and not repeated: seeds 0, 1 ({paths.STUDIES / 'small.json'}).",
        "Seed 2 is finished.",
    ]
    assert results["seeds"][:2] == first["seeds"]  # times too
    digests = PROGRAM["code"], files_digest(PROCESSED.iterdir())
    assert [(one["seed"], one["code"], one["data"]) for one in results["seeds"]] == [
        (seed, *digests) for seed in range(3)
    ]
    assert_shown(results, second.stdout)


def test_finished_seeds_of_other_code_or_data_or_none_on_record_are_kept_and_named(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "copy"))
    origin = {"code": PROGRAM["code"], "data": files_digest(PROCESSED.iterdir())}
    begun, path = begin(PARAMETERS, "mnist-sample"), results_path("small", validation_only=True)
    for seed, made_with in enumerate(({}, origin, origin | {"code": "other"}, origin | {"data": "other"})):
        add(path, begun, {"seed": seed, "validation_accuracy": 0.5} | made_with)
    before = path.read_bytes()

    study(PARAMETERS, seeds=4, validation_only=True, scheduler=None)

    assert path.read_bytes() == before
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"Finished already, and not repeated: seeds 0, 1, 2, 3 ({path}).",
        "note: the code or the data of seeds 0, 2, 3 differ from those now, or are not on record; "
        "their results are kept, since the recipe is the same.",
    ]


def run_out_of_memory_with_seed_1() -> None:
    def run_out(report: repetition.Report, training: cnn.Training) -> None:
        if training.epoch == 2 and report._seed == 1:
            raise MemoryError("There is no room.")

    IN_WORKER.setattr(repetition.Report, "on_step_end", run_out)


@pytest.mark.slow
def test_whatever_befalls_a_seed_is_told_and_the_others_are_kept_and_shown(
    cluster: LocalCluster,
    spoilt: Client,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "copy"))
    spoilt.run(run_out_of_memory_with_seed_1)

    assert_refuses(
        lambda: study(PARAMETERS, seeds=3, validation_only=False, scheduler=cluster.scheduler_address),
        PipelineError,
        "seed 1: MemoryError: There is no room.",
    )

    results = json.loads((paths.STUDIES / "small.json").read_text())
    assert [result["seed"] for result in results["seeds"]] == [0, 2]
    assert_shown(results, capsys.readouterr().out)


@pytest.mark.slow
def test_a_study_on_validation_images_uses_no_others_and_starts_its_own_cluster(
    folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "copy")
    (own / PROCESSED / "test-images.npy").write_text("A study on validation images must not look at this.")

    ended = run_study(own, "--seeds=1", "--validation-only", "--kernels=native", "--set", "train.epochs=2")

    assert (ended.returncode, ended.stderr) == (0, "")
    [configuration] = json.loads((own / paths.TUNING / "small.json").read_text())
    [result] = configuration["seeds"]
    assert configuration["kernels"] == "native"
    assert configuration["parameters"]["train"]["epochs"] == 2
    assert result["machine"]["kernels"] == core_type("native") or core_type("native") is None
    assert not any(name.startswith("test") for name in result)


# A shell that starts the tests in the background has its children ignore Ctrl-C.
HEEDING_CTRL_C = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.alarm(120)  # ends the study, and with it the wait for what it says
os.execvp("python", ["python", "-m", "pipeline.study", "--seeds=500"])
"""


@pytest.mark.slow
def test_ctrl_c_ends_in_one_sentence_and_finished_seeds_are_kept_and_shown(
    folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "copy")
    with start(own, "python", "-c", HEEDING_CTRL_C) as process:
        assert process.stdout
        try:
            next(line for line in process.stdout if line == "Seed 1 is finished.\n")
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped. Finished seeds are kept, and the same command goes on."
    assert "Traceback" not in said
    results = json.loads((own / paths.STUDIES / "small.json").read_text())
    assert [result["seed"] for result in results["seeds"]][:2] == [0, 1]
    assert_shown(results, said)


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (["--seeds=0"], 2, "--seeds must be 1 or more, received 0"),
        (["--set=train.epochs=8"], 2, "--set needs --validation-only"),
        (["--recipe=smal"], 1, "There is no recipe 'smal': did you mean 'small'?"),
        (["--validation-only", "--set=train.epoch=8"], 1, "did you mean 'epochs'?"),
        ([], 1, f"There is no {PROCESSED / 'image-set.json'}: run `dvc repro` first."),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["study", *arguments])
    write_parameters(tmp_path, DATA)

    with pytest.raises(SystemExit) as ended:
        run_stage(main)

    assert ended.value.code == status
    assert named in capsys.readouterr().err
    assert not (tmp_path / "metrics").exists()
