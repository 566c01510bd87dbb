"""What a killed training needs to go on to the same bits."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    AdamW,
    BatchNorm,
    BestWeights,
    Callback,
    Checkpoint,
    Dense,
    Flatten,
    OneCycle,
    RandomAffine,
    SoftmaxCrossEntropy,
    Training,
)
from cnn.training import CallbackLike
from cnn.types import Array
from tests.cnn.own import Halving, Line, Noise, Scale, Slope, Twice, Weighted
from tests.cnn.tiny import Watcher, fit_linear, resumable, run_python, train
from tests.refusals import assert_refuses

# A callback that kills its process at the second step of the epoch after the best.
DIES = """
import os, signal, sys
from pathlib import Path
from cnn import Callback
from tests.cnn.tiny import resumable

class Dies(Callback):
    def on_step_end(self, training):
        if (training.epoch, training.step) == (4, 2):
            os.kill(os.getpid(), signal.SIGKILL)

resumable(Path(sys.argv[1]), Dies())
"""
# One that ends its process before a written checkpoint gets its name.
DIES_WRITING = """
import os, sys
from pathlib import Path
from cnn import Callback
from tests.cnn.tiny import resumable

class Dies(Callback):
    def on_epoch_end(self, training):
        if training.epoch == 3:
            Path.replace = lambda part, path: os._exit(9)

resumable(Path(sys.argv[1]), Dies())
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    run = resumable(tmp_path_factory.mktemp("undisturbed") / "run.npz", Watcher())
    losses = [record["validation_loss"] for record in run.history]
    assert len(losses) == 6, "early stopping should end it"
    assert np.argmin(losses) == 3, "the fourth epoch should be the best"
    return run.bits()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_killed_training_goes_on_to_the_same_bits(undisturbed: dict[str, object], tmp_path: Path) -> None:
    child = run_python(DIES, tmp_path / "run.npz")
    assert child.returncode == -9, child.stderr
    watcher = Watcher()
    run = resumable(tmp_path / "run.npz", watcher)
    assert run.bits() == undisturbed
    assert watcher.steps == [f"step {epoch}.{step}" for epoch in (4, 5) for step in (1, 2, 3)]


def test_a_training_killed_while_it_writes_goes_on_from_the_checkpoint_before(
    undisturbed: dict[str, object], tmp_path: Path
) -> None:
    child = run_python(DIES_WRITING, tmp_path / "run.npz")
    assert child.returncode == 9, child.stderr
    watcher = Watcher()
    assert resumable(tmp_path / "run.npz", watcher).bits() == undisturbed
    assert watcher.steps[0] == "step 2.1"


def test_one_more_callback_takes_nothing_from_the_others(
    undisturbed: dict[str, object], tmp_path: Path
) -> None:
    class Interrupts(Callback):
        def on_step_end(self, training: Training) -> None:
            if training.epoch == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resumable(tmp_path / "run.npz", Interrupts())
    assert resumable(tmp_path / "run.npz", Watcher(), first=[Watcher()]).bits() == undisturbed


def test_a_training_that_was_stopped_stays_stopped(undisturbed: dict[str, object], tmp_path: Path) -> None:
    resumable(tmp_path / "run.npz", Watcher())
    watcher = Watcher()
    assert resumable(tmp_path / "run.npz", watcher).bits() == undisturbed
    assert watcher.events == ["fit_start", "fit_end"]


