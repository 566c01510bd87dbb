"""Callbacks: what can be done while a model trains."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from cnn.checks import number_between, whole_number
from cnn.config import Configured, constructor_parameters, from_config, plain
from cnn.description import description, difference
from cnn.foreign_names import SYNONYMS
from cnn.habits import in_brief, nearest
from cnn.history import Record, best_epoch, is_number, readable
from cnn.schedules import SCHEDULES
from cnn.storage import read_arrays, write_arrays
from cnn.training import Callback, CallbackLike, Training
from cnn.types import Array


class ProgressBar(Callback):
    """Show a bar with loss, accuracy, samples a second and time left, and a line for each epoch.

    tqdm draws the bar, in a notebook as its widget. If tqdm is not installed, there are the lines alone.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._new_bar: Any = None
        with suppress(ImportError):
            from tqdm.auto import tqdm

            self._new_bar = tqdm

    def on_step_end(self, training: Training) -> None:
        """Move the bar; the first step opens it, perhaps in a later epoch after a checkpoint."""
        if self._new_bar is None:
            return
        before = training.epoch * len(training.x)
        if self._bar is None:
            self._bar = self._new_bar(
                total=training.epochs * len(training.x),
                initial=before,
                unit=" samples",
                unit_scale=True,
                mininterval=0.5,
            )
        self._bar.set_description(f"epoch {training.epoch + 1}/{training.epochs}", refresh=False)
        parts = [f"{name} {readable(name, value)}" for name, value in training.running.items()]
        self._bar.set_postfix_str(", ".join(parts), refresh=False)
        self._bar.update(before + training.seen - self._bar.n)

    def on_epoch_end(self, training: Training) -> None:
        """Write the epoch's line."""
        parts = [
            f"{name.replace('_', ' ')} {readable(name, value)}"
            for name, value in training.history[-1].items()
            if name != "epoch"
        ]
        line = f"epoch {training.epoch}/{training.epochs}: {', '.join(parts)}"
        write = print if self._bar is None else self._bar.write
        write(line, file=sys.stdout if _in_notebook() else sys.stderr)  # notebooks show errors in red

    def on_exit(self, training: Training) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def someone_watches() -> bool:
    """Tell whether a person sees what a progress bar shows: in a terminal or a notebook."""
    return _in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # is there if this is a notebook
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class BestWeights(Callback):
    """Keep the parameters of the best epoch, and give them back to the model at the end.

    They are given back too if training fails or is interrupted after the first epoch.

    Args:
        monitor: the entry of the history that decides; a name that ends with loss, error, mae or mse should
            be low, anything else, such as an accuracy, high. It may be one that a callback before this one
            writes into `training.history[-1]`. If several epochs are equally good, the first counts.

    Raises:
        ValueError: at the start of training, if it will not record the entry; or after the first epoch, if
            there are callbacks of your own that might have written it.
    """

    def __init__(self, monitor: str = "validation_loss") -> None:
        self.monitor = monitor
        self._best: dict[str, Array] = {}

    def on_fit_start(self, training: Training) -> None:
        """Refuse an entry that this training will not record."""
        _check_monitor(self, self.monitor, training)

    def on_epoch_end(self, training: Training) -> None:
        """Keep the parameters if this epoch is the best so far."""
        if _best_epoch(self, self.monitor, training) == training.epoch:
            self._best = training.model.params | training.model.state

    def on_exit(self, training: Training) -> None:
        """Give the best parameters back to the model, whatever has ended the training, and forget them."""
        training.model.assign(self._best)
        self._best = {}

    @property
    def state(self) -> dict[str, Array]:
        """The best parameters so far."""
        return self._best

    def load_state(self, state: dict[str, Array]) -> None:
        """Take the best parameters that a checkpoint kept."""
        self._best = state


class EarlyStopping(Callback):
    """Stop when the monitored entry has not improved for `patience` epochs.

    Args:
        patience: how many epochs in a row may bring no improvement, 1 or more.
        monitor: the entry of the history that decides, as in BestWeights.

    Raises:
        ValueError: if `patience` is less than 1; during training, as in BestWeights.

    Source:
        Prechelt: Early stopping, but when? 1998.
    """

    def __init__(self, patience: int, monitor: str = "validation_loss") -> None:
        self.patience = whole_number("EarlyStopping", "patience", patience, minimum=1)
        self.monitor = monitor

    def on_fit_start(self, training: Training) -> None:
        """Refuse an entry that this training will not record."""
        _check_monitor(self, self.monitor, training)

    def on_epoch_end(self, training: Training) -> None:
        """Stop training if the best epoch is `patience` epochs ago."""
        if training.epoch - _best_epoch(self, self.monitor, training) >= self.patience:
            training.stopped = True


