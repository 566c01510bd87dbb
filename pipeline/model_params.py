"""What the parameters of recipes and of figures have in common: models, and how they are checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from pipeline import recipes
from pipeline.datasets import IMAGE_SHAPE, MNIST

INPUT_SHAPE = (*IMAGE_SHAPE, 1)  # height, width and the one channel of grey
CLASSES = len(MNIST.class_names)  # as many as in every data set


class Strict(BaseModel):
    """Parameters without room for misspelt ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def makes(make: Callable[[Any], object]) -> AfterValidator:
    """Return a validator of plain data that an object can be made of; the data stay plain."""

    def check(data: Any) -> Any:
        make(data)
        return data

    return AfterValidator(check)


Model = Annotated[
    list[dict[str, Any]],
    makes(recipes.make_model),
    WithJsonSchema(recipes.layers_schema()),
    Field(description="the layers, from input to output, as cnn's classes and their arguments"),
]


def check_output(model: list[dict[str, Any]]) -> None:
    """Refuse a model that does not end with a number for each class of the images."""
    output_shape = recipes.make_model(model).output_shape(INPUT_SHAPE)
    if output_shape != (CLASSES,):
        raise ValueError(
            f"Layer {len(model) - 1} ({model[-1]['layer']}) does not fit: the last layer must give an output "
            f"of {(CLASSES,)}, a number for each class, received {output_shape}."
        )
