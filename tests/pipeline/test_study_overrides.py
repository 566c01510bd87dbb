from typing import Any

import pytest

from pipeline.common.errors import PipelineError
from pipeline.common.params import Parameters, parse_parameters
from pipeline.study.overrides import with_recipe, with_settings, with_value
from tests.pipeline.workspace import small_parameters
from tests.refusals import assert_refuses


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return parse_parameters(small_parameters(), "params.yaml", Parameters)


@pytest.mark.parametrize(
    ("setting", "location", "value"),
    [
        ("train.epochs=8", "train.epochs", 8),
        ("optimiser.learning_rate.peak=4e-3", "optimiser.learning_rate.peak", 0.004),
        ("optimiser.beta_1=0.8", "optimiser.beta_1", 0.8),  # which stood at its default
        ("model.4={layer: Dropout, rate: 0.1}", "model.4", {"layer": "Dropout", "rate": 0.1}),
        ("train.weight_average=null", "train.weight_average", None),
    ],
)
def test_a_setting_changes_one_value_of_the_chosen_recipe(
    parameters: Parameters, setting: str, location: str, value: Any
) -> None:
    expected = parameters.model_dump()
    *way, last = location.split(".")
    node = expected["recipes"]["small"]
    for key in way:
        node = node[int(key) if key.isdecimal() else key]
    node[int(last) if last.isdecimal() else last] = value

    assert with_settings(parameters, [setting]).model_dump() == expected


def test_several_settings_are_applied_in_their_order(parameters: Parameters) -> None:
    rate = {"schedule": "OneCycle", "peak": 0.1}
    settings = [f"optimiser.learning_rate={rate}", "optimiser.learning_rate.peak=0.2"]

    changed_twice = with_settings(parameters, settings)

    assert changed_twice.chosen.optimiser["learning_rate"] == rate | {"peak": 0.2}


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("train.epochs", ["--set train.epochs", "train.epochs=8"]),
        ("train.epochs={", ["--set train.epochs={", "not a valid YAML value"]),
        ("trian.epochs=8", ["trian.epochs", "did you mean 'train'?", "model, optimiser, loss"]),
        ("train.epoch=8", ["train.epoch", "did you mean 'epochs'?"]),
        ("train.epochs.first=8", ["train.epochs is 4, which has no parts"]),
        ("model.7.rate=0.3", ["There is no model.7.rate", "0 to 6"]),
        ("model.4.rat=0.3", ["Dropout has no hyperparameter 'rat'", "did you mean 'rate'?"]),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    parameters: Parameters, setting: str, named: list[str]
) -> None:
    assert_refuses(lambda: with_settings(parameters, [setting]), PipelineError, *named)


def test_the_given_parameters_stay_as_they_are(parameters: Parameters) -> None:
    before = parameters.model_dump()

    with_value(parameters, "model.4.rate", 0.9)

    assert parameters.model_dump() == before


def test_recipe_and_kernels_can_be_chosen(parameters: Parameters) -> None:
    chosen = with_recipe(parameters, "other", "native")

    assert (chosen.recipe, chosen.runtime.kernels) == ("other", "native")
    assert with_recipe(parameters, "other", None).runtime == parameters.runtime


def test_a_recipe_that_does_not_exist_is_refused(parameters: Parameters) -> None:
    assert_refuses(
        lambda: with_recipe(parameters, "smal", None),
        PipelineError,
        "There is no recipe 'smal': did you mean 'small'? There are small, other.",
    )