class WeightAverage(Callback):
    """Average parameters and state over the steps, recent ones more; validate and keep the average.

    After step t, with d the decay and w the array: average ← average + (1 − d) / (1 − dᵗ) · (w − average).
    This is the mean of the arrays after all steps so far, where each counts d times as much as the next one.
    Training goes on with the arrays themselves. The validation, the callbacks after each epoch and the final
    model get the averages. A step ends for this callback after it has ended for all others, so that it
    averages what they leave, such as arrays that one of them freezes.

    Args:
        decay: d, in [0, 1); the average covers about the last 1 / (1 − d) steps.

    Raises:
        TypeError: if `decay` is not a number.
        ValueError: if it is out of range; at the start of training, if there is another WeightAverage.

    Source:
        Polyak, Juditsky: Acceleration of stochastic approximation by averaging, SIAM Journal on Control and
        Optimization 30, 1992; the decay: Tarvainen, Valpola: Mean teachers, NeurIPS 2017, arXiv:1703.01780.
    """

    hears_last = ("on_step_end",)

    def __init__(self, decay: float) -> None:
        self.decay = number_between("WeightAverage", "decay", decay, 0, 1)
        self._mass = 0.0  # 1 − dᵗ
        self._averages: dict[str, Array] = {}
        self._trained: dict[str, Array] = {}

    def on_fit_start(self, training: Training) -> None:
        """Forget an earlier training."""
        if sum(isinstance(callback, WeightAverage) for callback in training.callbacks) > 1:
            raise ValueError("A training can have one WeightAverage, received several: leave only one.")
        self._mass, self._averages, self._trained = 0.0, {}, {}

    def on_epoch_start(self, training: Training) -> None:
        """Give the model the trained arrays back in place of the averages."""
        training.model.assign(self._trained)

    def on_step_end(self, training: Training) -> None:
        """Move the averages towards the present arrays."""
        self._mass = self.decay * self._mass + (1 - self.decay)
        share = (1 - self.decay) / self._mass
        for name, array in (training.model.params | training.model.state).items():
            if name not in self._averages:
                self._averages[name] = array.copy()
            difference = array - self._averages[name]
            difference *= share
            self._averages[name] += difference

    def on_validation_start(self, training: Training) -> None:
        """Give the model copies of the averages, since the averages themselves go on changing in place."""
        self._trained = training.model.params | training.model.state
        training.model.assign({name: average.copy() for name, average in self._averages.items()})

    @property
    def state(self) -> dict[str, Array]:
        """The averages, the trained arrays, and 1 − dᵗ."""
        averages = {f"average {name}": average for name, average in self._averages.items()}
        trained = {f"trained {name}": array for name, array in self._trained.items()}
        return averages | trained | {"mass": np.array(self._mass)}

    def load_state(self, state: dict[str, Array]) -> None:
        """Take the arrays that a checkpoint kept."""
        self._mass = float(state["mass"])
        homes = {"average": self._averages, "trained": self._trained}
        for name, array in state.items():
            kind, _, flat_name = name.partition(" ")
            if kind in homes:
                homes[kind][flat_name] = array


