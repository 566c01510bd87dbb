"""The trained model as the stages after `train` read it."""

import cnn
from pipeline.errors import PipelineError
from pipeline.paths import MODEL


def load_model() -> cnn.Sequential:
    """Return the trained model.

    Raises:
        PipelineError: if there is none, or its file is damaged.
    """
    try:
        return cnn.Sequential.load(MODEL)
    except FileNotFoundError as error:
        raise PipelineError(f"There is no trained model at {MODEL}: run `dvc repro` first.") from error
    except ValueError as error:
        raise PipelineError(f"{error} Remove it and run `dvc repro`.") from error
