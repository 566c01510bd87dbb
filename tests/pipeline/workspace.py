"""Folders that stand for the repository's root, and the stages run in them as a user runs them."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.kernels import VARIABLE
from pipeline.common.params import Data

ROOT = Path(__file__).parents[2]
PROCESSED = paths.PROCESSED / "mnist"
STAGES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]

SMALL: dict[str, Any] = {
    "model": [
        {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "stride": 3},
        {"layer": "BatchNorm", "momentum": 0.5},
        {"layer": "ReLU"},
        {"layer": "MaxPool2D", "pool_size": 2},
        {"layer": "Dropout", "rate": 0.2},
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 10},
    ],
    "optimiser": {"optimiser": "Adam", "learning_rate": {"schedule": "CosineDecay", "peak": 0.03}},
    "loss": {"loss": "SoftmaxCrossEntropy"},
    "augmentation": {"augmentation": "RandomAffine", "rotation": 5, "shift": 1},
    "train": {
        "epochs": 4,
        "batch_size": 50,
        "micro_batch_size": 20,
        "seed": 0,
        "monitor": "validation_loss",
        "weight_average": 0.5,
    },
}
"""A recipe that trains within a blink, with all that a resumed training has to remember."""


def listed(stage: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return what a stage lists as its deps, outs, metrics or plots, with the options of each."""
    entries = STAGES[stage].get(kind, [])
    return {
        path: how
        for entry in entries
        for path, how in ({entry: {}} if isinstance(entry, str) else entry).items()
    }


def parameters() -> dict[str, Any]:
    """Return the repository's `params.yaml` as plain data."""
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / paths.PARAMETERS)
    return data


def with_ten_classes(data: Any) -> Any:
    """Return plain data with 10 where a layer has `units: classes`, as the parameters have it once read."""
    if isinstance(data, list):
        return [with_ten_classes(part) for part in data]
    if isinstance(data, dict):
        return {
            name: 10 if (name, part) == ("units", "classes") else with_ten_classes(part)
            for name, part in data.items()
        }
    return data


def data_parameters(**values: Any) -> Data:
    """Return the parameters `data` of the repository, with other values for some of them."""
    return Data.model_validate(parameters()["data"] | values)


SMALL_TRAININGS = ("overfitting", "linear", "normalisation")


def small_parameters() -> dict[str, Any]:
    """Return the parameters with two small recipes, of which one is chosen, instead of the repository's."""
    recipes = {"small": copy.deepcopy(SMALL), "other": copy.deepcopy(SMALL)}
    data = with_ten_classes(parameters() | {"recipe": "small", "recipes": recipes})
    data = changed(data, "data.dataset", "mnist")
    for training in SMALL_TRAININGS:
        data = changed(data, f"figures.{training}.epochs", 2)
        data = changed(data, f"figures.{training}.images", 50)
    return data


def changed(data: Mapping[str, Any], location: str, value: Any = None) -> dict[str, Any]:
    """Return the data with another value at a location like `data.dataset`; without a value it is removed."""
    result = copy.deepcopy(dict(data))
    *way, last = location.split(".")
    node = result
    for key in way:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return result


def write_parameters(folder: Path, data: Mapping[str, Any]) -> Path:
    """Write `params.yaml` into a folder."""
    YAML(typ="safe", pure=True).dump(copy.deepcopy(dict(data)), folder / paths.PARAMETERS)
    return folder / paths.PARAMETERS


def make_workspace(
    folder: Path, data: Mapping[str, Any], **parts: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> Path:
    """Give a folder the packages, the parameters, and images with labels as `preprocess` leaves them."""
    for package in ("cnn", "lessons", "pipeline"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return make_processed(folder, data, **parts)


def make_processed(
    folder: Path, data: Mapping[str, Any], **parts: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> Path:
    """Give a folder the parameters, and images with labels as `preprocess` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_parameters(folder, data)
    processed = folder / PROCESSED
    processed.mkdir(parents=True)
    for part, (images, labels) in parts.items():
        np.save(processed / f"{part}-images.npy", images)
        np.save(processed / f"{part}-labels.npy", labels)
    image_set = {
        "dataset": "mnist-sample",
        "class_names": DIGITS,
        "mean": 100.0,
        "standard_deviation": 60.0,
    }
    (processed / "image-set.json").write_text(json.dumps(image_set))
    return folder


def before_training(folder: Path, data: Mapping[str, Any]) -> Path:
    """Make a folder to train in; its validation labels are wrong: what is learnt makes the loss grow."""
    images, labels = digits(50, seed=1)
    make_processed(folder, data, train=digits(200, seed=0), validation=(images, (labels + 5) % 10))
    (folder / PROCESSED / "test-images.npy").write_text("Training must not look at this.")
    return folder


def link_environment(folder: Path) -> None:
    """Give a folder the environment that runs the tests, as if `make` had installed it there."""
    (folder / ".venv").mkdir()
    for own in Path(sys.prefix).iterdir():
        (folder / ".venv" / own.name).symlink_to(own)
    (folder / ".venv" / ".pipeline").unlink(missing_ok=True)
    (folder / ".venv" / ".pipeline").touch()


def digits(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images and their labels: noise with a bar, the longer the higher the label."""
    labels = np.arange(count, dtype=np.uint8) % 10
    images = np.random.default_rng(seed).integers(0, 120, (count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[8:20, : 2 * label + 4] += 130
    return images, labels


ENCODING = {"PYTHONIOENCODING": "utf-8"}  # of pipes, which on Windows have another


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a fresh shell in which `python` and `dvc` are those that run the tests."""
    foreign = ("GIT_", "DVC_", "PYTHON", "CNN_", "MAKE", "MFLAGS", VARIABLE)
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return own | {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | ENCODING | variables


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    """Start a command in a folder; all that it says goes into one pipe."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and return how it ended and what it said."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