class Checkpoint(Callback):
    """After each epoch, write a file with all that training needs to go on; go on from it if it exists.

    A training that is killed and started again with the same arguments and data ends with the same bits as
    an undisturbed one. Objects among the arguments are compared as they are at its start, by their classes
    and by what their constructors received, or else by all of their attributes; functions are compared by
    their names, not by their code; data and starting parameters by a digest (a second for some 300 MB, once).
    What callbacks have set on the optimiser or on a layer since, such as a learning rate, is kept too.

    The file is not a model: once training has ended, `model.save` writes that, with the last parameters, or
    with `BestWeights()` the best. The file stays; delete it to train from the beginning.

    Args:
        path: the file; its folder is created.

    Raises:
        TypeError: after an epoch, if an entry of the history is no number, or what a callback has set on the
            optimiser or on a layer is not plain data.
        ValueError: at the start of training, if the file belongs to a training with other arguments, data or
            starting parameters or is damaged, or if other callbacks come after this one, which keeps their
            state.

    Warns:
        UserWarning: if the training of the file has ended, so that nothing is left to train.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._run: dict[str, Any] = {}
        self._data: dict[str, Any] = {}

    def on_fit_start(self, training: Training) -> None:
        """Go on from the file, if it exists."""
        if training.callbacks[-1] is not self:
            raise ValueError(
                "Checkpoint must be the last callback, so that it keeps what the others have done."
            )
        self._run, self._data = _arguments(training), _data(training)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._resume(training)
            if training.stopped or training.epoch >= training.epochs:
                warnings.warn(
                    f"{self.path} holds this training, which ended after epoch {training.epoch}, so nothing "
                    "was left to train: model.save(path) writes the model, with BestWeights() among the "
                    "callbacks that of the best epoch; delete the file to train from the beginning.",
                    stacklevel=6,  # the line that called `fit`
                )

    def on_epoch_end(self, training: Training) -> None:
        """Write the file."""
        header = {
            "run": self._run,
            "data": self._data,
            "epoch": training.epoch,
            "stopped": training.stopped,
            "history": [_plain_record(record) for record in training.history],
            "optimiser_steps": training.optimiser.steps,
            "set": [_set_since(*pair) for pair in self._with_settings(training)],
        }
        kept = {"model": training.model.params | training.model.state}
        kept |= {f"optimiser {slot}": arrays for slot, arrays in training.optimiser.state.items()}
        kept |= {name: callback.state for name, callback in _named(training.callbacks)}
        flat = {f"{owner}/{name}": array for owner, arrays in kept.items() for name, array in arrays.items()}
        write_arrays(self.path, "cnn checkpoint", header, flat)

    def _with_settings(self, training: Training) -> list[tuple[Configured, dict[str, Any]]]:
        """Return the optimiser and the layers, each with its description at the training's start."""
        things = [training.optimiser, *training.model.layers]
        return list(zip(things, [self._run["optimiser"], *self._run["model"]], strict=True))

    def _resume(self, training: Training) -> None:
        try:
            header, arrays = read_arrays(self.path, "cnn checkpoint")
            run, data, epoch, stopped = (
                dict(header["run"]), dict(header["data"]), header["epoch"], header["stopped"],
            )  # fmt: skip
            history, optimiser_steps, settings = header["history"], header["optimiser_steps"], header["set"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.path} is damaged, delete it to train afresh: {error}") from error
        for name, argument in self._run.items():
            found = difference(name, run.get(name), argument)
            if found:
                part, there, here = found
                raise self._another(f"with {part} {there}, received {here}")
        for name, digest in self._data.items():
            # A model that this very training has left, interrupted or at its end, may go on.
            left = name == STARTING and history and training.earlier[: len(history)] == history
            if data.get(name) != digest and not left:
                raise self._another(f"with other {name}")
        self._data = data
        training.epoch, training.stopped = epoch, stopped
        training.history[:] = history
        training.optimiser.steps = optimiser_steps
        for (thing, _), kept_settings in zip(self._with_settings(training), settings, strict=True):
            for name, value in kept_settings.items():
                setattr(thing, name, _setting(value))
        kept: dict[str, dict[str, Array]] = {}
        for flat_name, array in arrays.items():
            owner, _, name = flat_name.partition("/")
            kept.setdefault(owner, {})[name] = array
        training.model.assign(kept.get("model", {}))
        training.optimiser.state = {
            owner.removeprefix("optimiser "): state
            for owner, state in kept.items()
            if owner.startswith("optimiser ")
        }
        for name, callback in _named(training.callbacks):
            callback.load_state(kept.get(name, {}))

    def _another(self, differs: str) -> ValueError:
        return ValueError(
            f"{self.path} belongs to a training {differs}: delete it or choose another path; each training, "
            "such as that of a fold, needs a file of its own."
        )


STARTING = "starting parameters"
"""What the arrays of a model before its training are called."""


