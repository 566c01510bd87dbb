"""The whole pipeline by `dvc repro`, in a clone of the repository with a small data set and small recipes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.common import paths
from tests.pipeline.clone import PARAMETERS, call, first_copy, git_status, stages_run
from tests.pipeline.workspace import STAGES, changed, link_environment, listed, write_parameters

pytestmark = pytest.mark.slow
ALWAYS = ["fetch", "code"]


def evaluation(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / paths.EVALUATION).read_text())
    return found


def test_the_first_run_goes_to_its_end_and_git_tracks_the_metrics_only(first_run: tuple[Path, str]) -> None:
    clone, said = first_run
    tracked = call(clone, "git", "ls-files").splitlines()

    assert stages_run(said) == list(STAGES)
    for stage in STAGES:
        for kind in ("outs", "metrics", "plots"):
            for name in listed(stage, kind):
                path = name.replace("${data.dataset}", "mnist")
                assert (clone / path).exists(), path
                in_git = any(file == path or file.startswith(f"{path}/") for file in tracked)
                assert in_git is (kind != "outs"), path
    assert evaluation(clone)["dataset"] == "mnist"
    assert evaluation(clone)["images"] == 100


def test_a_zip_of_the_repository_runs_all_stages_without_git(tmp_path: Path) -> None:
    folder = first_copy(tmp_path)
    link_environment(folder)

    said = call(folder, "make", "repro")

    assert stages_run(said) == list(STAGES)
    assert "\nThis folder is no clone, so DVC works without git: " in said
    assert evaluation(folder)["images"] == 100


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_second_run_with_other_words_in_the_code_changes_nothing(clone: Path) -> None:
    edit(clone / "pipeline" / "train.py", '"""The train stage', '# A comment.\n\n"""A train stage')

    assert stages_run(call(clone, "dvc", "repro")) == ALWAYS
    assert git_status(clone) == " M pipeline/train.py\n"


def test_a_changed_type_of_the_figures_reruns_no_training(clone: Path) -> None:
    edit(clone / "lessons" / "params.py", "le=1000", "le=999")

    assert stages_run(call(clone, "dvc", "repro", "evaluate")) == ALWAYS
    digests = {f"{paths.CODE}/figures.txt": "modified"}
    assert {"changed deps": digests} in json.loads(call(clone, "dvc", "status", "--json", "figures"))[
        "figures"
    ]


def test_a_changed_parameter_reruns_what_depends_on_it_and_nothing_else(clone: Path) -> None:
    data = PARAMETERS
    for location, value in {
        "recipes.other.train.epochs": 9,
        "runtime.workers": 1,
        "evaluate.hardest": 3,
    }.items():
        data = changed(data, location, value)
    write_parameters(clone, data)

    assert stages_run(call(clone, "dvc", "repro", "evaluate")) == [*ALWAYS, "evaluate"]


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
    assert stages_run(said) == [*ALWAYS, "train", "evaluate"]
    assert after["recipe"] == "other"
    assert json.loads((clone / paths.TRAINING_LOG / "metrics.json").read_text())["step"] == 1
    difference = json.loads(call(clone, "dvc", "metrics", "diff", "--json"))[str(paths.EVALUATION)]["loss"]
    assert (difference["old"], difference["new"]) == (before["loss"], after["loss"])
    assert before["loss"] != after["loss"]


def test_the_sample_stands_in_until_a_mirror_answers(clone: Path) -> None:
    shutil.rmtree(clone / paths.RAW / "mnist")
    mirror = clone.parent / "mirror"
    mirror.rename(mirror.with_name("out of reach"))

    said = call(clone, "dvc", "repro", "evaluate")
    assert stages_run(said) == [*ALWAYS, "preprocess", "train", "evaluate"]
    assert (evaluation(clone)["dataset"], evaluation(clone)["images"]) == ("mnist-sample", 1000)

    mirror.with_name("out of reach").rename(mirror)
    call(clone, "dvc", "repro", "evaluate")
    assert evaluation(clone)["dataset"] == "mnist"
    assert git_status(clone) == ""
