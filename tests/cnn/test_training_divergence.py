"""Trainings whose numbers stop being finite: what is said, and what stays as it was."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    SGD,
    BatchNorm,
    BestWeights,
    Checkpoint,
    Conv2D,
    Dense,
    Flatten,
    Loss,
    MeanSquaredError,
    ReLU,
    Schedule,
    SoftmaxCrossEntropy,
    Training,
)
from cnn.layers import Layer
from cnn.training import Callback
from tests.cnn.tiny import Watcher, built, digests, images

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")


def deep() -> list[Layer]:
    return [Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(4), Dense(3)]


@dataclass
class Explosion:
    """A training that diverges at its first step."""

    layer: str  # the one that must be named
    said: str = r"\d"  # the loss in the message
    layers: Callable[[], list[Layer]] = deep
    arrays: dict[str, float] = field(default_factory=dict)  # the value of all numbers of some parameters
    loss: type[Loss] = SoftmaxCrossEntropy
    scale: float = 1.0  # of the samples
    learning_rate: float = 0.1


EXPLOSIONS = {
    "output of the first layer": Explosion("layer 0 (Conv2D)", "nan", arrays={"0.weight": 3e38}),
    "output in the middle": Explosion("layer 4 (Dense)", "nan", arrays={"4.weight": 3e38, "4.bias": 3e38}),
    "loss of finite outputs": Explosion(
        "layer 5 (Dense)", "inf", arrays={"5.bias": 1e25}, loss=MeanSquaredError
    ),
    # The output is tiny, and the gradient huge.
    "gradient": Explosion(
        "layer 1 (Dense)",
        layers=lambda: [Flatten(), Dense(4), Dense(3)],
        arrays={"1.weight": 1e-38, "2.weight": 1e37},
        loss=MeanSquaredError,
        scale=30.0,
    ),
    "new weights": Explosion("layer 0 (Conv2D)", learning_rate=1e300),
    "statistics": Explosion(
        "layer 0 (BatchNorm)", layers=lambda: [BatchNorm(), Flatten(), Dense(3)], scale=1e25
    ),
}


@pytest.mark.parametrize("explosion", EXPLOSIONS.values(), ids=EXPLOSIONS.keys())
def test_an_explosion_ends_training_at_its_step_and_names_the_layer(explosion: Explosion) -> None:
    model = built(explosion.layers())
    model.assign({
        name: np.full_like(model.params[name], value) for name, value in explosion.arrays.items()
    })  # fmt: skip
    x, labels = images(20)
    before, watcher = digests(model.params | model.state), Watcher()
    with pytest.raises(FloatingPointError) as caught:
        model.fit(
            np.float32(explosion.scale) * x,
            labels,
            epochs=3,
            optimiser=SGD(learning_rate=explosion.learning_rate),
            loss=explosion.loss(),
            batch_size=10,
            micro_batch_size=4,
            callbacks=[watcher],
            workers=2,
        )
    said = str(caught.value)
    expected = rf"Training diverged at step 1 of epoch 1, in {re.escape(explosion.layer)}, with the loss "
    assert re.match(expected + explosion.said, said), said
    assert said.endswith(": try a lower learning rate, a warm-up or clip_norm.")
    assert watcher.events == ["fit_start"]
    assert digests(model.params | model.state) == before


class Sees(Watcher):
    """Remembers the numbers of the model after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[dict[str, str]] = []

    def on_step_end(self, training: Training) -> None:
        super().on_step_end(training)
        self.left.append(digests(training.model.params | training.model.state))


@pytest.mark.parametrize(
    ("learning_rate", "options", "said"),
    [
        (1e30, {}, "step 2 of epoch 1, in layer 2 (Dense)"),  # the next loss overflows
        (3e38, {}, "step 1 of epoch 1, in layer 0 (BatchNorm)"),  # the step itself overflows
        (2.0, {"epochs": 1000, "batch_size": 20}, ", in layer 2 (Dense)"),  # little by little
    ],
)
def test_a_step_that_explodes_is_not_taken(learning_rate: float, options: dict[str, Any], said: str) -> None:
    model, sees = built([BatchNorm(), Flatten(), Dense(3)]), Sees()
    before = digests(model.params | model.state)
    with pytest.raises(FloatingPointError) as caught:
        model.fit(
            *images(20),
            optimiser=SGD(learning_rate=learning_rate),
            loss=MeanSquaredError(),
            callbacks=[sees],
            **{"epochs": 3, "batch_size": 10, **options},
        )
    assert said in str(caught.value)
    step, epoch = map(int, re.findall(r"step (\d+) of epoch (\d+)", str(caught.value))[0])
    assert len(sees.steps) == (epoch - 1) * (20 // options.get("batch_size", 10)) + step - 1
    assert digests(model.params | model.state) == [before, *sees.left][-1]


@dataclass
class Leap(Schedule):
    """A learning rate that is right until some point, and far too high after it."""

    point: float
    rate: float = 1e30

    def __call__(self, progress: float) -> float:
        return self.rate if progress >= self.point else 0.01


def leap(path: Path, watcher: Callback, **changes: Any) -> str:
    """Train with a checkpoint until it explodes, and return what was said."""
    options = {"optimiser": SGD(learning_rate=Leap(0.6)), "loss": MeanSquaredError(), "batch_size": 10}
    with pytest.raises(FloatingPointError) as caught:
        built([BatchNorm(), Flatten(), Dense(3)]).fit(
            *images(40),
            epochs=4,
            validation_data=images(20, seed=1),
            callbacks=[BestWeights(), watcher, Checkpoint(path)],
            **{**options, **changes},
        )
    return str(caught.value)


class Keeps(Watcher):
    """Keeps the checkpoint as it is when an epoch begins."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.content = path, b""

    def on_epoch_start(self, training: Training) -> None:
        self.content = self.path.read_bytes() if self.path.exists() else b""


def test_the_last_good_checkpoint_stays_and_leads_to_the_same_step_again(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    keeps, again = Keeps(path), Watcher()
    said = leap(path, keeps)

    assert said.startswith("Training diverged at step 4 of epoch 3, in layer 2 (Dense), with the loss ")
    assert keeps.events[-4:] == ["epoch 2", "step 2.1", "step 2.2", "step 2.3"]
    assert path.read_bytes() == keeps.content != b""
    assert leap(path, again) == said
    assert again.events == ["fit_start", "step 2.1", "step 2.2", "step 2.3"]
    assert path.read_bytes() == keeps.content
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_weights_too_large_to_validate_with_end_training_before_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    keeps = Keeps(path)
    said = leap(
        path, keeps, optimiser=SGD(learning_rate=Leap(11 / 16))
    )  # at the last step of the third epoch

    expected = (
        "Training diverged in the validation of epoch 3, in layer 2 (Dense), with outputs that are not "
        "finite: try a lower "
    )
    assert said.startswith(expected)
    assert keeps.events[-4:] == ["step 2.1", "step 2.2", "step 2.3", "step 2.4"]
    assert path.read_bytes() == keeps.content != b""
