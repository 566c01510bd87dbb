import json
import sys
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnn import (
    BestWeights,
    Callback,
    Checkpoint,
    Dense,
    EarlyStopping,
    MeanSquaredError,
    ProgressBar,
    Training,
    WeightAverage,
)
from cnn.training import CallbackLike
from tests.cnn.tiny import Watcher, built, convolutional, digests, fit_linear, images, train
from tests.refusals import assert_refuses


class WeightsOfEachEpoch(Callback):
    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def on_epoch_end(self, training: Training) -> None:
        self.found.append(digests(training.model.params | training.model.state))


class Prescribed(Callback):
    """Writes a number of its own into each epoch's record, before the others look at it."""

    def __init__(self, name: str, values: list[float]) -> None:
        self.name, self.values = name, values

    def on_epoch_end(self, training: Training) -> None:
        training.history[-1][self.name] = self.values[training.epoch - 1]


# Events -----------------------------------------------------------------------------------------------


def test_events_come_in_order_while_progress_runs_from_0_to_1() -> None:
    watcher = Watcher()
    fit_linear([watcher])
    first = ["step 0.1", "step 0.2", "step 0.3", "epoch 1"]
    second = ["step 1.1", "step 1.2", "step 1.3", "epoch 2"]
    assert watcher.events == ["fit_start", *first, *second, "fit_end"]
    np.testing.assert_allclose(watcher.progress, [0, 1 / 6, 2 / 6, 3 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1, 1])


def test_callbacks_are_told_one_after_the_other_in_the_order_given() -> None:
    order: list[str] = []
    fit_linear([lambda _: order.append("first"), lambda _: order.append("second")], epochs=1)
    assert order == ["first", "second"]


def test_an_epoch_starts_with_its_first_step_and_validation_after_its_last() -> None:
    order: list[str] = []

    class Notes(Watcher):
        def on_epoch_start(self, training: Training) -> None:
            order.append(f"start {training.epoch} with {len(training.history)} records")

        def on_step_end(self, training: Training) -> None:
            order.append(f"step {training.step}")

        def on_validation_start(self, training: Training) -> None:
            order.append(f"validation {training.epoch} with {len(training.history)} records")

    fit_linear([Notes()])
    steps = ["step 1", "step 2", "step 3"]
    first = ["start 0 with 0 records", *steps, "validation 1 with 0 records"]
    second = ["start 1 with 1 records", *steps, "validation 2 with 1 records"]
    assert order == [*first, *second]


def test_stopped_ends_training_after_the_epoch_at_hand() -> None:
    class StopsEarly(Watcher):
        def on_step_end(self, training: Training) -> None:
            super().on_step_end(training)
            training.stopped = True

    watcher = StopsEarly()
    assert len(fit_linear([watcher])) == 1
    assert watcher.events == ["fit_start", "step 0.1", "step 0.2", "step 0.3", "epoch 1", "fit_end"]


@pytest.mark.parametrize("callback", [BestWeights, "BestWeights"])
def test_what_is_not_a_callback_is_refused_before_training(callback: Any) -> None:
    watcher = Watcher()
    assert_refuses(lambda: fit_linear([watcher, callback]), TypeError, "callback")
    assert watcher.events == []


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (
            "on_epoch_begin",
            "on_epoch_begin, which is never called: did you mean 'on_epoch_start'? The hooks are",
        ),
        ("on_train_begin", "did you mean 'on_fit_start'?"),
        ("on_train_end", "did you mean 'on_fit_end'?"),
        ("on_train_batch_end", "did you mean 'on_step_end'?"),
        ("on_train_epoch_end", "did you mean 'on_epoch_end'?"),
        ("on_fit_begin", "did you mean 'on_fit_start'?"),
        ("on_before_zero_grad", "which is never called: the hooks are on_fit_start, on_epoch_start, on_step"),
    ],
)
def test_a_method_of_another_library_that_is_never_called_is_refused(method: str, told: str) -> None:
    hook = {method: lambda *_: None}
    assert_refuses(lambda: type("Mine", (Callback,), hook), TypeError, "Mine has a method", told)


