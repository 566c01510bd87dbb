import json
import math
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from pipeline import paths
from pipeline.errors import PipelineError
from pipeline.params import Parameters, Recipe, json_schema, load_parameters
from tests.pipeline.workspace import (
    ROOT,
    changed,
    parameters,
    run,
    small_parameters,
    write_parameters,
)

TWO = small_parameters()


def refusal(folder: Path, data: Any) -> list[str]:
    """Return what is said of such parameters: one sentence for each fault."""
    path = write_parameters(folder, data)
    with pytest.raises(PipelineError) as caught:
        load_parameters(path)
    first, *faults = str(caught.value).splitlines()
    assert first == f"{path} is not right:"
    assert all(fault.startswith("  ") and fault.endswith(".") for fault in faults)
    return [fault.strip() for fault in faults]


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


@pytest.mark.parametrize("place", PLACES)
def test_a_missing_parameter_is_named(tmp_path: Path, place: str) -> None:
    assert f"{place} is missing: found " in "\n".join(refusal(tmp_path, changed(TWO, place)))


@pytest.mark.parametrize("place", PLACES)
def test_a_misspelt_parameter_is_told_its_nearest_name(tmp_path: Path, place: str) -> None:
    misspelt, name = f"{place[:-1]}{place[-1]}x", place.rpartition(".")[2]

    faults = refusal(tmp_path, changed(changed(TWO, misspelt, 1), place))

    assert any(
        fault.startswith(f"{misspelt} is not known, did you mean {name!r}?: there are ") for fault in faults
    )
    assert len(faults) == 2


