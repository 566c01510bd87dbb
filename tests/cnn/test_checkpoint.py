"""What a killed training needs to go on to the same bits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    BatchNorm,
    BestWeights,
    Callback,
    Checkpoint,
    Dense,
    Flatten,
    RandomAffine,
    SoftmaxCrossEntropy,
    Training,
)
from cnn.training import CallbackLike
from cnn.types import Array
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
    ("name", "changes"),
    [
        ("model", {"layers": [BatchNorm(momentum=0.5), Flatten(), Dense(3)]}),
        ("optimiser", {"optimiser": SGD(learning_rate=0.1)}),
        ("loss", {"loss": SoftmaxCrossEntropy(label_smoothing=0.1)}),
        ("augmentation", {"augmentation": RandomAffine(shift=1)}),
        ("epochs", {"epochs": 2}),
        ("batch_size", {"batch_size": 21}),
        ("micro_batch_size", {"micro_batch_size": 8}),
        ("seed", {"seed": 1}),
        ("samples", {"n": 42}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_checkpoint_of_other_arguments_is_refused(
    tmp_path: Path, name: str, changes: dict[str, Any]
) -> None:
    path = tmp_path / "run.npz"
    checkpointed(path)
    before = path.read_bytes()
    assert_refuses(lambda: checkpointed(path, **changes), ValueError, str(path), f" {name} ", "delete it")
    assert path.read_bytes() == before


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
