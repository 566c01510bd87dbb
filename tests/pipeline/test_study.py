"""Studies on real worker processes of Dask, one of which starts its own cluster as a user does."""

import json
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

import cnn
from pipeline import paths, repetition
from pipeline.cluster import connected, repetitions
from pipeline.errors import PipelineError
from pipeline.images import Labelled, Normalisation
from pipeline.kernels import CHOICE, core_type
from pipeline.overrides import with_settings
from pipeline.params import Parameters, load_parameters
from pipeline.repetition import PROGRAM, Images, repeat_recipe
from pipeline.sheet import plain_style
from pipeline.stage import run_stage
from pipeline.study import main, study
from pipeline.study_plot import draw_study
from pipeline.themes import LIGHT
from tests.pipeline.workspace import (
    PROCESSED,
    changed,
    digits,
    make_workspace,
    run,
    small_parameters,
    start,
    write_parameters,
)
from tests.refusals import assert_refuses

DATA = changed(small_parameters(), "runtime.kernels", "portable")
TRAINING, VALIDATION, TEST = digits(200, seed=0), digits(100, seed=1), digits(130, seed=2)
IMAGES = Images(
    Normalisation("mnist-sample", 100.0, 60.0), Labelled(*TRAINING), Labelled(*VALIDATION), Labelled(*TEST)
)


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    return load_parameters(write_parameters(tmp_path_factory.mktemp("parameters"), DATA))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return make_workspace(folder, DATA, train=TRAINING, validation=VALIDATION, test=TEST)


def run_study(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "python", "-m", "pipeline.study", *arguments)


def measured(result: dict[str, Any] | PipelineError) -> dict[str, Any]:
    """Return what must be the same each time a seed is repeated."""
    assert isinstance(result, dict), result
    return {name: value for name, value in result.items() if name not in {"seconds", "machine"}}


@pytest.fixture(scope="module")
def undisturbed(client: Client, parameters: Parameters) -> dict[int, dict[str, Any]]:
    outcomes = dict(repetitions(client, parameters, IMAGES, [0, 1]))
    return {seed: measured(outcome) for seed, outcome in outcomes.items()}


def test_a_repetition_is_the_training_of_that_seed(
    undisturbed: dict[int, dict[str, Any]], folder: Path
) -> None:
    write_parameters(folder, changed(DATA, "recipes.small.train.seed", 1))

    for stage in ("train", "evaluate"):
        assert run(folder, "python", "-m", f"pipeline.{stage}").returncode == 0
    write_parameters(folder, DATA)

    evaluation = json.loads((folder / paths.EVALUATION).read_text())
    assert undisturbed[1]["seed"] == evaluation["seed"] == 1
    for name in ("accuracy", "errors", "loss"):
        assert undisturbed[1][f"test_{name}"] == evaluation[name]
    table = (folder / paths.TRAINING_LOG / "plots/metrics/validation/loss.tsv").read_text().splitlines()[1:]
    losses = [float(row.split("\t")[1]) for row in table]
    assert undisturbed[1]["validation_loss"] == min(losses) == losses[undisturbed[1]["epoch"] - 1]
    assert undisturbed[0] != undisturbed[1]