def _data(training: Training) -> dict[str, Any]:
    """Return digests of what a training begins with."""
    validation = training.validation_data or (None, None)
    return {
        "samples": description(training.x),
        "targets": description(training.targets),
        "validation samples": description(validation[0]),
        "validation targets": description(validation[1]),
        STARTING: description(training.model.params | training.model.state),
    }


def _set_since(thing: Configured, at_start: dict[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters that a callback has set since the training's start, as plain data.

    Raises:
        TypeError: if one is not plain data.
        ValueError: if one is a schedule that is not the library's.
    """
    now, kind = description(thing, "params", "state"), type(thing)
    changed = [name for name in constructor_parameters(kind) if now.get(name) != at_start.get(name)]
    found = {name: plain(f"Checkpoint: {kind.__name__}.{name}", getattr(thing, name)) for name in changed}
    for value in found.values():
        _setting(value)  # refuses now what could not be set again
    return found


def _setting(value: Any) -> Any:
    """Return the value of a hyperparameter that `_set_since` has made plain."""
    if isinstance(value, dict):
        return from_config(value, "schedule", {"schedule": SCHEDULES})
    return tuple(value) if isinstance(value, list) else value


def _plain_record(record: Record) -> Record:
    """Return a record of the history with Python's own numbers, for a file.

    Raises:
        TypeError: if an entry, which a callback has written, is no number.
    """
    for name, value in record.items():
        if not is_number(value):
            raise TypeError(
                f"Checkpoint keeps numbers alone, received {in_brief(value)} as the entry {name!r} of the "
                "history: keep it elsewhere, such as in an attribute of the callback."
            )
    return {name: np.asarray(value).item() for name, value in record.items()}


def _check_monitor(callback: Callback, monitor: str, training: Training) -> None:
    if monitor not in training.entries and not _may_be_written(monitor, training):
        recorded = f"this training records {', '.join(training.entries)}"
        if training.validation_data is None and str(monitor).startswith(("validation_", "val_")):
            hint = f": {recorded}; give fit validation_data."
        else:
            hint = nearest(monitor, training.entries, recorded)
        raise ValueError(f"{type(callback).__name__} cannot monitor {monitor!r}{hint}")


def _may_be_written(monitor: str, training: Training) -> bool:
    """Tell whether there are callbacks of a user's own that may write an entry into an epoch's record."""
    ours = monitor in SYNONYMS or monitor in ("accuracy", "validation_loss", "validation_accuracy")
    return not ours and any(
        not isinstance(one, Callback)
        or not (type(one).__module__.startswith("cnn.") or type(one).on_epoch_end is Callback.on_epoch_end)
        for one in training.callbacks
    )


def _best_epoch(callback: Callback, monitor: str, training: Training) -> int:
    record, kind = training.history[-1], type(callback).__name__
    if monitor not in record:
        known = f"epoch {training.epoch} has {', '.join(record)}; a callback that writes another entry into "
        hint = nearest(monitor, record, f"{known}training.history[-1] must come before {kind}")
        raise ValueError(f"{kind} cannot monitor {monitor!r}{hint}")
    return best_epoch(training.history, monitor)


def _arguments(training: Training) -> dict[str, Any]:
    """Return what must be the same for a training to go on, as it is at the training's start."""
    return {
        "model": [description(layer, "params", "state", "built_for") for layer in training.model.layers],
        "optimiser": description(training.optimiser, "steps", "state"),
        "loss": description(training.loss),
        "augmentation": description(training.augmentation),
        "weight_average": description(
            next((callback for callback in training.callbacks if isinstance(callback, WeightAverage)), None)
        ),
        "samples": list(training.x.shape),
        "targets": list(np.shape(training.targets)),
        "validation_data": training.validation_data is not None,
        "epochs": training.epochs,
        "batch_size": training.batch_size,
        "micro_batch_size": training.micro_batch_size,
        "seed": training.seed,
    }


def _named(callbacks: list[CallbackLike]) -> list[tuple[str, Callback]]:
    """Name callbacks by their kind and number within it, so that other kinds may be added or left out."""
    kinds: Counter[str] = Counter()
    named = []
    for callback in callbacks:
        if isinstance(callback, Callback):
            kind = type(callback).__name__
            kinds[kind] += 1
            named.append((f"callback {kind} {kinds[kind]}", callback))
    return named
