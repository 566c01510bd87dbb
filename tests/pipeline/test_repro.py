"""The whole pipeline by `dvc repro`, in a clone of the repository with a small data set and small recipes."""

import gzip
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline import paths
from pipeline.datasets import MNIST
from pipeline.idx import write_idx
from tests.pipeline.test_dvc import STAGES, listed
from tests.pipeline.workspace import ROOT, changed, digits, run, small_parameters, write_parameters

PARAMETERS = small_parameters()
TRAIN, TEST = digits(300, seed=0), digits(100, seed=1)

SMALL_DATA_SET = """
from dataclasses import replace

FACTS = {facts!r}
FILES = {{key: IdxFile(*FACTS[file.name]) for key, file in MNIST.files.items()}}
MNIST = replace(MNIST, mirrors=(), files=FILES)
DATASETS["mnist"] = MNIST
"""


def call(folder: Path, *command: str) -> str:
    """Run a command that must succeed, away from the user's own settings, and return what it said."""
    beside = folder.parent
    ended = run(
        folder,
        *command,
        CNN_DATA_MIRROR=str(beside / "mirror"),
        DVC_SITE_CACHE_DIR=str(beside / "site"),
        DVC_GLOBAL_CONFIG_DIR=str(beside / "global"),
        DVC_SYSTEM_CONFIG_DIR=str(beside / "system"),
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)':$", output, re.MULTILINE)


def evaluation(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / paths.EVALUATION).read_text())
    return found


def put_on_mirror(mirror: Path) -> dict[str, tuple[str, int, str]]:
    """Put the small data set on a mirror; return name, size and digest of each of its files."""
    facts = {}
    (mirror / "mnist").mkdir(parents=True)
    for (split, kind), file in MNIST.files.items():
        images, labels = {"train": TRAIN, "test": TEST}[split]
        write_idx(mirror / "idx", {"images": images, "labels": labels}[kind])
        content = (mirror / "idx").read_bytes()
        (mirror / "mnist" / f"{file.name}.gz").write_bytes(gzip.compress(content))
        facts[file.name] = (file.name, len(content), hashlib.sha256(content).hexdigest())
    return facts


def copy_work_tree(destination: Path) -> None:
    """Copy what git tracks or would track, except the results of the full data set."""
    for name in run(ROOT, "git", "ls-files", "-co", "--exclude-standard", "-z").stdout.split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith(("metrics/", "dvc.lock")):
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A clone after its first `dvc repro`, all committed, and what that said."""
    beside = tmp_path_factory.mktemp("repro")
    clone = beside / "clone"
    copy_work_tree(clone)
    write_parameters(clone, PARAMETERS)
    with (clone / "pipeline" / "datasets.py").open("a") as file:
        file.write(SMALL_DATA_SET.format(facts=put_on_mirror(beside / "mirror")))
    call(clone, "git", "init", "--quiet")
    call(clone, "git", "config", "user.name", "Reader")
    call(clone, "git", "config", "user.email", "reader@example.org")
    commit(clone)
    said = call(clone, "dvc", "repro")
    commit(clone)
    return clone, said


def commit(clone: Path) -> None:
    call(clone, "git", "add", "--all")
    call(clone, "git", "commit", "--quiet", "--message", "All there is")


@pytest.fixture
def clone(first_run: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of its own of the clone after its first run, and of the mirror."""
    shutil.copytree(first_run[0].parent, tmp_path / "beside")
    return tmp_path / "beside" / "clone"


def git_status(clone: Path) -> str:
    return call(clone, "git", "status", "--porcelain")


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