def checkpointed(path: Path, **changes: Any) -> None:
    options = {"layers": [BatchNorm(), Flatten(), Dense(3)], "epochs": 1, "callbacks": [Checkpoint(path)]}
    train(**{**options, **changes})


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("model[0].momentum 0.9, received 0.5", {"layers": [BatchNorm(momentum=0.5), Flatten(), Dense(3)]}),
        (
            "model [cnn.BatchNorm, cnn.Flatten, cnn.Dense], received [cnn.Flatten, cnn.Dense]",
            {"layers": [Flatten(), Dense(3)]},
        ),
        ("optimiser cnn.AdamW, received cnn.SGD", {"optimiser": SGD(learning_rate=0.1)}),
        (
            "optimiser.learning_rate.peak 0.01, received 0.02",
            {"optimiser": AdamW(learning_rate=OneCycle(0.02), clip_norm=1.0)},
        ),
        (
            "optimiser.learning_rate cnn.OneCycle, received 0.01",
            {"optimiser": AdamW(learning_rate=0.01, clip_norm=1.0)},
        ),
        ("loss.label_smoothing 0.0, received 0.1", {"loss": SoftmaxCrossEntropy(label_smoothing=0.1)}),
        ("augmentation None, received cnn.RandomAffine", {"augmentation": RandomAffine(shift=1)}),
        ("epochs 1, received 2", {"epochs": 2}),
        ("batch_size 20, received 21", {"batch_size": 21}),
        ("micro_batch_size 7, received 8", {"micro_batch_size": 8}),
        ("seed 0, received 1", {"seed": 1}),
        ("samples[0] 44, received 42", {"n": 42}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_checkpoint_of_other_arguments_is_refused(
    tmp_path: Path, named: str, changes: dict[str, Any]
) -> None:
    path = tmp_path / "run.npz"
    checkpointed(path)
    before = path.read_bytes()
    assert_refuses(lambda: checkpointed(path, **changes), ValueError, str(path), f" {named}: ", "delete it")
    assert path.read_bytes() == before


OWN: list[tuple[Callable[[float], dict[str, Any]], str]] = [
    (lambda value: {"layers": [Flatten(), Scale(value), Dense(3)]}, "model[1].factor"),
    (lambda value: {"layers": [Slope(value), Flatten(), Dense(3)]}, "model[0].start"),
    (lambda value: {"optimiser": SGD(learning_rate=Line(value))}, "optimiser.learning_rate.peak"),
    (lambda value: {"optimiser": SGD(learning_rate=Halving(0.1, value))}, "optimiser.learning_rate._every"),
    (lambda value: {"loss": Twice(SoftmaxCrossEntropy(label_smoothing=value))}, "loss.of.label_smoothing"),
    (lambda value: {"loss": Weighted([1.0, 2.0, value])}, "loss.weights"),
    (lambda value: {"augmentation": Noise(value)}, "augmentation.size"),
]


@pytest.mark.parametrize(("own", "differs"), OWN, ids=[differs for _, differs in OWN])
def test_a_training_with_own_objects_goes_on_unless_their_values_are_others(
    own: Callable[[float], dict[str, Any]], differs: str, tmp_path: Path
) -> None:
    class Interrupts(Callback):
        def on_step_end(self, training: Training) -> None:
            if training.epoch == 1:
                raise KeyboardInterrupt

    def run(value: float, *callbacks: Callback) -> dict[str, object]:
        default = {"layers": [Flatten(), Dense(3)]}
        return train(**default | own(value), callbacks=callbacks).bits()

    checkpoint = Checkpoint(tmp_path / "run.npz")
    with pytest.raises(KeyboardInterrupt):
        run(0.25, Interrupts(), checkpoint)
    named = f" {differs} ", "received", "delete it"
    assert_refuses(lambda: run(0.5, checkpoint), ValueError, *named)
    watcher = Watcher()
    assert run(0.25, watcher, checkpoint) == run(0.25)
    assert watcher.steps[0] == "step 1.1"


def test_whole_numbers_of_numpy_are_kept_like_others(tmp_path: Path) -> None:
    numbers: dict[str, Any] = {"seed": 3, "epochs": 1, "batch_size": 20, "micro_batch_size": 7}
    checkpointed(tmp_path / "run.npz", **{name: np.int64(number) for name, number in numbers.items()})
    watcher = Watcher()
    checkpointed(tmp_path / "run.npz", **numbers, callbacks=[watcher, Checkpoint(tmp_path / "run.npz")])
    assert watcher.events == ["fit_start", "fit_end"]


@pytest.mark.parametrize("kept", [0, 0.5, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "run.npz"
    checkpointed(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    assert_refuses(
        lambda: checkpointed(path), ValueError, str(path), "not a cnn checkpoint file, or a damaged one"
    )


@pytest.mark.parametrize(
    "after", [BestWeights("loss"), Checkpoint("other.npz")], ids=["callback", "checkpoint"]
)
def test_a_checkpoint_that_is_not_last_is_refused(tmp_path: Path, after: CallbackLike) -> None:
    callbacks = [Checkpoint(tmp_path / "run.npz"), after]
    assert_refuses(lambda: fit_linear(callbacks), ValueError, "Checkpoint must be the last callback")


def test_a_checkpoint_creates_its_folder_and_leaves_nothing_else_there(tmp_path: Path) -> None:
    checkpointed(tmp_path / "new" / "folder" / "run.npz")
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["run.npz"]


def test_callbacks_get_back_what_they_gave_the_checkpoint(tmp_path: Path) -> None:
    class Keeps(Callback):
        kept: dict[str, Array]

        @property
        def state(self) -> dict[str, Array]:
            return {"a/b": np.arange(3.0)}

        def load_state(self, state: dict[str, Array]) -> None:
            self.kept = state

    fit_linear([lambda _: None, Keeps(), Checkpoint(tmp_path / "run.npz")])
    again = Keeps()
    fit_linear([lambda _: None, again, Checkpoint(tmp_path / "run.npz")])
    assert again.kept.keys() == {"a/b"}
    assert again.kept["a/b"].tolist() == [0, 1, 2]
