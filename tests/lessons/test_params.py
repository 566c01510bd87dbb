"""The whole of `params.yaml`, its JSON schema, and the program that checks it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from lessons.params import AllParameters, json_schema, load_all_parameters
from pipeline.common import paths
from pipeline.common.params import Recipe
from tests.pipeline.workspace import (
    ROOT,
    changed,
    parameters,
    run,
    small_parameters,
    with_ten_classes,
    write_parameters,
)

SMALL = small_parameters()


def test_the_parameters_of_the_repository_are_right() -> None:
    assert load_all_parameters(ROOT / paths.PARAMETERS).model_dump() == with_ten_classes(parameters())


def test_the_schema_in_the_repository_is_that_of_the_parameters() -> None:
    assert (ROOT / paths.SCHEMA).read_text(encoding="utf-8") == json_schema(), "run `make schema`"


def fields(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Go through the names of all parameters, those of a recipe under `recipes.small`."""
    for name, field in model.model_fields.items():
        yield before + name
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, f"{before}{name}.")
        elif inner == dict[str, Recipe]:
            yield from fields(Recipe, f"{before}{name}.small.")


def test_the_schema_takes_what_is_right_and_refuses_what_is_not() -> None:
    validator_of = jsonschema.Draft202012Validator
    schema = json.loads((ROOT / paths.SCHEMA).read_text(encoding="utf-8"))
    validator_of.check_schema(schema)
    validator = validator_of(schema)

    assert validator.is_valid(parameters())
    assert validator.is_valid(SMALL)
    for name in fields(AllParameters):
        assert not validator.is_valid(changed(SMALL, name)), name
        assert not validator.is_valid(changed(SMALL, f"{name}x", 1)), name
    for kind, key in [("optimiser", "momentun"), ("loss", "smoothing"), ("augmentation", "rotate")]:
        assert not validator.is_valid(changed(SMALL, f"recipes.other.{kind}.{key}", 0)), key
    for layer in [{"layer": "Con2D"}, {"layer": "Dense"}, {"layer": "Flatten", "units": 10}, {}]:
        assert not validator.is_valid(changed(SMALL, "recipes.other.model", [layer])), layer


@pytest.mark.parametrize(
    ("name", "value", "status", "output", "errors"),
    [
        ("recipe", "small", 0, "params.yaml is right: recipe small on mnist.\n", ""),
        (
            "figures.valley.steps",
            0,
            1,
            "",
            "error: params.yaml is not right:\n"
            "  figures.valley.steps must be greater than or equal to 1, received 0.\n",
        ),
        (
            "figures.normalisation.model",
            [{"layer": "Flatten"}, {"layer": "Dense", "units": "classes"}],
            1,
            "",
            "error: params.yaml is not right:\n  figures: normalisation.model must have a BatchNorm layer.\n",
        ),
        (
            "figures.overfitting.model",
            [{"layer": "Flatten"}, {"layer": "Dense", "units": "classes"}],
            1,
            "",
            "error: params.yaml is not right:\n"
            "  figures: overfitting.model must have Conv2D, ReLU, Flatten and Dense layers.\n",
        ),
    ],
)
def test_the_program_checks_the_file(
    tmp_path: Path, name: str, value: Any, status: int, output: str, errors: str
) -> None:
    write_parameters(tmp_path, changed(SMALL, name, value))

    ended = run(tmp_path, "python", "-m", "lessons.params")

    assert (ended.returncode, ended.stdout, ended.stderr) == (status, output, errors)


def test_the_stage_figures_checks_its_part_before_it_reads_anything(tmp_path: Path) -> None:
    write_parameters(tmp_path, changed(SMALL, "figures.digit", -1))

    ended = run(tmp_path, "python", "-m", "lessons.figures")

    assert ended.returncode == 1
    assert ended.stderr == (
        "error: params.yaml is not right:\n  figures.digit must be greater than or equal to 0, received -1.\n"
    )