def test_a_study_writes_table_json_and_plot_and_repeats_no_finished_seed(
    cluster: LocalCluster,
    parameters: Parameters,
    undisturbed: dict[int, dict[str, Any]],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    scheduler = cluster.scheduler_address

    first = study(parameters, seeds=2, validation_only=False, scheduler=scheduler)
    second = run_study(folder, "--recipe=small", f"--scheduler={scheduler}", "--seeds=3")
    results = json.loads((paths.STUDIES / "small.json").read_text())

    assert second.returncode == 0, second.stderr
    assert [measured(result) for result in first["seeds"]] == [undisturbed[0], undisturbed[1]]
    assert second.stdout.splitlines()[:2] == [
        f"Finished already, and not repeated: seeds 0, 1 ({paths.STUDIES / 'small.json'}).",
        "Seed 2 is finished.",
    ]
    assert results["seeds"][:2] == first["seeds"]  # times too
    assert results["seeds"][2]["seed"] == 2
    mean = 100 * results["summary"]["test_accuracy"]["mean"]
    assert f"│ {mean:.2f} │" in " ".join(second.stdout.split())
    with plain_style(LIGHT):
        assert (paths.STUDIES / "small.svg").read_bytes() == draw_study(LIGHT, results).svg()


IN_WORKER = pytest.MonkeyPatch()


def die_in_mid_training() -> None:
    """Let this worker process kill itself in its next training; one that replaces it lives on."""

    def die(report: repetition.Report, training: cnn.Training) -> None:
        if (training.epoch, training.step) == (2, 3):
            os.kill(os.getpid(), signal.SIGKILL)

    IN_WORKER.setattr(repetition.Report, "on_step_end", die)


def take_other_kernels() -> None:
    IN_WORKER.setenv(CHOICE, "native")


def recover() -> None:
    IN_WORKER.undo()


@pytest.fixture
def spoilt(client: Client) -> Iterator[Client]:
    """The cluster's client, for a test that changes something in the workers."""
    yield client
    client.run(recover)


def test_workers_that_die_are_replaced_and_their_seeds_start_again(
    spoilt: Client, parameters: Parameters, undisturbed: dict[int, dict[str, Any]]
) -> None:
    doomed = set(spoilt.run(os.getpid).values())
    spoilt.run(die_in_mid_training)

    outcomes = dict(repetitions(spoilt, parameters, IMAGES, [0, 1]))

    assert {seed: measured(outcome) for seed, outcome in outcomes.items()} == undisturbed
    spoilt.wait_for_workers(2)
    assert len(doomed - set(spoilt.run(os.getpid).values())) > 0


def test_a_seed_whose_workers_keep_dying_is_given_up_in_one_sentence(
    cluster: LocalCluster, spoilt: Client, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    spoilt.run(die_in_mid_training)

    [(seed, outcome)] = repetitions(spoilt, parameters, IMAGES, [0])

    assert seed == 0
    assert isinstance(outcome, PipelineError)
    assert str(outcome).startswith("1 workers died with it, the last at tcp://127.0.0.1:")


def test_a_training_that_diverges_is_told_seed_by_seed(client: Client, parameters: Parameters) -> None:
    diverging = with_settings(
        parameters, ["optimiser={optimiser: SGD, learning_rate: 1e20}", "loss={loss: MeanSquaredError}"]
    )

    outcomes = dict(repetitions(client, diverging, IMAGES, [0, 1]))

    assert outcomes.keys() == {0, 1}
    for outcome in outcomes.values():
        assert isinstance(outcome, PipelineError)
        assert str(outcome).startswith("Training diverged at step 2 of epoch 1")


def test_a_worker_with_another_program_is_refused(client: Client, parameters: Parameters) -> None:
    other = PROGRAM | {"code": "of another commit"}

    assert_refuses(
        lambda: client.submit(repeat_recipe, parameters, IMAGES, other, "topic").result(),
        PipelineError,
        "The worker at tcp://127.0.0.1:",
        f"has code {PROGRAM['code']} instead of of another commit: install the same commit",
    )


def test_a_worker_with_other_kernels_is_refused(spoilt: Client, parameters: Parameters) -> None:
    spoilt.run(take_other_kernels)

    assert_refuses(
        lambda: spoilt.submit(repeat_recipe, parameters, IMAGES, PROGRAM, "topic").result(),
        PipelineError,
        "The worker at tcp://127.0.0.1:",
        "does not compute with portable kernels: start it with `CNN_KERNELS=portable dask worker",
    )


def test_a_scheduler_that_is_none_is_named() -> None:
    assert_refuses(
        lambda: connected("post://here", "portable").__enter__(),
        PipelineError,
        "There is no Dask scheduler at post://here: start one with `dask scheduler`",
    )


def test_a_scheduler_without_workers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with LocalCluster(n_workers=0, dashboard_address="localhost:0", silence_logs=logging.CRITICAL) as empty:
        address = empty.scheduler_address
        with connected(address, "portable") as client:
            assert client.scheduler_info()["workers"] == {}

    assert capsys.readouterr().err == f"note: {address} has no workers yet, the study waits for them.\n"


def test_a_study_on_validation_images_reads_no_others_and_starts_its_own_cluster(
    folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "copy")
    (own / PROCESSED / "test-images.npy").write_text("A study on validation images must not look at this.")

    ended = run_study(own, "--seeds=1", "--validation-only", "--kernels=native", "--set", "train.epochs=2")

    assert ended.returncode == 0, ended.stderr
    [configuration] = json.loads((own / paths.TUNING / "small.json").read_text())
    [result] = configuration["seeds"]
    assert configuration["kernels"] == "native"
    assert configuration["parameters"]["train"]["epochs"] == 2
    assert result["machine"]["kernels"] == core_type("native") or core_type("native") is None
    assert not any(name.startswith("test") for name in result)


# A shell that starts the tests in the background has its children ignore Ctrl-C.
HEEDING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("python", ["python", "-m", "pipeline.study", "--seeds=500", "--validation-only"])
"""


def test_ctrl_c_ends_in_one_sentence_and_keeps_finished_seeds(folder: Path, tmp_path: Path) -> None:
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
    [configuration] = json.loads((own / paths.TUNING / "small.json").read_text())
    assert [result["seed"] for result in configuration["seeds"]][:2] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (["--seeds=0"], 2, "--seeds must be 1 or more, received 0"),
        (["--set=train.epochs=8"], 2, "--set needs --validation-only"),
        (["--recipe=smal"], 1, "There is no recipe 'smal', did you mean 'small'?"),
        (["--validation-only", "--set=train.epoch=8"], 1, "did you mean 'epochs'?"),
        ([], 1, "There is no data/processed/mnist/normalisation.json: run `dvc repro` first."),
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
