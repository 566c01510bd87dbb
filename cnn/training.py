"""Training: epochs of batches, cut into micro-batches that run side by side and add up in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from cnn.augmentation import Augmentation
from cnn.checks import as_floats, whole_number
from cnn.config import constructor_parameters
from cnn.contract import watched
from cnn.habits import Explains, check_hooks, check_object, check_takes_training
from cnn.history import History, Record
from cnn.labels import labels_of
from cnn.layers import Layer
from cnn.losses import Loss, check_divides, check_takes_batch_size, loss_and_gradient
from cnn.optimisers import Optimiser
from cnn.parallel import keep_freed_memory, one_blas_thread
from cnn.types import Array, Gradients, Labels, Targets

MICRO_BATCH_SIZE = 32
"""Samples that one worker takes at once: few enough that the layers' outputs stay in its cache."""


class Callback(Explains):
    """Something that is told how a training goes; every method does nothing unless overridden.

    Attributes:
        hears_last: the methods that are called after those of all other callbacks, whatever the order.

    Example:
        >>> class Names(Callback):
        ...     def on_epoch_end(self, training):
        ...         print("epoch", training.epoch, "of", training.epochs)

    Raises:
        TypeError: where a class derives from it, if a method `on_…` is none of these, so that it would never
            be called, or takes anything but the training.
    """

    hears_last: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_hooks(cls, vars(Callback))

    def __repr__(self) -> str:
        held = vars(self)
        known = [name for name in constructor_parameters(type(self)) if name in held]
        return f"{type(self).__name__}({', '.join(f'{name}={held[name]!r}' for name in known)})"

    def on_fit_start(self, training: Training) -> None:
        """Called before the first epoch."""

    def on_epoch_start(self, training: Training) -> None:
        """Called before the first step of an epoch."""

    def on_step_end(self, training: Training) -> None:
        """Called after each step of the optimiser."""

    def on_validation_start(self, training: Training) -> None:
        """Called after an epoch's last step, before the validation if there is any."""

    def on_epoch_end(self, training: Training) -> None:
        """Called after an epoch, when its record is in the history."""

    def on_fit_end(self, training: Training) -> None:
        """Called after the last epoch, if training came to its end."""

    def on_exit(self, training: Training) -> None:
        """Called last, even if training fails or is interrupted: close here what was opened."""

    @property
    def state(self) -> dict[str, Array]:
        """The arrays that a checkpoint must keep for this callback."""
        return {}

    def load_state(self, state: dict[str, Array]) -> None:
        """Take the arrays that a checkpoint kept."""


CallbackLike = Callback | Callable[["Training"], None]
"""A Callback, or a function that is called with the Training after each epoch."""


class Model(Protocol):
    """What training needs of a model. `Sequential` has all of it."""

    layers: Sequence[Layer]
    history: History

    @property
    def params(self) -> dict[str, Array]:
        """All parameters under flat names."""

    @property
    def state(self) -> dict[str, Array]:
        """The layers' arrays that have no gradient, under flat names."""

    @property
    def decays(self) -> set[str]:
        """The flat names of the parameters to which weight decay applies."""

    def assign(self, arrays: Mapping[str, ArrayLike]) -> None:
        """Replace the parameters and the state of these flat names."""

    def for_workers(self) -> Model:
        """Return what a worker needs of the model: the passes, without what only the training needs."""

    def forward_pass(
        self, x: Array, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Any]]:
        """Send samples through all layers."""

    def parameter_gradients(self, dy: Array, caches: list[Any]) -> Gradients:
        """Return the gradients of all parameters under flat names."""

    def evaluate(
        self, x: Array, targets: Targets, loss: Loss | None = None, *, executor: Executor | None = None
    ) -> dict[str, float]:
        """Return the mean loss and, if the targets are classes, the accuracy on these samples."""


