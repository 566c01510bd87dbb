"""Repetitions on real worker processes of Dask, which may die or be of another kind."""

import json
import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

import cnn
from pipeline import evaluate, train
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import CHOICE, VARIABLE, core_type
from pipeline.study import repetition
from pipeline.study.cluster import connected, repetitions
from pipeline.study.repetition import PROGRAM, repeat_recipe
from tests.pipeline.small_study import DATA, IMAGES, IN_WORKER, PARAMETERS, PARTS
from tests.pipeline.workspace import changed, make_processed
from tests.refusals import assert_refuses

pytestmark = pytest.mark.slow  # each cluster takes seconds to start


def measured(result: dict[str, Any] | PipelineError) -> dict[str, Any]:
    """Return what must be the same each time a seed is repeated."""
    assert isinstance(result, dict), result
    return {name: value for name, value in result.items() if name not in {"seconds", "machine"}}


@pytest.fixture(scope="module")
def undisturbed(client: Client) -> dict[int, dict[str, Any]]:
    outcomes = dict(repetitions(client, PARAMETERS, IMAGES, [0, 1]))
    return {seed: measured(outcome) for seed, outcome in outcomes.items()}


def test_a_repetition_is_the_training_of_that_seed(
    undisturbed: dict[int, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_processed(tmp_path, changed(DATA, "recipes.small.train.seed", 1), **PARTS))

    train.main()
    evaluate.main()

    evaluation = json.loads(paths.EVALUATION.read_text())
    assert undisturbed[1]["seed"] == evaluation["seed"] == 1
    for name in ("accuracy", "errors", "loss"):
        assert undisturbed[1][f"test_{name}"] == evaluation[name]
    table = (paths.TRAINING_LOG / "plots/metrics/validation/loss.tsv").read_text().splitlines()[1:]
    losses = [float(row.split("\t")[1]) for row in table]
    assert undisturbed[1]["validation_loss"] == min(losses) == losses[undisturbed[1]["epoch"] - 1]
    assert undisturbed[0] != undisturbed[1]


def die_in_mid_training() -> None:
    """Let this worker process kill itself in its next training; one that replaces it lives on."""

    def die(report: repetition.Report, training: cnn.Training) -> None:
        if (training.epoch, training.step) == (2, 3):
            os.kill(os.getpid(), signal.SIGKILL)

    IN_WORKER.setattr(repetition.Report, "on_step_end", die)


def take_other_kernels() -> None:
    IN_WORKER.setenv(CHOICE, "native")


def test_workers_that_die_are_replaced_and_their_seeds_start_again(
    spoilt: Client, undisturbed: dict[int, dict[str, Any]]
) -> None:
    doomed = set(spoilt.run(os.getpid).values())
    spoilt.run(die_in_mid_training)

    outcomes = dict(repetitions(spoilt, PARAMETERS, IMAGES, [0, 1]))

    assert {seed: measured(outcome) for seed, outcome in outcomes.items()} == undisturbed
    spoilt.wait_for_workers(2)
    assert len(doomed - set(spoilt.run(os.getpid).values())) > 0


def test_a_seed_whose_workers_keep_dying_is_given_up_in_one_sentence(
    cluster: LocalCluster, spoilt: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    spoilt.run(die_in_mid_training)

    [(seed, outcome)] = repetitions(spoilt, PARAMETERS, IMAGES, [0])

    assert seed == 0
    assert isinstance(outcome, PipelineError)
    assert str(outcome).startswith("1 workers died with it, the last at tcp://127.0.0.1:")


def test_a_worker_with_another_program_is_refused(client: Client) -> None:
    other = PROGRAM | {"code": "of another commit"}

    assert_refuses(
        lambda: client.submit(repeat_recipe, PARAMETERS, IMAGES, other, "topic").result(),
        PipelineError,
        "The worker at tcp://127.0.0.1:",
        f"has code {PROGRAM['code']} instead of of another commit: install the same commit",
    )


def test_a_worker_with_other_kernels_is_refused(spoilt: Client) -> None:
    spoilt.run(take_other_kernels)

    assert_refuses(
        lambda: spoilt.submit(repeat_recipe, PARAMETERS, IMAGES, PROGRAM, "topic").result(),
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


def test_the_workers_of_a_cluster_started_here_have_the_kernels_and_this_process_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CHOICE, "portable")
    monkeypatch.setenv(VARIABLE, "Haswell")
    here = dict(os.environ)

    with connected(None, "native") as client:
        [found] = client.run(lambda: {name: os.environ.get(name) for name in (CHOICE, VARIABLE)}).values()

    assert found == {CHOICE: "native", VARIABLE: core_type("native") or "Haswell"}
    assert dict(os.environ) == here