# Each row: a place, a value, and the end of the sentence that refuses it.
WRONG = [
    ("recipe", 5, "must be a valid string"),
    ("data", 5, "must be a valid dictionary or instance of Data"),
    ("data.dataset", "mnits", "must be 'mnist' or 'fashion-mnist'"),
    ("data.dataset", ["mnist"], "must be 'mnist' or 'fashion-mnist'"),
    ("data.validation_share", "a tenth", "must be a valid number"),
    ("data.validation_share", 0, "must be greater than 0"),
    ("data.validation_share", 1.0, "must be less than 1"),
    ("data.validation_share", math.nan, "must be less than 1"),
    ("data.split_seed", 1.5, "must be a valid integer"),
    ("data.split_seed", True, "must be a valid integer"),
    ("data.split_seed", -1, "must be greater than or equal to 0"),
    ("data.split_seed", 2**32, "must be less than or equal to 4294967295"),
    ("fetch", [], "must be a valid dictionary or instance of Fetch"),
    ("fetch.fallback", "no", "must be 'sample' or 'none'"),
    ("fetch.fallback", False, "must be 'sample' or 'none'"),
    ("runtime", 5, "must be a valid dictionary or instance of Runtime"),
    ("runtime.kernels", "fast", "must be 'portable' or 'native'"),
    ("runtime.kernels", 5, "must be 'portable' or 'native'"),
    ("runtime.workers", "two", "must be a valid integer"),
    ("runtime.workers", 0, "must be greater than or equal to 1"),
    ("recipes", ["seed"], "must be a valid dictionary"),
    ("recipes.other", 5, "must be a valid dictionary or instance of Recipe"),
    ("recipes.small.model", "Dense", "must be a valid list"),
    ("recipes.small.optimiser", "Adam", "must be a valid dictionary"),
    ("recipes.small.loss", "SoftmaxCrossEntropy", "must be a valid dictionary"),
    ("recipes.small.augmentation", "RandomAffine", "must be a valid dictionary"),
    ("recipes.small.train", 5, "must be a valid dictionary or instance of Train"),
    ("recipes.small.train.epochs", 2.0, "must be a valid integer"),
    ("recipes.small.train.epochs", 0, "must be greater than or equal to 1"),
    ("recipes.small.train.batch_size", "128", "must be a valid integer"),
    ("recipes.small.train.batch_size", 0, "must be greater than or equal to 1"),
    ("recipes.small.train.micro_batch_size", [32], "must be a valid integer"),
    ("recipes.small.train.micro_batch_size", -32, "must be greater than or equal to 1"),
    ("recipes.small.train.seed", "zero", "must be a valid integer"),
    ("recipes.small.train.seed", -1, "must be greater than or equal to 0"),
    ("recipes.small.train.monitor", "loss", "must be 'validation_loss' or 'validation_accuracy'"),
    ("recipes.small.train.monitor", 1, "must be 'validation_loss' or 'validation_accuracy'"),
    ("recipes.small.train.weight_average", "none", "must be a valid number"),
    ("recipes.small.train.weight_average", 1, "must be less than 1"),
    ("recipes.small.train.weight_average", -0.5, "must be greater than or equal to 0"),
    ("evaluate", "all", "must be a valid dictionary or instance of Evaluate"),
    ("evaluate.calibration_bins", 15.5, "must be a valid integer"),
    ("evaluate.calibration_bins", 0, "must be greater than or equal to 1"),
    ("evaluate.hardest", "all", "must be a valid integer"),
    ("evaluate.hardest", 0, "must be greater than or equal to 1"),
    ("figures", 0, "must be a valid dictionary or instance of Figures"),
    ("figures.digit", "first", "must be a valid integer"),
    ("figures.digit", -1, "must be greater than or equal to 0"),
    ("figures.images", 1.5, "must be a valid integer"),
    ("figures.images", 0, "must be greater than or equal to 1"),
    ("figures.seed", "zero", "must be a valid integer"),
    ("figures.seed", -1, "must be greater than or equal to 0"),
    ("figures.augmentation", "RandomAffine", "must be a valid dictionary"),
    ("figures.overfitting", 5, "must be a valid dictionary or instance of SmallTraining"),
    ("figures.overfitting.model", "Dense", "must be a valid list"),
    ("figures.overfitting.images", 0, "must be greater than or equal to 1"),
    ("figures.overfitting.epochs", 2.0, "must be a valid integer"),
    ("figures.overfitting.batch_size", 0, "must be greater than or equal to 1"),
    ("figures.overfitting.learning_rate", 0, "must be greater than 0"),
    ("figures.overfitting.seed", -1, "must be greater than or equal to 0"),
    ("figures.linear", 5, "must be a valid dictionary or instance of SmallTraining"),
    ("figures.linear.model", "Dense", "must be a valid list"),
    ("figures.linear.images", 0, "must be greater than or equal to 1"),
    ("figures.linear.epochs", 2.0, "must be a valid integer"),
    ("figures.linear.batch_size", 0, "must be greater than or equal to 1"),
    ("figures.linear.learning_rate", 0, "must be greater than 0"),
    ("figures.linear.seed", -1, "must be greater than or equal to 0"),
    ("figures.valley", 5, "must be a valid dictionary or instance of Valley"),
    ("figures.valley.along", 0, "must be greater than 0"),
    ("figures.valley.across", "far", "must be a valid number"),
    ("figures.valley.steepness", 0, "must be greater than 0"),
    ("figures.valley.steps", 0, "must be greater than or equal to 1"),
    ("figures.valley.optimisers", "Adam", "must be a valid dictionary"),
]


@pytest.mark.parametrize(("place", "value", "expected"), WRONG)
def test_a_wrong_value_is_refused_in_one_sentence(
    tmp_path: Path, place: str, value: Any, expected: str
) -> None:
    assert refusal(tmp_path, changed(TWO, place, value)) == [f"{place} {expected}, received {value!r}."]


def test_the_table_of_wrong_values_is_complete() -> None:
    assert set(PLACES) <= {place for place, _, _ in WRONG}


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


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    data = changed(changed(TWO, "figures.digit", -1), "data.dataset", "mnits")

    assert [fault.split()[0] for fault in refusal(tmp_path, data)] == ["data.dataset", "figures.digit"]


def test_a_recipe_that_is_not_there_is_told_its_nearest_name(tmp_path: Path) -> None:
    [fault] = refusal(tmp_path, changed(TWO, "recipe", "smal"))

    assert "there is no recipe 'smal', did you mean 'small'?" in fault
    assert "other" in fault


def test_recipes_may_not_be_empty(tmp_path: Path) -> None:
    [fault] = refusal(tmp_path, TWO | {"recipes": {}})

    assert fault.startswith("recipes must have at least 1 item")


