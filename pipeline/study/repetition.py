"""One repetition of a recipe, as a worker of Dask carries it out."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version

from distributed import get_worker

import cnn
from cnn.history import best_epoch
from cnn.parallel import processors
from pipeline.code import code_digest
from pipeline.common.errors import PipelineError
from pipeline.common.images import ImageSet, Labelled
from pipeline.common.kernels import Kernels, kernels_in_use
from pipeline.common.machine import machine
from pipeline.common.model import fit_recipe, untrained_model
from pipeline.common.params import Parameters
from pipeline.evaluate import measure
from pipeline.study.results import Result

REPORT_EVERY = 0.5  # seconds
PROGRAM = {
    "code": code_digest("pipeline.study.repetition"),
    "Python": ".".join(platform.python_version_tuple()[:2]),
    "NumPy": version("numpy"),
}
"""What this process runs. It must be the same wherever the repetitions of one study run."""


@dataclass(frozen=True)
class Images:
    """What the repetitions need of the data; `test` is None where the test images are left alone."""

    image_set: ImageSet
    training: Labelled
    validation: Labelled
    test: Labelled | None


class Report(cnn.Callback):
    """Tell the study's client how far the training has come.

    Args:
        topic: the topic of Dask's events that the client listens to.
        seed: the seed of this training.
    """

    def __init__(self, topic: str, seed: int) -> None:
        self._topic, self._seed, self._due = topic, seed, 0.0

    def on_step_end(self, training: cnn.Training) -> None:
        """Report the progress, twice a second at most."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + REPORT_EVERY
            get_worker().log_event(self._topic, {"seed": self._seed, "progress": training.progress})


def repeat_recipe(parameters: Parameters, images: Images, expected: dict[str, str], topic: str) -> Result:
    """Train the chosen recipe's model and measure it.

    Args:
        parameters: the parameters, with the seed of this repetition in the recipe.
        images: what to train, choose and test with.
        expected: the program of the study's client.
        topic: where to report progress.

    Returns:
        What this seed gave.

    Raises:
        PipelineError: if this worker has another program, or other kernels.
        FloatingPointError: if training diverges.
    """
    recipe = parameters.chosen
    _check_program(expected)
    kernels = _kernels_in_use(parameters.runtime.kernels)
    started = time.perf_counter()
    model = untrained_model(parameters)
    callbacks = (Report(topic, recipe.train.seed), cnn.BestWeights(recipe.train.monitor))
    history = fit_recipe(model, parameters, images.image_set, images.training, images.validation, callbacks)
    seconds = time.perf_counter() - started
    epoch = best_epoch(history, recipe.train.monitor)
    kept = history[epoch - 1]
    result = {
        "seed": recipe.train.seed,
        "epoch": epoch,
        "validation_accuracy": kept["validation_accuracy"],
        "validation_loss": kept["validation_loss"],
    }
    if images.test is not None:
        metrics, _ = measure(parameters, model, images.image_set, images.test)
        result |= {f"test_{name}": metrics[name] for name in ("accuracy", "errors", "loss")}
    workers = parameters.runtime.workers or processors()
    here = machine() | {"workers": workers, "kernels": kernels}
    return result | {"seconds": round(seconds, 3), "machine": here}


def _check_program(expected: dict[str, str]) -> None:
    other = [
        f"{name} {PROGRAM[name]} instead of {value}"
        for name, value in expected.items()
        if value != PROGRAM[name]
    ]
    if other:
        raise PipelineError(
            f"The worker at {get_worker().address} has {', '.join(other)}: install the same commit and "
            "requirements.lock there as here, and start it again."
        )


def _kernels_in_use(kernels: Kernels) -> str:
    try:
        return kernels_in_use(kernels)
    except PipelineError as error:
        raise PipelineError(
            f"The worker at {get_worker().address} does not compute with {kernels} kernels: start it with "
            f"`CNN_KERNELS={kernels} dask worker --nthreads 1 --preload-nanny pipeline ADDRESS`."
        ) from error