@dataclass(eq=False)
class Training(Explains):
    """One run of `Sequential.fit`, as callbacks see it.

    Attributes:
        model: what is trained.
        optimiser: how a step follows from the gradients.
        loss: what is made smaller.
        x: the samples, `[n, h, w, c]`.
        targets: labels `[n]`, or numbers in the shape of the outputs, `[n, …]`.
        validation_data: samples and targets to evaluate on after each epoch.
        epochs: how often to go through the samples.
        batch_size: the samples of one step; a single sample that is left over joins the last step.
        micro_batch_size: the samples that a worker takes at once, and likewise.
        seed: all random numbers derive from it.
        callbacks: what is told how training goes.
        augmentation: what changes the samples of each step.
        classifies: whether the targets tell classes, so that the accuracy is recorded.
        epoch: the epochs completed so far.
        step: the steps taken in the current epoch.
        seen: the samples seen in the current epoch.
        history: one record for each completed epoch.
        stopped: set it to end training after the current epoch.
        earlier: the history of the model's last training before this one.

    Example:
        >>> from cnn import SGD, Dense, Sequential
        >>> model = Sequential([Dense(2)])
        >>> shape = model.build((1,), np.random.default_rng(0))
        >>> x, labels = np.array([[-1.0], [1.0]]), np.array([0, 1])
        >>> def stop_when_right(training):
        ...     training.stopped = training.history[-1]["accuracy"] == 1
        >>> optimiser = SGD(learning_rate=1.0)
        >>> history = model.fit(x, labels, epochs=100, optimiser=optimiser, callbacks=[stop_when_right])
        >>> len(history) < 100
        True
    """

    model: Model
    optimiser: Optimiser
    loss: Loss
    x: Array = field(repr=False)
    targets: Targets = field(repr=False)
    validation_data: tuple[Array, Targets] | None = field(repr=False)
    epochs: int
    batch_size: int
    micro_batch_size: int
    seed: int
    callbacks: list[CallbackLike]
    augmentation: Augmentation | None = None
    classifies: bool = True
    epoch: int = 0
    step: int = 0
    seen: int = 0
    history: History = field(default_factory=History)
    stopped: bool = False
    earlier: History = field(init=False, repr=False)
    _loss_sum: float = field(init=False, repr=False, default=0.0)
    _correct: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        self.earlier = self.model.history
        for name in ("epochs", "batch_size", "micro_batch_size"):
            setattr(self, name, whole_number("fit", name, getattr(self, name), minimum=1))
        self.seed = whole_number("fit", "seed", self.seed, minimum=0)
        check_object("fit: optimiser must be an Optimiser such as Adam()", self.optimiser, Optimiser)
        check_takes_batch_size(self.loss)
        if self.augmentation is not None:
            expected = "fit: augmentation must be an Augmentation such as RandomAffine(shift=1)"
            check_object(expected, self.augmentation, Augmentation)
        for callback in self.callbacks:
            if isinstance(callback, type | Layer) or not callable(callback):
                check_object("fit: a callback must be a Callback or a function", callback, Callback)
            elif not isinstance(callback, Callback):
                check_takes_training(callback)

    @property
    def steps(self) -> int:
        """The number of steps in an epoch."""
        return len(part_starts(len(self.x), self.batch_size))

    @property
    def progress(self) -> float:
        """How far training has come, from 0 to 1; schedules depend on it."""
        return (self.epoch * self.steps + self.step) / (self.epochs * self.steps)

    @property
    def running(self) -> Record:
        """Of the samples seen in the current epoch: the mean `loss` and, of classes, the `accuracy`.

        Each sample counts with what the model gave when it saw it.
        """
        seen = max(self.seen, 1)
        running = {"loss": self._loss_sum / seen}
        return running | {"accuracy": self._correct / seen} if self.classifies else running

    @property
    def entries(self) -> list[str]:
        """The names of what each record tells of its epoch."""
        measured = list(self.running)
        validation = [] if self.validation_data is None else [f"validation_{name}" for name in measured]
        return ["learning_rate", *measured, *validation]

    def run(self, pool: Executor) -> History:
        """Train until the last epoch, or until a callback stops it.

        Args:
            pool: where the micro-batches run.

        Returns:
            The history.

        Raises:
            FloatingPointError: if the loss stops being a finite number.
        """
        for kept in self.optimiser.state.values():
            if kept.keys() != self.model.params.keys():
                raise ValueError(
                    f"The optimiser keeps averages for {', '.join(kept)}, which are not the parameters of "
                    "this model: make a new optimiser for another model."
                )
        try:
            self._tell("on_fit_start")
            while self.epoch < self.epochs and not self.stopped:
                self._run_epoch(pool)
                self._tell("on_epoch_end")
            self._tell("on_fit_end")
        finally:
            self._tell("on_exit")
        return self.history

    def _run_epoch(self, pool: Executor) -> None:
        self.step, self.seen, self._loss_sum, self._correct = 0, 0, 0.0, 0
        self._tell("on_epoch_start")
        rng = generator(self.seed, self.epoch)
        order = rng.permutation(len(self.x))
        numbers = 0 if self.augmentation is None else self.augmentation.numbers
        draws = rng.random((len(self.x), numbers), dtype=np.float32)
        rate = self.optimiser.rate_at(self.progress)
        for batch in _parts(order, self.batch_size):
            self._run_step(pool, batch, draws)
            self._tell("on_step_end")
        self.epoch, self.step = self.epoch + 1, 0
        self._tell("on_validation_start")
        record: Record = {"epoch": self.epoch, "learning_rate": rate, **self.running}
        if self.validation_data is not None:
            try:
                validation = self.model.evaluate(*self.validation_data, self.loss, executor=pool)
                found = f"the loss {validation['loss']:.4g}"
            except FloatingPointError:
                validation, found = {"loss": nan}, "outputs that are not finite"
            if not isfinite(validation["loss"]):
                x = self.validation_data[0]
                parts = (x[i : i + MICRO_BATCH_SIZE] for i in range(0, len(x), MICRO_BATCH_SIZE))
                index = min(first_overflow(self.model, part) for part in parts)
                raise self._diverged(f"in the validation of epoch {self.epoch}", index, found)
            record |= {f"validation_{name}": value for name, value in validation.items()}
        self.history.append(record)

    def _run_step(self, pool: Executor, batch: Labels, draws: Array) -> None:
        """Take one step of the optimiser with the gradients of all micro-batches, added in order."""
        results = list(self._micro_batches(pool, batch, draws))
        loss_value = sum(result.loss for result in results)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported below
            grads = _sum_in_order(results)
            params = self.optimiser.update(self.model.params, grads, self.progress, self.model.decays)
        index = diverging_layer(results, grads, params)
        if index is not None:
            when, found = f"at step {self.step + 1} of epoch {self.epoch + 1}", f"the loss {loss_value:.4g}"
            raise self._diverged(when, index, found)
        self.model.assign(params)
        for result in results:
            for layer, statistics in zip(self.model.layers, result.statistics, strict=True):
                layer.update_state(statistics)
        self._correct += sum(result.correct for result in results)
        self.step += 1
        self.seen += len(batch)
        self._loss_sum += loss_value * len(batch)

    def _diverged(self, when: str, index: int, found: str) -> FloatingPointError:
        return FloatingPointError(
            f"Training diverged {when}, in layer {index} ({self.model.layers[index].kind}), with {found}: "
            "try a lower learning rate, a warm-up or clip_norm."
        )

    def _micro_batches(self, pool: Executor, batch: Labels, draws: Array) -> Iterator[MicroBatchResult]:
        """Run the batch's micro-batches side by side, and give their results in order."""
        parts = _parts(batch, self.micro_batch_size)
        count = len(parts)
        return pool.map(  # Dask's executor takes lists, and no endless iterators
            run_micro_batch,
            [self.model.for_workers()] * count,
            [self.loss] * count,
            [self.classifies] * count,
            [self.augmentation] * count,
            [self.x[part] for part in parts],
            [draws[part] for part in parts],
            [self.targets[part] for part in parts],
            [len(batch)] * count,
            [(self.seed, self.epoch, self.step, index) for index in range(count)],
        )

    def _tell(self, event: str) -> None:
        for callback in sorted(self.callbacks, key=lambda each: event in getattr(each, "hears_last", ())):
            if isinstance(callback, Callback):
                getattr(callback, event)(self)
            elif event == "on_epoch_end":
                callback(self)


