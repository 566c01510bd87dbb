"""The whole pipeline by `dvc repro`, in a clone of the repository with a small data set and small recipes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.common import paths
from tests.pipeline.clone import PARAMETERS, call, git_status, stages_run
from tests.pipeline.test_dvc import STAGES, listed
from tests.pipeline.workspace import changed, write_parameters


def evaluation(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / paths.EVALUATION).read_text())
    return found


def test_the_first_run_goes_to_its_end_and_writes_everything(first_run: tuple[Path, str]) -> None:
    clone, said = first_run

    assert stages_run(said) == list(STAGES)
    for stage in STAGES:
        for kind in ("outs", "metrics", "plots"):
            for path in listed(stage, kind):
                assert (clone / path.replace("${data.dataset}", "mnist")).exists(), path
    assert evaluation(clone)["dataset"] == "mnist"
    assert evaluation(clone)["images"] == 100


def test_a_second_run_only_checks_the_data_and_changes_nothing(clone: Path) -> None:
    shutil.rmtree(clone / "cnn" / "__pycache__")  # which the first run left, and a fresh clone has not

    assert json.loads(call(clone, "dvc", "status", "--json")) == {"fetch": ["always changed"]}
    assert stages_run(call(clone, "dvc", "repro")) == ["fetch"]
    assert git_status(clone) == ""


def test_git_tracks_the_metrics_and_none_of_the_outputs(first_run: tuple[Path, str]) -> None:
    clone, _ = first_run
    tracked = call(clone, "git", "ls-files").splitlines()

    for stage in STAGES:
        for out in listed(stage, "outs"):
            assert not any(path.startswith(out.replace("${data.dataset}", "mnist")) for path in tracked), out
        for kind in ("metrics", "plots"):
            for path in listed(stage, kind):
                assert any(name == path or name.startswith(f"{path}/") for name in tracked), path


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"recipes.other.train.epochs": 9, "runtime.workers": 1}, ["fetch"]),
        ({"evaluate.hardest": 3}, ["fetch", "evaluate"]),
        ({"recipes.small.train.epochs": 2}, ["fetch", "train", "evaluate"]),
    ],
)
def test_a_changed_parameter_reruns_what_depends_on_it(
    clone: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    data = PARAMETERS
    for place, value in changes.items():
        data = changed(data, place, value)
    write_parameters(clone, data)

    assert stages_run(call(clone, "dvc", "repro", "evaluate")) == expected


def test_metrics_and_plots_can_be_shown(clone: Path) -> None:
    shown = json.loads(call(clone, "dvc", "metrics", "show", "--json"))[""]["data"]
    for path in (paths.EVALUATION, paths.TRAINING_LOG / "metrics.json"):
        assert shown[str(path)]["data"] == json.loads((clone / path).read_text())

    page = call(clone, "dvc", "plots", "show").strip().removeprefix("file://")
    drawn = Path(page).read_text()
    table = clone / paths.TRAINING_LOG / "plots" / "metrics" / "validation" / "loss.tsv"
    for row in table.read_text().splitlines()[1:]:
        assert row.split("\t")[1] in drawn
    assert git_status(clone) == ""


def test_an_experiment_takes_recipe_and_parameters_from_the_command_line(clone: Path) -> None:
    before = evaluation(clone)
    changes = ["-S", "recipe=other", "-S", "recipes.other.train.epochs=1"]

    said = call(clone, "dvc", "exp", "run", *changes, "evaluate")

    after = evaluation(clone)
    assert stages_run(said) == ["fetch", "train", "evaluate"]
    assert after["recipe"] == "other"
    assert json.loads((clone / paths.TRAINING_LOG / "metrics.json").read_text())["step"] == 1
    difference = json.loads(call(clone, "dvc", "metrics", "diff", "--json"))[str(paths.EVALUATION)]["loss"]
    assert (difference["old"], difference["new"]) == (before["loss"], after["loss"])
    assert before["loss"] != after["loss"]


@pytest.mark.slow
def test_the_sample_stands_in_until_a_mirror_answers(clone: Path) -> None:
    shutil.rmtree(clone / paths.RAW / "mnist")
    mirror = clone.parent / "mirror"
    mirror.rename(mirror.with_name("out of reach"))

    said = call(clone, "dvc", "repro", "evaluate")
    assert stages_run(said) == ["fetch", "preprocess", "train", "evaluate"]
    assert (evaluation(clone)["dataset"], evaluation(clone)["images"]) == ("mnist-sample", 1000)

    mirror.with_name("out of reach").rename(mirror)
    call(clone, "dvc", "repro", "evaluate")
    assert evaluation(clone)["dataset"] == "mnist"
    assert git_status(clone) == ""
