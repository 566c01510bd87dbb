import numpy as np
import pytest

import cnn
from lessons.kit.sheet import DENSITY
from lessons.what_it_sees import (
    BARS,
    around,
    bars,
    blocks_of,
    confusion_counts,
    saliency,
    steps_through,
    strongest,
)
from pipeline.common.images import ImageSet
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
    assert [step.name for step in steps] == [*(layer.kind for layer in layers()), "Softmax"]
    assert [step.name for step in steps if not step.changed] == ["Dropout", "Flatten"]
    assert steps[-1].values.sum() == pytest.approx(1)

    model = small([cnn.Flatten(), cnn.Dense(3), cnn.Softmax()])
    steps = steps_through(model, X)
    assert [step.name for step in steps] == ["Flatten", "Dense", "Softmax"]
    np.testing.assert_array_equal(steps[-1].values, model.predict_proba(X[None])[0])


def test_a_block_begins_with_weights_and_leaves_out_what_changes_nothing() -> None:
    blocks = blocks_of(steps_through(small(layers()), X))
    assert [[step.name for step in block] for block in blocks] == [
        ["Conv2D", "ReLU", "MaxPool2D"],
        ["Dense", "Softmax"],
    ]


def test_bars_stand_on_zero_and_are_as_long_as_their_numbers() -> None:
    picture = bars(np.array([1.0, 0.0, -3.0, 2.0]), 3.0, 100)
    middles = picture[:, (np.arange(4) * 2 + 1) * 100 * DENSITY // 8]
    assert middles.clip(0).sum(axis=0).tolist() == [BARS / 6, 0, 0, BARS / 3]
    assert middles.clip(None, 0).sum(axis=0).tolist() == [0, 0, -BARS / 2, 0]
    assert middles[BARS // 2 - 1].tolist() == [1, 0, 0, 1]
    assert middles[BARS // 2].tolist() == [0, 0, -1, 0]


def test_saliency_of_a_dense_layer_is_its_weights() -> None:
    model = small([cnn.Flatten(), cnn.Dense(3)])

    found = saliency(model, np.ones((2, 6, 6, 1), np.float32), units=[2, 0])

    np.testing.assert_array_equal(found.reshape(2, 36), model.params["1.weight"][:, [2, 0]].T)


def test_a_map_answers_most_to_the_part_of_an_image_that_looks_like_its_filter() -> None:
    model = small([cnn.Conv2D(1, 3, padding="same")])
    model.params["0.weight"][:, :, 0, 0] = -np.ones((3, 3)) + 2 * np.eye(3)
    images = np.zeros((2, 6, 6), np.uint8)
    images[0, 1:4, 2:5] = 9 * np.eye(3)  # the filter's stroke, and one that crosses it
    images[1, 1:4, 2:5] = 9 * np.eye(3)[::-1]

    values, places = strongest(model, ImageSet("", ("",), 0.0, 1.0).normalise(images), 0)

    assert values[0, 0] == 27 > values[1, 0]
    np.testing.assert_array_equal(around(images[0], places[0, 0], 3), 9 * np.eye(3))


def test_a_row_of_the_confusion_matrix_is_a_true_class() -> None:
    assert confusion_counts(ROWS, "abc").tolist() == [[1, 2, 1], [1, 0, 0], [1, 0, 1]]
