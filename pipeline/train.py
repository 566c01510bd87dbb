"""The train stage: the chosen recipe's model, trained, chosen on validation data, and written to a file."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from dvclive.live import Live

import cnn
from cnn.training import Record
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.images import Labelled, Normalisation, load_normalisation, load_part
from pipeline.common.kernels import check_kernels
from pipeline.common.model_params import INPUT_SHAPE
from pipeline.common.params import Parameters, Recipe, load_parameters
from pipeline.common.recipes import make_augmentation, make_loss, make_model, make_optimiser
from pipeline.common.stage import log_circumstances, naming, run_stage


class MetricsLog(cnn.Callback):
    """Log each epoch's record with DVCLive, those before a resumption included.

    Args:
        dataset: the name of the data set, logged too.
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
        """Log the rest, where training went on from a checkpoint of its last epoch."""
        self.on_epoch_end(training)
        with _writing_the_log():
            self._live.end()  # type: ignore[no-untyped-call]


@contextmanager
def _writing_the_log() -> Iterator[None]:
    try:
        with naming(paths.TRAINING_LOG):
            yield
    except sqlite3.Error as error:
        folder = str(paths.TRAINING_LOG)
        raise OSError(errno.EIO, f"DVC's own records cannot be written ({error})", folder) from error


def train(parameters: Parameters, processed: Path) -> dict[str, Any]:
    """Train the chosen recipe's model and write it to a file.

    Args:
        parameters: the parameters.
        processed: the folder with the images.

    Returns:
        What to record of the run beside its result: times and kernels.
    """
    recipe = parameters.chosen
    kernels = check_kernels(parameters.runtime.kernels)
    normalisation = load_normalisation(processed)
    training, validation = load_part("train", processed), load_part("validation", processed)
    if not len(validation.labels):
        raise PipelineError(f"{processed} has no validation images: choose a larger data.validation_share.")
    model = untrained_model(recipe)
    checkpoint = cnn.Checkpoint(paths.CHECKPOINTS / f"{_digest(parameters, processed)}.npz")
    print(
        f"Recipe {parameters.recipe} on {normalisation.dataset}: {len(training.labels):,} images to train "
        f"with, {len(validation.labels):,} to choose the epoch by.\n{model.summary()}"
    )
    paths.MODEL.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    log = MetricsLog(normalisation.dataset)
    callbacks = (cnn.ProgressBar(), log, cnn.BestWeights(recipe.train.monitor), checkpoint)
    history = fit_recipe(model, parameters, normalisation, training, validation, callbacks)
    seconds = time.perf_counter() - started
    model.save(paths.MODEL)
    checkpoint.path.unlink(missing_ok=True)
    return {"kernels": kernels, "seconds": seconds, "epochs": len(history), "images": len(training.labels)}


def untrained_model(recipe: Recipe) -> cnn.Sequential:
    """Return the recipe's model with the weights that training starts from, which its seed determines."""
    model = make_model(recipe.model)
    model.build(INPUT_SHAPE, np.random.default_rng(recipe.train.seed))
    return model


def fit_recipe(
    model: cnn.Sequential,
    parameters: Parameters,
    normalisation: Normalisation,
    training: Labelled,
    validation: Labelled,
    callbacks: Sequence[cnn.Callback],
) -> list[Record]:
    """Train a model as the chosen recipe says.

    Args:
        model: the recipe's untrained model, whose weights training changes.
        parameters: the parameters.
        normalisation: how bytes become what the network sees.
        training: the images to train with.
        validation: the images to evaluate on after each epoch.
        callbacks: what is told how it goes.

    Returns:
        One record for each epoch.

    Raises:
        PipelineError: if the images or a checkpoint do not fit.
        FloatingPointError: if training diverges.
    """
    recipe = parameters.chosen
    decay = recipe.train.weight_average
    averaging = [] if decay is None else [cnn.WeightAverage(decay)]
    try:
        return model.fit(
            normalisation.apply(training.images),
            training.labels,
            validation_data=(normalisation.apply(validation.images), validation.labels),
            optimiser=make_optimiser(recipe.optimiser),
            loss=make_loss(recipe.loss),
            augmentation=make_augmentation(recipe.augmentation),
            epochs=recipe.train.epochs,
            batch_size=recipe.train.batch_size,
            micro_batch_size=recipe.train.micro_batch_size,
            seed=recipe.train.seed,
            workers=parameters.runtime.workers,
            callbacks=[*averaging, *callbacks],
        )
    except ValueError as error:  # of the data or the checkpoint: the parameters have been checked
        raise PipelineError(str(error)) from error


def _digest(parameters: Parameters, processed: Path) -> str:
    """Return a name that only a training with the same recipe, kernels, data and code shares."""
    facts = {
        "recipe": parameters.chosen.model_dump(),
        "kernels": parameters.runtime.kernels,
        "numpy": version("numpy"),
        "code": code_digest(),
        "data": files_digest(processed.iterdir()),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def code_digest() -> str:
    """Return a name that only the same code shares: every module of `cnn` and `pipeline`, comments too."""
    packages = Path(cnn.__file__).parent, Path(__file__).parent
    return files_digest(path for package in packages for path in package.rglob("*.py"))


def files_digest(files: Iterable[Path]) -> str:
    """Return a name that only files of the same names and contents share."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _plot_name(name: str) -> str:
    """Return the name under which DVCLive draws training and validation as two lines of one plot."""
    return name.replace("validation_", "validation/") if name.startswith("validation_") else f"train/{name}"


def main() -> None:
    """Run the stage."""
    parameters = load_parameters()
    facts = train(parameters, paths.PROCESSED / parameters.data.dataset)
    log_circumstances("train", **facts)


if __name__ == "__main__":
    run_stage(main, stage="train")
