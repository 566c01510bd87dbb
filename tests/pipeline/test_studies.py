"""The result files of studies, and that those in git are of the recipes that params.yaml has."""

import json
from pathlib import Path
from typing import Any

import pytest

from lessons.kit.sheet import plain_style
from lessons.kit.themes import LIGHT
from lessons.study_plot import draw_study
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.overrides import with_recipe
from pipeline.common.params import Parameters, load_parameters
from pipeline.studies import Study, add, begin, digest, find, read, results_path, summarise
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters
from tests.refusals import assert_refuses

DATA = small_parameters()


def load(folder: Path, data: dict[str, Any]) -> Parameters:
    return load_parameters(write_parameters(folder, data))


def result(seed: int, accuracy: float = 0.5) -> dict[str, Any]:
    return {"seed": seed, "epoch": 1, "validation_accuracy": accuracy, "validation_loss": 1.0, "seconds": 2.0}


@pytest.mark.parametrize(
    ("place", "value", "same"),
    [
        ("recipes.small.train.seed", 7, True),
        ("recipes.other.train.epochs", 7, True),
        ("runtime.kernels", "native", True),
        ("runtime.workers", 7, True),
        ("recipes.small.train.epochs", 7, False),
        ("recipes.small.optimiser.learning_rate.peak", 0.5, False),
        ("data.validation_share", 0.5, False),
        ("data.split_seed", 7, False),
        ("data.dataset", "fashion-mnist", False),
    ],
)
def test_the_digest_is_of_all_that_shapes_a_result_but_seed_and_kernels(
    tmp_path: Path, place: str, value: Any, same: bool
) -> None:
    before = digest(load(tmp_path, DATA))

    after = digest(load(tmp_path, changed(DATA, place, value)))

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
        ("workers", 4, False),
        ("kernels", "Haswell", False),
        ("python", "3.12", True),
    ],
)
def test_only_seconds_of_equally_fast_machines_are_summed_up_and_drawn(
    tmp_path: Path, name: str, value: Any, summed_up: bool
) -> None:
    machine = {"processor": "A", "workers": 2, "kernels": "SkylakeX", "python": "3.11"}
    seeds = [
        result(seed) | {"test_accuracy": 0.99, "machine": here}
        for seed, here in enumerate((machine, machine | {name: value}))
    ]
    study = begin(load(tmp_path, DATA), "mnist") | {"seeds": seeds, "summary": summarise(seeds)}

    with plain_style(LIGHT):
        drawn = draw_study(LIGHT, study).svg()

    assert ("seconds" in study["summary"]) is summed_up
    assert (b"2.0 \xc2\xb1 0.0 s of training and validation" in drawn) is summed_up
    assert "validation_accuracy" in study["summary"]


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


OTHER = [
    ("recipes.small.train.epochs", 7, "mnist"),
    ("runtime.kernels", "native", "mnist"),
    ("data.split_seed", 7, "mnist"),
    ("runtime.kernels", "portable", "mnist-sample"),
]


@pytest.mark.parametrize(("place", "value", "dataset"), OTHER)
def test_on_the_test_images_only_the_last_study_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, value: Any, dataset: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path, first = results_path("small", validation_only=False), begin(load(tmp_path, DATA), "mnist")
    add(path, first, result(0))
    second = begin(load(tmp_path, changed(DATA, place, value)), dataset)

    assert find(path, second) == second
    add(path, second, result(1))

    assert [one["seeds"] for one in read(path)] == [[result(1)]]
    assert find(path, first) == first


@pytest.mark.parametrize(("place", "value", "dataset"), OTHER)
def test_every_configuration_tried_on_the_validation_images_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, value: Any, dataset: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path, first = results_path("small", validation_only=True), begin(load(tmp_path, DATA), "mnist")
    second = begin(load(tmp_path, changed(DATA, place, value)), dataset)

    for study, seed in ((first, 0), (second, 0), (first, 1)):
        add(path, study, result(seed))

    assert path == Path("metrics/studies/tuning/small.json")
    assert isinstance(json.loads(path.read_text()), list)
    assert {one["digest"] for one in read(path)} == {first["digest"], second["digest"]}
    assert find(path, first)["seeds"] == [result(0), result(1)]
    assert find(path, second)["seeds"] == [result(0)]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "small.json").write_text("<<<<<<< HEAD")

    assert_refuses(
        lambda: read(tmp_path / "small.json"), PipelineError, "small.json is no JSON", "restore it"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_the_plot_is_the_same_bytes_each_time(tmp_path: Path, count: int) -> None:
    seeds = [result(seed) | {"test_accuracy": 0.99 + seed / 1000} for seed in range(count)]
    study = begin(load(tmp_path, DATA), "mnist") | {"seeds": seeds, "summary": summarise(seeds)}

    with plain_style(LIGHT):
        first, second = (draw_study(LIGHT, study).svg() for _ in range(2))

    assert first == second
    said = {1: "99.00 % of the test images right", 3: "99.10 ± 0.10 % of the test images right"}
    assert said[count].encode() in first


SEEDS = 5


def fault(study: Study, name: str, parameters: Parameters) -> str | None:
    """Return what is wrong with a study that git holds under a name, or None."""
    if study["recipe"] != name or name not in parameters.recipes:
        return f"params.yaml has no recipe for {name}.json, which is of {study['recipe']}."
    if study["digest"] != digest(with_recipe(parameters, name, None)):
        return f"{name} is another recipe now: run `python -m pipeline.study --recipe {name}` again."
    if study["kernels"] != ("portable" if name == "seed" else "native"):
        return f"{name}.json is of {study['kernels']} kernels."
    if len(study["seeds"]) < SEEDS:
        return f"{name}.json has fewer than {SEEDS} seeds."
    if study["summary"] != summarise(study["seeds"]):
        return f"{name}.json does not sum up its own seeds."
    return None


IN_GIT = sorted((ROOT / paths.STUDIES).glob("*.json"))


def test_every_recipe_has_its_study() -> None:
    recipes = load_parameters(ROOT / paths.PARAMETERS).recipes

    assert {path.stem for path in IN_GIT} == recipes.keys()


@pytest.mark.parametrize("path", IN_GIT, ids=lambda path: str(path.stem))
def test_a_study_in_git_is_of_the_recipe_that_params_yaml_has(path: Path) -> None:
    [study] = read(path)
    with plain_style(LIGHT):
        drawn = draw_study(LIGHT, study).svg()

    assert fault(study, path.stem, load_parameters(ROOT / paths.PARAMETERS)) is None
    assert path.with_suffix(".svg").read_bytes() == drawn


def test_a_study_of_a_former_recipe_is_noticed(tmp_path: Path) -> None:
    native = changed(DATA, "runtime.kernels", "native")
    parameters = load(tmp_path, native)
    seeds = [result(seed) for seed in range(SEEDS)]
    study = begin(parameters, "mnist") | {"seeds": seeds, "summary": summarise(seeds)}

    assert fault(study, "small", parameters) is None
    assert fault(study, "small", load(tmp_path, changed(native, "recipes.small.train.epochs", 7)))
    assert fault(study | {"kernels": "portable"}, "small", parameters)
    assert fault(study | {"seeds": seeds[1:], "summary": summarise(seeds[1:])}, "small", parameters)
    assert fault(study, "other", parameters)
    assert fault(study | {"recipe": "gone"}, "gone", parameters)
    assert fault(study | {"seeds": [result(9, 0.9), *seeds]}, "small", parameters)
