"""The result files of studies, and that those in git are of the recipes that params.yaml has."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.params import Parameters, load_parameters
from pipeline.study.overrides import with_recipe
from pipeline.study.results import Study, add, begin, digest, find, read, results_path, summarise
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters
from tests.refusals import assert_refuses

DATA = small_parameters()


def load(folder: Path, data: dict[str, Any]) -> Parameters:
    return load_parameters(write_parameters(folder, data))


def result(seed: int, accuracy: float = 0.5) -> dict[str, Any]:
    return {"seed": seed, "epoch": 1, "validation_accuracy": accuracy, "validation_loss": 1.0, "seconds": 2.0}


@pytest.mark.parametrize(
    ("location", "value", "same"),
    [
        ("recipes.small.train.seed", 7, True),
        ("runtime.kernels", "native", True),
        ("runtime.workers", 7, True),
        ("recipes.small.train.epochs", 7, False),
        ("data.split_seed", 7, False),
        ("data.dataset", "fashion-mnist", False),
    ],
)
def test_the_digest_is_of_all_that_shapes_a_result_but_seed_and_kernels(
    tmp_path: Path, location: str, value: Any, same: bool
) -> None:
    before = digest(load(tmp_path, DATA))

    after = digest(load(tmp_path, changed(DATA, location, value)))

    assert (after == before) is same
    assert len(after) == 16


def test_mean_and_deviation_are_those_of_a_sample() -> None:
    results = [{"seed": seed, "test_errors": errors} for seed, errors in enumerate((2, 4, 4, 4, 5, 5, 7, 9))]

    assert summarise(results) == {
        "test_errors": {"mean": 5, "standard_deviation": pytest.approx((32 / 7) ** 0.5, rel=1e-15)}
    }
    assert summarise(results[:1]) == {"test_errors": {"mean": 2, "standard_deviation": None}}


@pytest.mark.parametrize(
    ("name", "value", "summed_up"),
    [
        ("processor", "B", False),
        ("python", "3.12", True),
    ],
)
def test_only_seconds_of_equally_fast_machines_are_summed_up(name: str, value: Any, summed_up: bool) -> None:
    machine = {"processor": "A", "workers": 2, "kernels": "SkylakeX", "python": "3.11"}
    seeds = [
        result(seed) | {"test_accuracy": 0.99, "machine": here}
        for seed, here in enumerate((machine, machine | {name: value}))
    ]

    summary = summarise(seeds)

    assert ("seconds" in summary) is summed_up
    assert "validation_accuracy" in summary


def test_results_are_added_seed_by_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path, begun = results_path("small", validation_only=False), begin(load(tmp_path, DATA), "mnist")

    for seed in (2, 0, 1):
        add(path, begun, result(seed, 0.5 + seed / 4))

    assert path == Path("metrics/studies/small.json")
    assert json.loads(path.read_text()) == find(path, begun)
    assert find(path, begun) == begun | {
        "seeds": [result(0, 0.5), result(1, 0.75), result(2, 1.0)],
        "summary": {
            "validation_accuracy": {"mean": 0.75, "standard_deviation": 0.25},
            "validation_loss": {"mean": 1.0, "standard_deviation": 0.0},
            "seconds": {"mean": 2.0, "standard_deviation": 0.0},
        },
    }


@pytest.fixture(params=[("data.split_seed", 7, "mnist"), ("runtime.kernels", "portable", "mnist-sample")])
def two_studies(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Study, Study]:
    """Studies of the same recipe that differ in a parameter or in the data set."""
    monkeypatch.chdir(tmp_path)
    location, value, dataset = request.param
    other = load(tmp_path, changed(DATA, location, value))
    return begin(load(tmp_path, DATA), "mnist"), begin(other, dataset)


def test_on_the_test_images_only_the_last_study_is_kept(two_studies: tuple[Study, Study]) -> None:
    path, (first, second) = results_path("small", validation_only=False), two_studies
    add(path, first, result(0))

    assert find(path, second) == second
    add(path, second, result(1))

    assert [one["seeds"] for one in read(path)] == [[result(1)]]
    assert find(path, first) == first


def test_every_configuration_tried_on_the_validation_images_is_kept(
    two_studies: tuple[Study, Study],
) -> None:
    path, (first, second) = results_path("small", validation_only=True), two_studies

    for study, seed in ((first, 0), (second, 0), (first, 1)):
        add(path, study, result(seed))

    assert path == Path("metrics/studies/tuning/small.json")
    assert {one["digest"] for one in read(path)} == {first["digest"], second["digest"]}
    assert find(path, first)["seeds"] == [result(0), result(1)]
    assert find(path, second)["seeds"] == [result(0)]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "small.json").write_text("<<<<<<< HEAD")

    assert_refuses(
        lambda: read(tmp_path / "small.json"), PipelineError, "small.json is not valid JSON", "restore it"
    )


IN_GIT = sorted((ROOT / paths.STUDIES).glob("*.json"))
OF_OWN_PICTURES = sorted((ROOT / paths.OWN_STUDIES).glob("*/*.json"))


def test_every_recipe_has_its_study() -> None:
    recipes = load_parameters(ROOT / paths.PARAMETERS).recipes

    assert {path.stem for path in (*IN_GIT, *OF_OWN_PICTURES)} == recipes.keys()


@pytest.mark.parametrize("path", OF_OWN_PICTURES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_study_of_own_pictures_in_git_is_of_the_recipe_that_params_yaml_has(path: Path) -> None:
    recipe = load_parameters(ROOT / paths.PARAMETERS).recipes[path.stem].model_dump()
    del recipe["train"]["seed"]

    [study] = read(path)

    recipe["model"][-1]["units"] = study["parameters"]["model"][-1]["units"]  # as many as there are classes
    assert (study["recipe"], study["dataset"]) == (path.stem, path.parent.name)
    assert study["parameters"] == recipe
    assert len(study["seeds"]) >= 3
    assert study["summary"] == summarise(study["seeds"])


@pytest.mark.parametrize("path", IN_GIT, ids=lambda path: str(path.stem))
def test_a_study_in_git_is_of_the_recipe_that_params_yaml_has(path: Path) -> None:
    parameters, name = load_parameters(ROOT / paths.PARAMETERS), path.stem

    [study] = read(path)

    assert study["recipe"] == name
    assert study["digest"] == digest(with_recipe(parameters, name, None)), (
        f"{name} is another recipe now: run `python -m pipeline.study --recipe {name}` again."
    )
    assert study["kernels"] == ("portable" if name == "seed" else "native")
    assert len(study["seeds"]) >= 5
    assert study["summary"] == summarise(study["seeds"])
