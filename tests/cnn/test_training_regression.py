"""Trainings whose targets are numbers to come close to, and what tells them from classes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import (
    Adam,
    BestWeights,
    Conv2D,
    Dense,
    EarlyStopping,
    Loss,
    MeanSquaredError,
    Sequential,
    SoftmaxCrossEntropy,
)
from cnn.types import Array
from tests.cnn.own import AbsoluteError
from tests.cnn.tiny import images, linear
from tests.refusals import assert_refuses


def plane(n: int, seed: int = 0) -> tuple[Array, Array]:
    """Return points `[n, 2]`, and a number for each: its height in a plane."""
    x = np.random.default_rng(seed).random((n, 2))
    return x, x @ [2.0, -1.0] + 0.5


@pytest.mark.parametrize("loss", [MeanSquaredError(), AbsoluteError()], ids=type)
@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        (1, lambda y: y),
        (1, lambda y: y[:, None].tolist()),
        (2, lambda y: np.stack([y, -y], axis=1)),
    ],
    ids=["[n]", "[n, 1] as a list", "[n, 2]"],
)
def test_numbers_are_learnt_and_no_accuracy_is_told(
    loss: Loss, outputs: int, targets: Callable[[Array], Any]
) -> None:
    x, y = plane(200)
    model = Sequential([Dense(outputs)])
    history = model.fit(
        x, targets(y), loss=loss, epochs=60, optimiser=Adam(learning_rate=0.03),
        validation_data=(x, targets(y)), callbacks=[BestWeights(), EarlyStopping(20)],
    )  # fmt: skip
    assert list(history[-1]) == ["epoch", "learning_rate", "loss", "validation_loss"]
    assert history[-1]["validation_loss"] < 0.1 * history[0]["loss"]
    found = model.evaluate(x, targets(y))
    assert found == {"loss": min(history["validation_loss"])}
    assert found == model.evaluate(x, targets(y), loss)


def test_images_are_learnt_as_targets() -> None:
    x, _ = images(40, dtype=np.float64)
    model = Sequential([Conv2D(1, 3, padding="same")])
    history = model.fit(
        x, 1 - x[..., 0], loss=MeanSquaredError(), epochs=40, optimiser=Adam(learning_rate=0.05)
    )
    assert history[-1]["loss"] < 0.05 * history[0]["loss"]
    assert list(model.evaluate(x, 1 - x)) == ["loss"]


@pytest.mark.parametrize(
    ("loss", "rows", "entries"),
    [
        (SoftmaxCrossEntropy(), False, ["loss", "accuracy"]),
        (SoftmaxCrossEntropy(), True, ["loss", "accuracy"]),
        (MeanSquaredError(), False, ["loss", "accuracy"]),
        (MeanSquaredError(), True, ["loss"]),
    ],
)
def test_an_accuracy_is_told_of_labels_and_of_probabilities(
    loss: Loss, rows: bool, entries: list[str]
) -> None:
    x, labels = images(9)
    targets = np.eye(3)[labels] if rows else labels
    model = linear()
    assert list(model.fit(x, targets, loss=loss, epochs=1)[0]) == ["epoch", "learning_rate", *entries]
    assert list(model.evaluate(x, targets)) == entries


def test_evaluate_and_the_next_fit_take_the_loss_that_was_trained_with() -> None:
    x, labels = images(9)
    model = linear()
    assert repr(model.loss) == "SoftmaxCrossEntropy(label_smoothing=0.0)"
    loss: Loss = MeanSquaredError()
    model.fit(x, labels, loss=loss, epochs=1)
    assert model.loss is loss
    assert model.evaluate(x, labels) == model.evaluate(x, labels, MeanSquaredError())
    model.fit(x, labels, epochs=1)
    assert model.loss is loss


def test_best_weights_cannot_monitor_an_accuracy_of_numbers() -> None:
    x, y = plane(9)
    model = Sequential([Dense(1)])
    assert_refuses(
        lambda: model.fit(x, y, loss=MeanSquaredError(), callbacks=[BestWeights("accuracy")]),
        ValueError, "'accuracy'", "this training records learning_rate, loss.",
    )  # fmt: skip


def test_a_diverging_regression_is_told_as_such() -> None:
    x, y = plane(40)
    with pytest.raises(FloatingPointError, match=r"in layer 0 \(Dense\)"):
        Sequential([Dense(1)]).fit(1e200 * x, y, loss=MeanSquaredError())


def test_a_model_that_learnt_numbers_tells_no_classes_not_even_from_its_file(tmp_path: Path) -> None:
    x, y = plane(40)
    model = Sequential([Dense(2)])
    model.fit(x, np.stack([y, -y], axis=1), loss=MeanSquaredError(), epochs=1)
    model.save(tmp_path / "model.npz")
    for one in (model, Sequential.load(tmp_path / "model.npz")):
        assert not one.classifies
        assert_refuses(one.classes, ValueError, "numbers as targets", "model(x)")
        for use in (one.predict, one.predict_proba):
            assert_refuses(partial(use, x), ValueError, "numbers as targets", "model(x)")
    model.fit(x, (y > 1).astype(int), loss=MeanSquaredError(), epochs=1)
    assert model.classifies
    assert "classifies" not in model.to_config()
    assert set(model.predict(x)) <= {0, 1}


def test_what_tells_whether_a_model_classifies_is_true_or_false() -> None:
    config = linear().to_config() | {"classifies": "no"}
    assert_refuses(lambda: Sequential.from_config(config), TypeError, "classifies", "'no'")
