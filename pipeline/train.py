"""The train stage: trains the chosen recipe's model, and keeps the epoch that is best on validation data."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dvclive.live import Live

import cnn
from pipeline.code import code_digest
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import files_digest, naming
from pipeline.common.images import load_image_set, load_part
from pipeline.common.kernels import kernels_in_use
from pipeline.common.machine import log_circumstances
from pipeline.common.model import fit_recipe, save_model, untrained_model
from pipeline.common.params import Parameters, load_parameters
from pipeline.common.running import run_stage


def main() -> None:
    """Run the stage."""
    parameters = load_parameters()
    facts = train(parameters, paths.PROCESSED / parameters.data.dataset)
    log_circumstances("train", **facts)


def train(parameters: Parameters, processed: Path) -> dict[str, Any]:
    """Train the chosen recipe's model and write it to a file.

    Args:
        parameters: the parameters.
        processed: the folder with the images.

    Returns:
        What to record of the run beside its result: times and kernels.
    """
    recipe = parameters.chosen
    kernels = kernels_in_use(parameters.runtime.kernels)
    image_set = load_image_set(processed)
    training, validation = load_part("train", processed), load_part("validation", processed)
    if not len(validation.labels):
        raise PipelineError(f"{processed} has no validation images: choose a larger data.validation_share.")
    model = untrained_model(parameters)
    checkpoint = cnn.Checkpoint(paths.CHECKPOINTS / f"{_name_of_training(parameters, processed)}.npz")
    print(
        f"Recipe {parameters.recipe} on {image_set.dataset}: {len(training.labels):,} images to train "
        f"with, {len(validation.labels):,} to choose the epoch by.\n{model.summary()}"
    )
    started = time.perf_counter()
    log = MetricsLog(image_set.dataset)
    callbacks = (cnn.ProgressBar(), log, cnn.BestWeights(recipe.train.monitor), checkpoint)
    history = fit_recipe(model, parameters, image_set, training, validation, callbacks)
    seconds = time.perf_counter() - started
    save_model(model, image_set)
    checkpoint.path.unlink(missing_ok=True)
    return {"kernels": kernels, "seconds": seconds, "epochs": len(history), "images": len(training.labels)}


def _name_of_training(parameters: Parameters, processed: Path) -> str:
    """Return a short digest of the recipe, the kernels, NumPy's version, the code and the data."""
    facts = {
        "recipe": parameters.chosen.model_dump(),
        "kernels": parameters.runtime.kernels,
        "numpy": version("numpy"),
        "code": code_digest("pipeline.train"),
        "data": files_digest(processed.iterdir()),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


class MetricsLog(cnn.Callback):
    """Log the record of each epoch with DVCLive; after a resumption, those of the earlier epochs too.

    Args:
        dataset: the name of the data set, which is logged too.
    """

    def __init__(self, dataset: str) -> None:
        folder = str(paths.TRAINING_LOG)
        with _writing_the_log():
            self._live = Live(folder, dvcyaml=None, save_dvc_exp=False, report=None, monitor_system=False)
            self._live.log_metric("dataset", dataset, plot=False)
        self._logged = 0

    def on_epoch_end(self, training: cnn.Training) -> None:
        """Log what has not been logged yet."""
        with _writing_the_log():
            for record in training.history[self._logged :]:
                self._live.step = int(record["epoch"])
                for name, value in record.items():
                    if name != "epoch":
                        self._live.log_metric(_plot_name(name), value)
                self._live.make_summary()  # type: ignore[no-untyped-call]
        self._logged = len(training.history)

    def on_fit_end(self, training: cnn.Training) -> None:
        """Log the rest: a training that resumes after its last epoch has no other epoch's end."""
        self.on_epoch_end(training)
        with _writing_the_log():
            self._live.end()  # type: ignore[no-untyped-call]


def _plot_name(name: str) -> str:
    """Return the name under which DVCLive draws training and validation as two lines of one plot."""
    return name.replace("validation_", "validation/") if name.startswith("validation_") else f"train/{name}"


@contextmanager
def _writing_the_log() -> Iterator[None]:
    try:
        with naming(paths.TRAINING_LOG):
            yield
    except sqlite3.Error as error:
        folder = str(paths.TRAINING_LOG)
        raise OSError(errno.EIO, f"DVC's own records cannot be written ({error})", folder) from error


if __name__ == "__main__":
    run_stage(main, stage="train")