FLAT = {"layer": "Flatten"}
HALVE = {"layer": "MaxPool2D", "pool_size": 2}


@pytest.mark.parametrize("recipe", ["small", "other"])
@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("model", [{"layer": "Con2D"}], ".model: layer 0: There is no layer 'Con2D', did you mean 'Conv2D'?"),
        (
            "model",
            [FLAT, {"layer": "Dense", "unit": 10}],
            ".model: layer 1: Dense has no hyperparameter 'unit', did you mean 'units'?",
        ),
        (
            "model",
            [HALVE, HALVE, {"layer": "Conv2D", "filters": 10, "kernel_size": 9}],
            ": Layer 2 (Conv2D) does not fit: Conv2D: a window of 9×9 is larger than its input of 7×7",
        ),
        (
            "model",
            [{"layer": "Dense", "units": 10}],
            ": Layer 0 (Dense) does not fit: Dense expects samples of (n_in,), received (28, 28, 1)",
        ),
        (
            "model",
            [FLAT, {"layer": "Dense", "units": 12}],
            ": the model must end with 10 numbers for an image, received (12,)",
        ),
        (
            "model",
            [FLAT, {"layer": "Dense", "units": 10}, {"layer": "Softmax"}],
            ": SoftmaxCrossEntropy applies the softmax itself",
        ),
        (
            "optimiser",
            {"optimiser": "Adam", "learning_rate": {"schedule": "OneCycle", "peek": 1}},
            ".optimiser: OneCycle has no hyperparameter 'peek', did you mean 'peak'?",
        ),
        ("loss", {"loss": "CrossEntropy"}, ".loss: There is no loss 'CrossEntropy', did you mean "),
        (
            "augmentation",
            {"augmentation": "RandomAffine", "rotate": 5},
            ".augmentation: RandomAffine has no hyperparameter 'rotate', did you mean 'rotation'?",
        ),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_whether_it_is_chosen_or_not(
    tmp_path: Path, recipe: str, place: str, value: Any, expected: str
) -> None:
    [fault] = refusal(tmp_path, changed(TWO, f"recipes.{recipe}.{place}", value))

    assert fault.startswith(f"recipes.{recipe}{expected}")


NO_MAPPING = "is not right:\n  the file must be a valid dictionary or instance of Parameters, received "
NO_PARAMETERS = {
    "empty": (b"", NO_MAPPING + "None."),
    "a list": (b"- recipe", NO_MAPPING + "['recipe']."),
    "a word": (b"recipe", NO_MAPPING + "'recipe'."),
    "no text": (b"\xff\xfa", "is no YAML: unacceptable character"),
    "a null byte": (b"recipe: \0", "is no YAML: unacceptable character"),
    "a bracket not closed": (b"recipe:\n  [small", "line 2, column 9 is no YAML: expected ',' or ']'"),
    "a tab": (b"recipe:\n\tsmall", "line 2, column 1 is no YAML: found character '\\t'"),
    "a key twice": (b"recipe: small\nrecipe: other", "line 2, column 1 is no YAML: found duplicate key"),
    "a tag": (b"recipe: !!python/object x", "line 1, column 9 is no YAML: could not determine a constructor"),
    "an alias of nothing": (b"recipe: *small", "line 1, column 9 is no YAML: found undefined alias"),
    "a day that does not exist": (b"recipe: 2025-02-30", "is no YAML: day is out of range for month"),
}


@pytest.mark.parametrize(("content", "expected"), NO_PARAMETERS.values(), ids=NO_PARAMETERS.keys())
def test_what_is_no_yaml_or_no_mapping_is_refused_with_its_place(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)

    with pytest.raises(PipelineError) as caught:
        load_parameters(path)
    assert str(caught.value).startswith(f"{path} {expected}")
    assert str(caught.value).endswith(".")


def test_a_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, {**TWO, 5: 1}) == [
        "5 is not known: there are recipe, data, fetch, runtime, recipes, evaluate, figures."
    ]


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

    ended = run(tmp_path, "python", "-m", "pipeline.params")

    assert (ended.returncode, ended.stdout, ended.stderr) == (status, output, errors)


def test_a_missing_file_is_told_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PipelineError, match=r"There is no params\.yaml here: run from the repository's root"):
        load_parameters()


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
