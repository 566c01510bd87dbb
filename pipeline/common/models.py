"""The trained model as the stages after `train` read it."""

import cnn
from pipeline.common.datasets import CLASSES, IMAGE_SHAPE
from pipeline.common.errors import PipelineError
from pipeline.common.paths import MODEL

SHAPES = ((*IMAGE_SHAPE, 1), (CLASSES,))


def load_model() -> cnn.Sequential:
    """Return the trained model.

    Raises:
        PipelineError: if there is none, its file is damaged, or it was made for other images or classes.
    """
    try:
        model = cnn.Sequential.load(MODEL)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no trained model at {MODEL}: run `dvc repro` first.") from error
    except ValueError as error:
        raise PipelineError(f"{error} Remove it and run `dvc repro`.") from error
    input_shape = model.built_for()
    shapes = (input_shape, model.output_shape(input_shape))
    if shapes != SHAPES:
        raise PipelineError(
            f"{MODEL} holds a model from {shapes[0]} to {shapes[1]}, expected one from {SHAPES[0]} to "
            f"{SHAPES[1]}: remove it and run `dvc repro`."
        )
    return model
