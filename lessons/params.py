"""The whole of `params.yaml`: the parameters of the pipeline, and those of the figures.

Run as a program it checks the file; with `--write-schema` it renews the JSON schema for editors.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, model_validator
from pydantic.json_schema import GenerateJsonSchema

from pipeline.common.files import write_bytes
from pipeline.common.params import (
    Augmentation,
    Model,
    Optimiser,
    Parameters,
    Strict,
    parse_parameters,
    read_yaml,
)
from pipeline.common.paths import PARAMETERS, SCHEMA
from pipeline.common.recipes import check_shapes
from pipeline.common.running import run_stage


class SmallTraining(Strict):
    """A small network that is trained for a figure, within seconds."""

    model: Model
    images: int = Field(ge=1, description="how many of the training images it sees")
    epochs: int = Field(ge=1, description="how often training goes through them")
    batch_size: int = Field(ge=1, description="images of one step of the optimiser")
    learning_rate: float = Field(gt=0, description="the learning rate, of Adam")
    seed: int = Field(ge=0, description="the seed of the weights, the shuffling and the dropout")

    @model_validator(mode="after")
    def _model_fits_images(self, info: ValidationInfo) -> SmallTraining:
        if info.context:
            at_once = min(self.images, self.batch_size)
            check_shapes(self.model, info.context.input_shape, info.context.classes, at_once)
        return self


class Valley(Strict):
    """The paths of optimisers down a valley, L(w) = (w₀² + steepness · w₁²) / 2."""

    along: float = Field(
        gt=0, description="how far from the lowest point they all start, along the valley: w₀"
    )
    across: float = Field(
        gt=0, description="how far from the lowest point they all start, across the valley: w₁"
    )
    steepness: float = Field(gt=0, description="how much steeper the valley is across than along")
    steps: int = Field(ge=1, le=1000, description="how many steps each of them makes")
    optimisers: dict[str, Optimiser] = Field(
        min_length=1, description="the optimisers under the names that they are shown by"
    )


class Figures(Strict):
    """What is drawn."""

    digit: int = Field(ge=0, description="which of the test images is followed through the network")
    images: int = Field(ge=1, description="how many test images and how many validation images are used")
    seed: int = Field(ge=0, description="the seed of the dropout masks and distorted copies that are shown")
    augmentation: Augmentation = Field(description="what the distorted copies of an image are made by")
    overfitting: SmallTraining = Field(description="few images and many epochs, with dropout and without")
    linear: SmallTraining = Field(description="a network that is trained with its activations and without")
    normalisation: SmallTraining = Field(
        description="a network that is trained with batch normalisation and without"
    )
    valley: Valley

    @model_validator(mode="after")
    def _small_networks_have_what_is_shown(self) -> Figures:
        if not any(layer["layer"] == "BatchNorm" for layer in self.normalisation.model):
            raise ValueError("normalisation.model must have a BatchNorm layer.")
        # Pages show these where the trained recipe has none.
        if not {"Conv2D", "ReLU", "Flatten", "Dense"} <= {layer["layer"] for layer in self.overfitting.model}:
            raise ValueError("overfitting.model must have Conv2D, ReLU, Flatten and Dense layers.")
        return self


class AllParameters(Parameters):
    """All of `params.yaml`."""

    figures: Figures


class _Schema(GenerateJsonSchema):
    """Without a title for each parameter, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - every field's
        return False


def load_all_parameters(path: Path = PARAMETERS) -> AllParameters:
    """Read and check the whole file.

    Raises:
        PipelineError: if the file is missing, is not valid YAML, or holds anything that is wrong.
    """
    return parse_parameters(read_yaml(path), str(path), AllParameters)


def json_schema() -> str:
    """Return the JSON schema of `params.yaml`, as the repository keeps it."""
    schema = AllParameters.model_json_schema(schema_generator=_Schema)
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    # An object or a list that holds no other stands on one line.
    return re.sub(r"([\[{])\n\s*([^\[\]{}]*?)\n\s*([\]}])", _on_one_line, text)


def _on_one_line(found: re.Match[str]) -> str:
    return found[1] + re.sub(r"\n\s*", " ", found[2]) + found[3]


def main() -> None:
    """Check `params.yaml`, or write its schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-schema", action="store_true", help=f"renew {SCHEMA}")
    if parser.parse_args().write_schema:
        write_bytes(SCHEMA, json_schema().encode())
    parameters = load_all_parameters()
    print(f"{PARAMETERS} is right: recipe {parameters.recipe} on {parameters.data.dataset}.")


if __name__ == "__main__":
    run_stage(main)
