"""Tiny data, models and trainings that the tests share, here and in processes of their own."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_info

from cnn import (
    GELU,
    SGD,
    AdamW,
    AveragePool2D,
    BatchNorm,
    BestWeights,
    Callback,
    Checkpoint,
    Conv2D,
    Dense,
    Dropout,
    EarlyStopping,
    Flatten,
    GlobalAveragePool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    OneCycle,
    Optimiser,
    ReLU,
    Rescale,
    Sequential,
    Sigmoid,
    Softmax,
    Standardise,
    Tanh,
    Training,
)
from cnn.training import CallbackLike, Record
from cnn.types import Array, Labels, Shape

ROOT = Path(__file__).parents[2]


def images(n: int, seed: int = 0, dtype: type[np.floating[Any]] = np.float32) -> tuple[Array, Labels]:
    """Return n images of 6×6×1 whose brightness tells which of three classes they belong to, more or less."""
    labels = np.arange(n) % 3
    x = 2 * np.random.default_rng(seed).random((n, 6, 6, 1)) + labels[:, None, None, None]
    return x.astype(dtype), labels


def built(layers: Sequence[Layer], input_shape: Shape = (6, 6, 1)) -> Sequential:
    model = Sequential(layers)
    model.build(input_shape, np.random.default_rng(0))
    return model


def linear() -> Sequential:
    """Return the smallest model that takes the images."""
    return built([Flatten(), Dense(3)])


def convolutional() -> list[Layer]:
    """Return layers with all that could make a result depend on who computes it."""
    return [
        Conv2D(4, 3, padding="same"),
        BatchNorm(),
        ReLU(),
        MaxPool2D(2),
        Dropout(0.3),
        Flatten(),
        Dense(8),
        ReLU(),
        Dense(3),
    ]


def every_layer() -> list[Layer]:
    """Return at least one layer of each kind, in an order that takes images of 6×6×1 to three classes."""
    return [
        Rescale(2, offset=-1),
        Standardise(0.5, (2,)),
        Conv2D(3, 3, padding="same"),
        BatchNorm(momentum=0.8),
        LeakyReLU(0.1),
        MaxPool2D(2, stride=1),
        Conv2D(4, (2, 3), stride=(1, 2), padding=1, initialiser="glorot_normal"),
        GELU(),
        AveragePool2D(2, padding="same"),
        ReLU(),
        Dropout(0.25),
        GlobalAveragePool2D(),
        Flatten(),
        Dense(5),
        Tanh(),
        Dense(4, initialiser="glorot_uniform"),
        Sigmoid(),
        Dense(3),
        Softmax(),
    ]


def fit_linear(callbacks: list[CallbackLike], **changes: Any) -> list[Record]:
    x, labels = images(9)
    options = {"epochs": 2, "optimiser": SGD(learning_rate=0.1), "batch_size": 4, "workers": 1}
    return linear().fit(x, labels, callbacks=callbacks, **{**options, **changes})


class Run(NamedTuple):
    """What a training leaves."""

    model: Sequential
    optimiser: Optimiser
    history: list[Record]

    def bits(self) -> dict[str, object]:
        """Return everything in a form that is equal only if every bit is."""
        return {
            "weights": digests(self.model.params | self.model.state),
            "optimiser": {slot: digests(arrays) for slot, arrays in self.optimiser.state.items()},
            "steps": self.optimiser.steps,
            "history": self.history,
        }


def train(layers: Sequence[Layer] | None = None, n: int = 41, **changes: Any) -> Run:
    """Train with batches of 20, 20 and 1 samples, which micro-batches of 7 do not divide."""
    model = built(convolutional() if layers is None else layers)
    options: dict[str, Any] = {
        "epochs": 2,
        "optimiser": AdamW(learning_rate=OneCycle(0.01), clip_norm=1.0),
        "batch_size": 20,
        "micro_batch_size": 7,
        "validation_data": images(35, seed=1),
        **changes,
    }
    return Run(model, options["optimiser"], model.fit(*images(n), **options))


def resumable(path: Path, watcher: Callback, first: Sequence[Callback] = ()) -> Run:
    """Train with a checkpoint; the fourth epoch is the best, and the sixth of ten the last."""
    return train(
        epochs=10,
        optimiser=AdamW(learning_rate=OneCycle(0.04), clip_norm=1.0),
        callbacks=[*first, BestWeights(), EarlyStopping(patience=2), watcher, Checkpoint(path)],
    )


class Watcher(Callback):
    """Remembers what it was told, and with how much progress."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.progress: list[float] = []

    def on_fit_start(self, training: Training) -> None:
        self._note("fit_start", training)

    def on_step_end(self, training: Training) -> None:
        self._note(f"step {training.epoch}.{training.step}", training)

    def on_epoch_end(self, training: Training) -> None:
        self._note(f"epoch {training.epoch}", training)

    def on_fit_end(self, training: Training) -> None:
        self._note("fit_end", training)

    def _note(self, event: str, training: Training) -> None:
        self.events.append(event)
        self.progress.append(training.progress)

    @property
    def steps(self) -> list[str]:
        return [event for event in self.events if event.startswith("step")]


def digests(arrays: Mapping[str, Array]) -> dict[str, str]:
    return {
        name: f"{array.dtype} {array.shape} {sha256(array.tobytes()).hexdigest()[:16]}"
        for name, array in sorted(arrays.items())
    }


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that sees `cnn` and `tests` as this one does."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def blas_threads() -> set[int]:
    return {int(library["num_threads"]) for library in threadpool_info() if library["user_api"] == "blas"}


class BlasThreads(ReLU):
    """A layer whose output is the number of threads that BLAS had while it ran."""

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array]:
        y, cache = super().forward_pass(x, training, rng)
        return np.full_like(y, max(blas_threads())), cache
