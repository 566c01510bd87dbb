import numpy as np
import pytest

import cnn
from lessons.kit.sheet import DENSITY
from lessons.what_it_sees import (
    BARS,
    NARROW,
    bars,
    confusion_counts,
    in_short,
    saliency,
    steps_through,
)
from tests.lessons.small import small

X = np.random.default_rng(0).random((6, 6, 1), np.float32)
ROWS = [
    {"actual": actual, "predicted": predicted}
    for actual, predicted in ("cc", "ab", "ba", "ab", "ca", "ac", "aa")
]


def layers() -> list[cnn.Layer]:
    return [cnn.Conv2D(2, 3), cnn.ReLU(), cnn.MaxPool2D(2), cnn.Dropout(0.5), cnn.Flatten(), cnn.Dense(3)]


def test_steps_end_with_probabilities_and_say_what_changes_nothing() -> None:
    steps = steps_through(small(layers()), X)
    assert [step.name for step in steps] == ["input", *(layer.kind for layer in layers()), "Softmax"]
    assert [step.name for step in steps if not step.changed] == ["Dropout", "Flatten"]
    assert steps[-1].values.sum() == pytest.approx(1)

    model = small([cnn.Flatten(), cnn.Dense(3), cnn.Softmax()])
    steps = steps_through(model, X)
    assert [step.name for step in steps] == ["input", "Flatten", "Dense", "Softmax"]
    np.testing.assert_array_equal(steps[-1].values, model.predict_proba(X[None])[0])


def test_steps_in_short_join_a_layer_with_what_works_on_its_output() -> None:
    steps = steps_through(small(layers()), X)
    short = in_short(steps)
    assert [step.name for step in short] == ["input", "Conv2D → ReLU", "MaxPool2D", "Dense → Softmax"]
    assert short[-1].values is steps[-1].values


def test_bars_stand_on_zero_and_are_as_long_as_their_numbers() -> None:
    picture = bars(np.array([1.0, 0.0, -3.0, 2.0]), 3.0, NARROW)
    middles = picture[:, (np.arange(4) * 2 + 1) * NARROW.room * DENSITY // 8]
    assert middles.clip(0).sum(axis=0).tolist() == [BARS / 6, 0, 0, BARS / 3]
    assert middles.clip(None, 0).sum(axis=0).tolist() == [0, 0, -BARS / 2, 0]
    assert middles[BARS // 2 - 1].tolist() == [1, 0, 0, 1]
    assert middles[BARS // 2].tolist() == [0, 0, -1, 0]


def test_saliency_of_a_dense_layer_is_its_weights() -> None:
    model = small([cnn.Flatten(), cnn.Dense(3)])

    found = saliency(model, np.ones((1, 6, 6, 1), np.float32), unit=2)

    np.testing.assert_array_equal(found.ravel(), model.params["1.weight"][:, 2])


def test_a_row_of_the_confusion_matrix_is_a_true_class() -> None:
    assert confusion_counts(ROWS, "abc").tolist() == [[1, 2, 1], [1, 0, 0], [1, 0, 1]]
