import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from pipeline.common import paths
from pipeline.common.params import Parameters, Recipe, json_schema, load_parameters
from tests.pipeline.workspace import (
    ROOT,
    changed,
    parameters,
    run,
    small_parameters,
    write_parameters,
)

TWO = small_parameters()


def fields(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """Go through the places of all parameters, those of a recipe under `recipes.small`."""
    for name, field in model.model_fields.items():
        yield place + name
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, f"{place}{name}.")
        elif inner == dict[str, Recipe]:
            yield from fields(Recipe, f"{place}{name}.small.")


PLACES = list(fields(Parameters))


def test_the_parameters_of_the_repository_are_right() -> None:
    assert load_parameters(ROOT / paths.PARAMETERS).model_dump() == parameters()


def test_the_schema_is_that_of_the_parameters() -> None:
    assert (ROOT / paths.SCHEMA).read_text(encoding="utf-8") == json_schema(), "run `make schema`"


@pytest.mark.parametrize("workers", [None, 1, 8])
def test_workers_may_be_null_or_a_number(tmp_path: Path, workers: int | None) -> None:
    data = deepcopy(TWO)
    data["runtime"]["workers"] = workers

    assert load_parameters(write_parameters(tmp_path, data)).runtime.workers == workers


def test_augmentation_and_weight_average_may_be_null(tmp_path: Path) -> None:
    data = deepcopy(TWO)
    data["recipes"]["small"]["augmentation"] = data["recipes"]["small"]["train"]["weight_average"] = None

    recipe = load_parameters(write_parameters(tmp_path, data)).chosen

    assert (recipe.augmentation, recipe.train.weight_average) == (None, None)


def test_exponents_are_read_as_numbers(tmp_path: Path) -> None:
    text = (ROOT / paths.PARAMETERS).read_text(encoding="utf-8")
    assert "peak: 0.002}" in text
    (tmp_path / "params.yaml").write_text(text.replace("peak: 0.002}", "peak: 2e-3}"), encoding="utf-8")

    assert load_parameters(tmp_path / "params.yaml") == load_parameters(ROOT / paths.PARAMETERS)


@pytest.mark.parametrize(
    ("place", "value", "status", "output", "errors"),
    [
        ("recipe", "small", 0, "params.yaml is right: recipe small on mnist.\n", ""),
        (
            "data.validation_share",
            7,
            1,
            "",
            "error: params.yaml is not right:\n  data.validation_share must be less than 1, received 7.\n",
        ),
    ],
)
def test_the_program_checks_the_file(
    tmp_path: Path, place: str, value: Any, status: int, output: str, errors: str
) -> None:
    write_parameters(tmp_path, changed(TWO, place, value))

    ended = run(tmp_path, "python", "-m", "pipeline.common.params")

    assert (ended.returncode, ended.stdout, ended.stderr) == (status, output, errors)


def test_the_schema_takes_what_is_right_and_refuses_what_is_not() -> None:
    validator_of = jsonschema.Draft202012Validator
    schema = json.loads((ROOT / paths.SCHEMA).read_text(encoding="utf-8"))
    validator_of.check_schema(schema)
    validator = validator_of(schema)

    assert validator.is_valid(parameters())
    assert validator.is_valid(TWO)
    for place in PLACES:
        assert not validator.is_valid(changed(TWO, place)), place
        assert not validator.is_valid(changed(TWO, f"{place}x", 1)), place
    for kind, key in [("optimiser", "momentun"), ("loss", "smoothing"), ("augmentation", "rotate")]:
        assert not validator.is_valid(changed(TWO, f"recipes.other.{kind}.{key}", 0)), key
    for layer in [{"layer": "Con2D"}, {"layer": "Dense"}, {"layer": "Flatten", "units": 10}, {}]:
        assert not validator.is_valid(changed(TWO, "recipes.other.model", [layer])), layer
