from pathlib import Path

import pytest

from lessons.kit.sheet import WIDE, plain_style
from lessons.kit.themes import LIGHT
from lessons.params import load_all_parameters
from lessons.pipeline_pages import experiments, stages
from lessons.pipeline_pages.parameters import parameters_table
from pipeline.common.params import load_parameters
from pipeline.study.results import Study, begin, summarise
from tests.lessons.shown import SHOWN


def test_a_stage_is_told_of_those_whose_files_it_reads() -> None:
    small: stages.Stages = {
        "get": {"outs": [{"data/raw": {"persist": True}}]},
        "learn": {"deps": ["data/raw/a.npy"], "outs": ["model"], "metrics": [{"score.json": {}}]},
        "show": {"deps": ["model", "data/raw", "score.json"]},
    }
    assert [stages.before(name, small) for name in small] == [[], ["get"], ["get", "learn"]]
    assert "[code](#code)" in SHOWN["stages"].values["table"]


def test_every_parameter_has_a_row_with_its_value_and_what_it_may_be() -> None:
    text = parameters_table(load_all_parameters())
    cells = {row.split(" | ")[0].strip("| `"): row.split(" | ")[1:] for row in text.splitlines()[2:]}
    assert cells["data.dataset"][:2] == ["`mnist`", "`mnist` or `fashion-mnist` or `folder`"]
    assert cells["recipes.<name>.train.batch_size"][0] == f"`{load_parameters().chosen.train.batch_size}`"
    assert {"recipe", "runtime.kernels", "figures.valley.steps"} <= cells.keys()
    assert all(meaning.strip("| ") for _, _, meaning in cells.values())


def test_every_recipe_is_shown() -> None:
    shown = SHOWN["parameters"].values["recipes"]
    assert [one["name"] for one in shown] == list(load_parameters().recipes)


def study(accuracies: list[float]) -> Study:
    """Return a study of the chosen recipe with these results."""
    seeds = [
        {"seed": seed, "test_accuracy": accuracy, "machine": {"processor": "Some CPU"}}
        for seed, accuracy in enumerate(accuracies)
    ]
    return begin(load_parameters(), "mnist") | {"seeds": seeds, "summary": summarise(seeds)}


def test_repeated_trainings_are_drawn_even_a_single_one() -> None:
    with plain_style(LIGHT):
        drawn = experiments.draw_studies(LIGHT, WIDE, [study([0.99]), study([0.995, 0.997])]).svg().decode()
    assert f"recipe {load_parameters().recipe}: 99.00%" in drawn
    assert f"recipe {load_parameters().recipe}: 99.60 ± 0.14%" in drawn


def test_without_repeated_trainings_there_is_no_picture_and_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = experiments.from_repository()
    assert (dict(shown.drawings), shown.values) == ({}, {"studies": ""})
