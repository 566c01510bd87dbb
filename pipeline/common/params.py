"""The parameters: `params.yaml` read, checked, and turned into objects.

The section `figures` belongs to `lessons.params`, which checks the whole file.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from cnn.habits import nearest
from cnn.types import Shape
from pipeline.common import recipes
from pipeline.common.datasets import DATASETS, INPUT_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import Kernels
from pipeline.common.own_pictures import class_names_in
from pipeline.common.paths import PARAMETERS, SCHEMA

P = TypeVar("P", bound=BaseModel)


class Strict(BaseModel):
    """Parameters that are all known, present and of the right type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Makes:
    """An annotation of plain data that an object of `cnn` is made from; the data stay plain.

    Args:
        make: what makes the object; it raises a ValueError for what is wrong.
        described_by: the type that the JSON schema describes the data by.
    """

    make: Callable[[Any], object]
    described_by: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        # As the items of a list, a type becomes a reference to `$defs`; on its own, it would be spelt out.
        items = TypeAdapter(list[self.described_by]).core_schema  # type: ignore[name-defined]
        return handler(items)["items"]  # type: ignore[no-any-return]

    def _check(self, data: Any) -> Any:
        self.make(data)
        return data


@dataclass(frozen=True)
class Known:
    """What is known of the images while the rest of the file is checked.

    Attributes:
        input_shape: height, width and channels of an image.
        classes: how many classes there are.
    """

    input_shape: Shape
    classes: int


def _with_number_of_classes(layers: Any, info: ValidationInfo) -> Any:
    return recipes.with_number_of_classes(layers, info.context.classes if info.context else 1)


Model = Annotated[
    list[dict[str, Any]],
    BeforeValidator(_with_number_of_classes),
    Makes(recipes.make_model, Annotated[list[recipes.LAYER], Field(min_length=1)]),
    Field(description="the layers, from input to output, as cnn's classes and their arguments"),
]
Optimiser = Annotated[dict[str, Any], Makes(recipes.make_optimiser, recipes.OPTIMISER)]
Loss = Annotated[dict[str, Any], Makes(recipes.make_loss, recipes.LOSS)]
Augmentation = Annotated[dict[str, Any], Makes(recipes.make_augmentation, recipes.AUGMENTATION)]