def part_starts(n: int, size: int) -> range:
    """Return where the parts begin if n samples are cut into parts of this size.

    The last part may be smaller. A single sample that would be left over joins the part before, since batch
    normalisation cannot tell the variance of one. Of parts of size 1 each stays alone.

    Example:
        >>> [len(part_starts(n, 64)) for n in (1, 64, 65, 66, 129)]
        [1, 1, 1, 2, 2]
    """
    return range(0, n if size == 1 else max(n - 1, 1), size)


def _parts(indices: Labels, size: int) -> list[Labels]:
    """Cut the indices of samples into batches, or those of a batch into micro-batches."""
    return np.split(indices, part_starts(len(indices), size)[1:])


class MicroBatchResult(NamedTuple):
    """What one micro-batch adds to its batch."""

    loss: float
    correct: int  # right answers; 0 if the targets are not classes
    grads: Gradients
    statistics: list[dict[str, Array]]  # of each layer
    overflow: int | None  # the index of the first layer that overflowed; None if the loss is finite


def run_micro_batch(
    model: Model,
    loss: Loss,
    classifies: bool,
    augmentation: Augmentation | None,
    x: Array,
    draws: Array,
    targets: Targets,
    batch_size: int,
    rng_key: tuple[int, ...],
) -> MicroBatchResult:
    """Take one micro-batch forward and backward, in any thread or process.

    Args:
        model: the model, which is only read.
        loss: what is made smaller.
        classifies: whether the targets tell classes, so that right answers are counted.
        augmentation: what changes the samples first.
        x: the micro-batch's samples.
        draws: the random numbers of their augmentation, one row for each sample.
        targets: their targets.
        batch_size: N, the size of the whole batch.
        rng_key: seed, epoch, step and the micro-batch's index; the random numbers of dropout derive from it.

    Returns:
        Its part of the loss, its gradients and statistics, and the layer that overflowed.
    """
    keep_freed_memory()  # in this process, which may be another than that of fit
    is_first = not any(rng_key[1:])  # own layers and losses are looked at in the first micro-batch of all
    if is_first:
        model = copy(model)
        model.layers = watched(model.layers)
    # Tiny numbers become 0, and Training reports those that are too large.
    with one_blas_thread(), np.errstate(under="ignore", over="ignore", invalid="ignore"):
        if augmentation is not None:
            x = augmentation(as_floats(x), draws)
        outputs, caches = model.forward_pass(x, training=True, rng=generator(*rng_key))
        value, doutputs = loss_and_gradient(loss, outputs, targets, batch_size)
        if is_first:
            check_divides(loss, outputs, targets, batch_size, (value, doutputs))
        grads = model.parameter_gradients(doutputs, caches)
    correct = int((labels_of(outputs) == labels_of(targets)).sum()) if classifies else 0
    statistics = [layer.batch_statistics(cache) for layer, cache in zip(model.layers, caches, strict=True)]
    overflow = None if isfinite(value) else first_overflow(model, x, generator(*rng_key))
    return MicroBatchResult(value, correct, grads, statistics, overflow)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the random generator of this epoch, step and micro-batch, which depends on nothing else."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _sum_in_order(results: list[MicroBatchResult]) -> Gradients:
    """Add the gradients of all micro-batches, first to last: another order would round differently."""
    total = {name: grad.copy() for name, grad in results[0].grads.items()}
    for result in results[1:]:
        for name, grad in result.grads.items():
            total[name] += grad
    return total


