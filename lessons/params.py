"""The parameters of the figures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from pipeline.common import recipes
from pipeline.common.model_params import Model, Strict, check_shapes, makes


class SmallTraining(Strict):
    """A small network that is trained for a figure, within seconds."""

    model: Model
    images: int = Field(ge=1, description="how many of the training images it sees")
    epochs: int = Field(ge=1, description="how often training goes through them")
    batch_size: int = Field(ge=1, description="images of one step of the optimiser")
    learning_rate: float = Field(gt=0, description="the learning rate, of Adam")
    seed: int = Field(ge=0, description="the seed of the weights, the shuffling and the dropout")

    @model_validator(mode="after")
    def _model_fits_images(self) -> SmallTraining:
        check_shapes(self.model)
        return self


class Valley(Strict):
    """The paths of optimisers down a valley, L(w) = (w₀² + steepness · w₁²) / 2."""

    along: float = Field(gt=0, description="where all of them start, w₀: so far along the valley")
    across: float = Field(gt=0, description="where all of them start, w₁: so far across it")
    steepness: float = Field(gt=0, description="how much steeper the valley is across than along")
    steps: int = Field(ge=1, le=1000, description="how many steps each of them makes")
    optimisers: dict[
        str,
        Annotated[
            dict[str, Any],
            makes(recipes.make_optimiser),
            WithJsonSchema(recipes.optimiser_schema()),
        ],
    ] = Field(min_length=1, description="the optimisers under the names that they are shown by")


class Figures(Strict):
    """What is drawn."""

    digit: int = Field(
        ge=0, le=9999, description="which of the 10,000 test images is followed through the network"
    )
    images: int = Field(ge=1, description="how many test images are counted over, and validated on")
    seed: int = Field(ge=0, description="the seed of the dropout masks and distorted copies that are shown")
    augmentation: Annotated[
        dict[str, Any],
        makes(recipes.make_augmentation),
        WithJsonSchema(recipes.augmentation_schema()),
    ] = Field(description="what the distorted copies of an image are made by")
    overfitting: SmallTraining = Field(description="few images and much time, with dropout and without")
    linear: SmallTraining = Field(description="a network that is trained with its activations and without")
    valley: Valley