class Data(Strict):
    """Which images, and how they are divided."""

    dataset: Literal["mnist", "fashion-mnist", "folder"] = Field(
        description="the data set; folder takes pictures of your own"
    )
    folder: str = Field(
        description="for the data set folder: where its pictures are, in a sub-folder for each class"
    )
    image_size: int = Field(
        ge=4, le=512, description="for the data set folder: the height and width that pictures are scaled to"
    )
    channels: Literal[1, 3] = Field(
        description="for the data set folder: 1 makes the pictures grey, 3 keeps their colours"
    )
    test_share: float = Field(
        gt=0,
        lt=1,
        description="for the data set folder: the share of the pictures that the network is tested on, "
        "unless there is a sub-folder `test`",
    )
    validation_share: float = Field(
        gt=0, lt=1, description="the share of the training images that is held back to choose the model by"
    )
    split_seed: int = Field(
        ge=0, le=2**32 - 1, description="the seed that decides which images are held back"
    )

    def in_use(self) -> dict[str, Any]:
        """Return the parameters that shape this data set's images."""
        of_folder = {"folder", "image_size", "channels", "test_share"}
        return self.model_dump(exclude=set() if self.dataset == "folder" else of_folder)

    @property
    def input_shape(self) -> Shape:
        """Height, width and channels of an image as the network takes it."""
        if self.dataset == "folder":
            return self.image_size, self.image_size, self.channels
        return INPUT_SHAPE

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class, in the order of the labels; those of a folder are read from the disk.

        Raises:
            PipelineError: if there is no such folder, or it has no classes.
        """
        return (
            class_names_in(Path(self.folder))
            if self.dataset == "folder"
            else DATASETS[self.dataset].class_names
        )


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
        description="the metric that chooses the best epoch"
    )
    weight_average: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        description="the decay of the weights' moving average, which is validated and kept; null takes none"
    )


class Recipe(Strict):
    """A model and how it is trained."""

    model: Model
    optimiser: Optimiser = Field(description="the optimiser, as cnn's class and its arguments")
    loss: Loss = Field(description="the loss, as cnn's class and its arguments")
    augmentation: Augmentation | None = Field(
        description="what changes the images anew in each epoch, as cnn's class and its arguments; "
        "null leaves them as they are"
    )
    train: Train

    @model_validator(mode="after")
    def _model_fits_images(self, info: ValidationInfo) -> Recipe:
        if self.model[-1]["layer"] == "Softmax" and self.loss["loss"] == "SoftmaxCrossEntropy":
            raise ValueError(
                "SoftmaxCrossEntropy applies the softmax itself: leave out the last layer, Softmax."
            )
        if info.context:
            at_once = min(self.train.batch_size, self.train.micro_batch_size)
            recipes.check_shapes(self.model, info.context.input_shape, info.context.classes, at_once)
        return self


class Evaluate(Strict):
    """What is reported of the trained model."""

    calibration_bins: int = Field(
        ge=1, le=1000, description="into how many bins of confidence the answers are sorted"
    )
    hardest: int = Field(
        ge=1,
        description="how many images are listed: those whose true class got the lowest probability",
    )


class Predict(Strict):
    """When a reading of a photographed digit is an answer, and when it is unsure.

    The network reads copies of the digit that are changed a little, and its probabilities are averaged.
    """

    turn: float = Field(ge=0, le=45, description="by how many degrees copies are turned")
    scale: float = Field(ge=0, lt=1, description="by what share copies are larger and smaller")
    shift: float = Field(ge=0, le=10, description="by how many pixels copies are shifted")
    pen: float = Field(
        ge=0, le=1, description="how much thicker and thinner copies are; 1 is a pixel on each side"
    )
    least_probability: float = Field(
        ge=0, le=1, description="the averaged probability that makes a reading an answer"
    )
    widest: float = Field(gt=0, description="what is wider than this, in heights, is no digit")
    fullest: float = Field(
        gt=0, le=1, description="what fills more than this share of its box is no digit, unless it is narrow"
    )
    narrow: float = Field(
        gt=0, description="what is at most as wide as this, in heights, is narrow, as a 1 is"
    )
    most_parts: int = Field(ge=1, description="what consists of more parts that do not touch is no digit")


class Parameters(Strict):
    """What the pipeline reads from `params.yaml`."""

    recipe: str = Field(description="which of the recipes is trained")
    data: Data
    fetch: Fetch
    runtime: Runtime
    recipes: dict[str, Recipe] = Field(min_length=1, description="the recipes under their names")
    evaluate: Evaluate
    predict: Predict
    figures: object = Field(description="what the figures are drawn by, which `lessons.params` checks")

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
            choices = f"there are {', '.join(self.recipes)}"
            raise ValueError(
                f"there is no recipe {self.recipe!r}{nearest(self.recipe, self.recipes, choices)}"
            )
        return self

    @property
    def chosen(self) -> Recipe:
        """The recipe that is trained."""
        return self.recipes[self.recipe]


def load_parameters(path: Path = PARAMETERS) -> Parameters:
    """Read and check the parameters of the pipeline.

    Raises:
        PipelineError: if the file is missing, is not valid YAML, or holds anything that is wrong.
    """
    return parse_parameters(read_yaml(path), str(path), Parameters)


def load_predict(path: Path = PARAMETERS) -> Predict:
    """Read and check the section `predict` alone, whatever data set the others are about.

    Raises:
        PipelineError: if it is missing, or holds anything that is wrong.
    """
    data = read_yaml(path)
    section = data.get("predict") if isinstance(data, dict) else None
    return parse_parameters(section, f"{path}, predict,", Predict)


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds, as plain data.

    Raises:
        PipelineError: if the file is missing, or is not valid YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return YAML(typ="safe", pure=True).load(text)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no {path} here: run from the repository's root.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PipelineError(f"{path} line {line} is not valid YAML: expected text in UTF-8.") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PipelineError(f"{path} line {line} is not valid YAML: unacceptable character.") from error
    except MarkedYAMLError as error:
        raise PipelineError(f"{path}{_fault_of_yaml(error)}") from error
    except RecursionError as error:
        raise PipelineError(f"{path} is nested too deeply: expected what {SCHEMA} says.") from error
    except (YAMLError, KeyError, ValueError) as error:  # ruamel lets a date that does not exist through
        reason = " ".join(str(error).split())
        raise PipelineError(f"{path} is not valid YAML: {reason.rstrip('.')}.") from error


def parse_parameters(data: Any, source: str, kind: type[P]) -> P:
    """Make parameters from plain data, and check them.

    Args:
        data: the parameters as YAML holds them.
        source: where they come from, for the message.
        kind: what they are checked against: `Parameters`, or a class that knows more of the file.

    Raises:
        PipelineError: if they hold anything that is wrong; there is a sentence for each fault.
    """
    try:
        return kind.model_validate(data, context=_known(data, source))
    except ValidationError as error:
        faults = "\n  ".join(_sentence(dict(fault), data, kind) for fault in error.errors())
        raise PipelineError(f"{source} is not right:\n  {faults}") from error


def _known(data: Any, source: str) -> Known | None:
    """Return what is known of the images; None if that part of the data is not right itself."""
    try:
        images = Data.model_validate(data["data"])
    except (ValidationError, TypeError, LookupError):
        return None
    try:
        return Known(images.input_shape, len(images.class_names))
    except PipelineError as error:
        raise PipelineError(f"{source} is not right:\n  data.folder: {error}") from error


def _fault_of_yaml(error: MarkedYAMLError) -> str:
    """Say where a file is not valid YAML, why, and in which line the unfinished part begins."""
    mark, context, start = error.problem_mark, error.context, error.context_mark
    location = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    begun = ""
    if mark and start and start.line < mark.line and context.startswith("while"):
        begun = f" {context} that begins in line {start.line + 1}"
    return f"{location} is not valid YAML: {error.problem or context}{begun}."


def _sentence(fault: dict[str, Any], data: Any, kind: type[BaseModel]) -> str:
    """Say in one sentence where a fault lies, what was expected and what was received."""
    location = ".".join(map(str, fault["loc"])) or "the file"
    if fault["type"] in {"extra_forbidden", "invalid_key"}:
        known = _fields_at(fault["loc"][:-1], kind)
        choices = f"there are {', '.join(known)}"
        return f"{location} is not known{nearest(fault['loc'][-1], known, choices)}"
    if fault["type"] == "missing":
        siblings = _values_at(data, fault["loc"][:-1])
        return f"{location} is missing: found {', '.join(map(str, siblings)) or 'nothing'} beside it."
    if fault["type"] == "too_short":
        return f"{location} must have at least {fault['ctx']['min_length']} item, received none."
    if fault["type"] == "value_error":
        return f"{location}: {fault['ctx']['error']}"
    received = fault["input"]
    shown = "a mapping" if isinstance(received, dict) else reprlib.repr(received)
    message = fault["msg"].removeprefix("Input should be ").removesuffix(f" or instance of {kind.__name__}")
    message = message.replace("a valid dictionary", "a mapping")
    return f"{location} must be {message}, received {shown}."


def _fields_at(location: tuple[Any, ...], kind: type[BaseModel]) -> dict[str, Any]:
    """Return the parameters that may stand at a location of the file."""
    known: Any = kind
    for key in location:
        under_names = get_args(known)  # such as dict[str, Recipe]
        known = under_names[1] if under_names else known.model_fields[key].annotation
    return dict(known.model_fields)


def _values_at(data: Any, location: tuple[Any, ...]) -> list[Any]:
    for key in location:
        data = data[key]
    return list(data) if isinstance(data, dict) else []