# Divergence: which layer a message names if numbers are no longer finite -------------------------------


def first_overflow(model: Model, x: Array, rng: np.random.Generator | None = None) -> int:
    """Return the index of the first layer whose output is not finite.

    If all outputs are finite but the loss is not, it is the last layer: the loss overflows with its numbers.

    Args:
        model: the model.
        x: samples for which the loss is not finite.
        rng: where dropout draws from in training; None means inference.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        for index, layer in enumerate(model.layers):
            x, _ = layer.forward_pass(x, training=rng is not None, rng=rng)
            if not np.isfinite(x).all():
                return index
    return len(model.layers) - 1


def diverging_layer(
    results: Sequence[MicroBatchResult], grads: Gradients, params: Mapping[str, Array]
) -> int | None:
    """Return the index of the layer where a step's numbers stop being finite, or None if they are all finite.

    A step computes outputs and statistics from the first layer to the last, then gradients from the last to
    the first, then new parameters. The layer is the first in this order.

    Args:
        results: of the batch's micro-batches.
        grads: the gradients of the whole batch, under flat names.
        params: the new parameters, under flat names.
    """
    forward = {result.overflow for result in results if result.overflow is not None}
    for result in results:
        forward |= {index for index, found in enumerate(result.statistics) if not _finite(found.values())}
    if forward:
        return min(forward)
    if _finite(params.values()):
        return None
    return max(_not_finite(grads), default=min(_not_finite(params)))


def _not_finite(arrays: Mapping[str, Array]) -> set[int]:
    """Return the indices of the layers whose arrays, under flat names, are not finite."""
    return {int(name.partition(".")[0]) for name, array in arrays.items() if not _finite([array])}


def _finite(arrays: Iterable[Array]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)
