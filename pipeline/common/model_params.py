"""What the parameters of recipes and of figures have in common: models, and how they are checked."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from cnn.summary import layer_summaries
from pipeline.common import recipes
from pipeline.common.datasets import CLASSES, IMAGE_SHAPE

INPUT_SHAPE = (*IMAGE_SHAPE, 1)  # height, width and the one channel of grey
LARGEST = 10**10  # products that a layer may take for an image, which are some seconds of a processor's time


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


def check_shapes(model: list[dict[str, Any]]) -> None:
    """Refuse a model that is absurdly large, or does not end with a number for each class of the images."""
    made = recipes.make_model(model)
    output_shape = made.output_shape(INPUT_SHAPE)
    for place, line in enumerate(layer_summaries(made.layers, INPUT_SHAPE)):
        if max(line.multiply_adds, prod(line.output_shape)) > LARGEST:
            raise ValueError(
                f"Layer {place} ({line.layer}) is too large: an image would take more than {LARGEST:,} "
                "products or numbers in it; choose fewer units or filters, or less padding."
            )
    if output_shape != (CLASSES,):
        raise ValueError(
            f"Layer {len(model) - 1} ({model[-1]['layer']}) does not fit: the last layer must give an output "
            f"of {(CLASSES,)}, a number for each class, received {output_shape}."
        )