def test_a_hook_takes_exactly_the_training() -> None:
    def of_keras() -> None:
        class Mine(Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # type: ignore[override]
                pass

    told = "Mine.on_epoch_end must take the training alone, as in on_epoch_end(self, training), received"
    assert_refuses(of_keras, TypeError, told)

    class Wrapped(Callback):
        def on_epoch_end(self, *args: Any) -> None:
            pass

    fit_linear([Wrapped()])


@pytest.mark.parametrize("function", [divmod, lambda _epoch, _logs: None, lambda: None])
def test_a_function_as_a_callback_must_take_the_training(function: Any) -> None:
    assert_refuses(lambda: fit_linear([function]), TypeError, "must take the training alone")


def test_functions_that_can_be_called_with_the_training_alone_are_callbacks() -> None:
    seen: list[Any] = []

    def with_more(training: Training, more: int = 1) -> None:
        seen.append(training.epoch + more)

    fit_linear([seen.append, with_more, partial(with_more, more=2)])
    assert seen[1:3] == [2, 3]


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        (EarlyStopping(3), "EarlyStopping(patience=3, monitor='validation_loss')"),
        (BestWeights("loss"), "BestWeights(monitor='loss')"),
        (WeightAverage(0.9), "WeightAverage(decay=0.9)"),
        (Checkpoint("run.npz"), f"Checkpoint(path={Path('run.npz')!r})"),
        (ProgressBar(), "ProgressBar()"),
        (Watcher(), "Watcher()"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_callback_shows_what_its_constructor_received(callback: Callback, told: str) -> None:
    assert repr(callback) == told


# BestWeights and EarlyStopping ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("validation_loss", [0.5, 0.2, 0.3, 0.4], 2),
        ("validation_accuracy", [0.5, 0.2, 0.7, 0.4], 3),
        ("validation_loss", [0.5, 0.2, 0.2, 0.2], 2),
        ("validation_loss", [float("nan"), 0.3, 0.2, float("nan")], 3),
    ],
)
def test_best_weights_puts_back_weights_and_state_of_the_first_of_the_best_epochs(
    monitor: str, values: list[float], best: int
) -> None:
    epochs = WeightsOfEachEpoch()
    run = train(
        convolutional(), epochs=4, callbacks=[Prescribed(monitor, values), epochs, BestWeights(monitor)]
    )
    assert len({json.dumps(found) for found in epochs.found}) == 4
    assert digests(run.model.params | run.model.state) == epochs.found[best - 1]


@pytest.mark.parametrize(
    ("patience", "monitor", "values", "last"),
    [
        (2, "loss", [5, 4, 6, 3, 4, 4], 6),
        (2, "loss", [5, 6, 7, 3, 2, 1], 3),
        (2, "accuracy", [0.1, 0.3, 0.3, 0.3, 0.9, 1], 4),
    ],
)
def test_early_stopping_waits_for_patience_epochs_that_are_no_better(
    patience: int, monitor: str, values: list[float], last: int
) -> None:
    history = fit_linear([Prescribed(monitor, values), EarlyStopping(patience, monitor)], epochs=6)
    assert len(history) == last


@pytest.mark.parametrize("callback", [BestWeights(), EarlyStopping(3, "los")], ids=["best", "early"])
def test_an_entry_that_the_history_lacks_is_refused(callback: BestWeights | EarlyStopping) -> None:
    steps: list[int] = []

    class Steps(Callback):
        def on_step_end(self, training: Training) -> None:
            steps.append(training.step)

    entries = "learning_rate, loss, accuracy"
    assert_refuses(lambda: fit_linear([Steps(), callback]), ValueError, repr(callback.monitor), entries)
    assert not steps, "before the first step, not after the first epoch"


@pytest.mark.parametrize(
    ("monitor", "validated", "told"),
    [
        (
            "val_loss",
            True,
            "cannot monitor 'val_loss': did you mean 'validation_loss'? This training records",
        ),
        ("val_accuracy", True, "did you mean 'validation_accuracy'?"),
        ("acc", False, "did you mean 'accuracy'?"),
        ("val_loss", False, "cannot monitor 'val_loss': this training records"),
        ("val_loss", False, "accuracy; give fit validation_data."),
    ],
)
def test_an_entry_as_another_library_names_it_is_answered_with_ours(
    monitor: str, validated: bool, told: str
) -> None:
    options = {"validation_data": images(5, seed=1)} if validated else {}
    assert_refuses(lambda: fit_linear([EarlyStopping(2, monitor)], **options), ValueError, told)


class EnormousLoss(MeanSquaredError):  # noqa: N818 - no exception
    """A loss whose values are too large to be written out."""

    def __call__(self, outputs: Any, targets: Any, batch_size: int | None = None) -> tuple[float, Any]:
        return 1e40 * len(outputs) / (batch_size or len(outputs)), super().__call__(
            outputs, targets, batch_size
        )[1]


def test_the_progress_bar_shows_a_large_loss_in_few_digits(capsys: pytest.CaptureFixture[str]) -> None:
    fit_numbers(callbacks=[ProgressBar()], loss=EnormousLoss())
    assert "loss 1e+40]" in capsys.readouterr().err


@pytest.mark.parametrize(("patience", "error"), [(0, ValueError), (1.5, TypeError)])
def test_early_stopping_refuses_a_wrong_patience(patience: Any, error: type[Exception]) -> None:
    assert_refuses(lambda: EarlyStopping(patience), error, "EarlyStopping", "patience", str(patience))


def test_best_weights_leave_nothing_to_the_next_training() -> None:
    best = BestWeights("loss")
    fit_linear([best])
    assert best.state == {}


# ProgressBar ------------------------------------------------------------------------------------------


def test_the_progress_bar_writes_to_standard_error_alone(capsys: pytest.CaptureFixture[str]) -> None:
    history = fit_linear([ProgressBar()], validation_data=images(5, seed=1))
    out, err = capsys.readouterr()
    lines = [
        f"epoch {record['epoch']}/2: learning rate 0.1, loss {record['loss']:.4g}, "
        f"accuracy {record['accuracy']:.2%}, validation loss {record['validation_loss']:.4g}, "
        f"validation accuracy {record['validation_accuracy']:.2%}"
        for record in history
    ]
    assert [line for line in err.replace("\r", "\n").split("\n") if line.strip() in lines] == lines
    bar = err.splitlines()[-1].rpartition("\r")[2]
    for part in ("epoch 2/2: 100%", f"loss {history[-1]['loss']:.4g}", "18.0/18.0", "samples/s"):
        assert part in bar
    assert f"accuracy {history[-1]['accuracy']:.2%}" in bar
    assert out == ""


def test_the_progress_bar_is_closed_when_training_raises(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(training: Training) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_linear([ProgressBar(), fails])
    assert capsys.readouterr().err.endswith("\n")  # or what is printed next stands behind the bar


def test_the_progress_bar_of_a_resumed_training_starts_part_of_the_way_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class FailsAfterAnEpoch(Callback):
        def on_epoch_start(self, training: Training) -> None:
            if training.epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_linear([ProgressBar(), FailsAfterAnEpoch(), Checkpoint(tmp_path / "run.npz")])
    capsys.readouterr()
    fit_linear([ProgressBar(), Checkpoint(tmp_path / "run.npz")])
    first_bar = capsys.readouterr().err.lstrip("\r").partition("\r")[0]
    assert " 50%" in first_bar
    assert "9.00/18.0" in first_bar


def test_the_progress_bar_of_numbers_tells_no_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    fit_numbers(callbacks=[ProgressBar()])
    err = capsys.readouterr().err
    assert "loss" in err
    assert "accuracy" not in err


def test_without_tqdm_the_progress_bar_writes_a_line_for_each_epoch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    history = fit_linear([ProgressBar()])
    out, err = capsys.readouterr()
    assert [line.partition(", loss")[0] for line in err.splitlines()] == [
        f"epoch {record['epoch']}/2: learning rate 0.1" for record in history
    ]
    assert out == ""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_fit_shows_a_bar_where_somebody_watches_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, progress: bool | None, terminal: bool, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else StringIO())
    fit_numbers(progress=progress)
    assert isinstance(sys.stderr, StringIO)
    assert ("epoch 2/2: 100%" in sys.stderr.getvalue()) is shown


def test_fit_shows_a_bar_in_a_notebook_and_writes_its_lines_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # which would ask IPython itself
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    fit_numbers()
    out, err = capsys.readouterr()
    assert out.startswith("epoch 1/2: ")
    assert err == ""


@pytest.mark.parametrize("progress", [None, True])
def test_fit_shows_no_second_bar(monkeypatch: pytest.MonkeyPatch, progress: bool | None) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    seen: list[int] = []
    fit_numbers(
        progress=progress,
        callbacks=[
            ProgressBar(),
            lambda training: seen.append(sum(isinstance(one, ProgressBar) for one in training.callbacks)),
        ],
    )
    assert seen == [1, 1]


def fit_numbers(**options: Any) -> None:
    """Train a model whose targets are no classes."""
    options = {"loss": MeanSquaredError(), "epochs": 2, **options}
    built([Dense(1)], (2,)).fit(np.ones((9, 2)), np.ones(9), **options)


# Entries of one's own ---------------------------------------------------------------------------------


class WritesF1(Callback):
    """Writes an entry that is best in the second epoch."""

    def on_epoch_end(self, training: Training) -> None:
        training.history[-1]["f1"] = [0.25, 0.75, 0.5, 0.5][training.epoch - 1]


def test_an_entry_of_ones_own_can_be_monitored() -> None:
    epochs = WeightsOfEachEpoch()
    run = train(epochs=4, callbacks=[WritesF1(), BestWeights("f1"), EarlyStopping(2, "f1"), epochs])
    assert len(run.history) == 4
    assert digests(run.model.params | run.model.state) == epochs.found[1]


@pytest.mark.parametrize(
    ("callbacks", "named"),
    [
        (
            [BestWeights("f1"), WritesF1()],
            ("BestWeights cannot monitor 'f1'", "must come before BestWeights"),
        ),
        (
            [WritesF1(), EarlyStopping(2, "f2")],
            ("EarlyStopping cannot monitor 'f2'", "epoch 1 has epoch, learning_rate, loss, accuracy, f1"),
        ),
        ([WritesF1(), BestWeights("val_loss")], ("'val_loss'", "give fit validation_data")),
        ([BestWeights("f1")], ("BestWeights cannot monitor 'f1'", "learning_rate, loss, accuracy")),
    ],
    ids=["order", "name", "Keras's", "nobody"],
)
def test_an_entry_that_nobody_has_written_is_refused(
    callbacks: list[CallbackLike], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: fit_linear(callbacks), ValueError, *named)
