import numpy as np

from lessons.kit.small_trainings import train_small, without_dropout
from lessons.params import SmallTraining
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, Labelled
from tests.lessons.small import FIGURES
from tests.pipeline.workspace import digits

OVERFITTING = FIGURES.overfitting


def test_small_trainings_differ_only_by_what_is_taken_away() -> None:
    layers = OVERFITTING.model

    assert [layer["layer"] for layer in without_dropout(layers)] == [layer["layer"] for layer in layers]
    assert {layer["rate"] for layer in without_dropout(layers) if "rate" in layer} == {0.0}


def test_a_small_training_sees_so_many_images_and_gives_the_same_weights_again() -> None:
    settings = OVERFITTING.model_dump() | {"epochs": 2, "images": 30}
    training = SmallTraining.model_validate(settings)
    train, validation = Labelled(*digits(60, 0)), Labelled(*digits(20, 1))
    image_set = ImageSet("mnist", DIGITS, 100.0, 60.0)
    fewer = Labelled(train.images[:30], train.labels[:30])

    one, other = (
        train_small(training, training.model, image_set, part, validation) for part in (train, fewer)
    )

    assert one.history == other.history
    for name, array in one.model.params.items():
        np.testing.assert_array_equal(array, other.model.params[name])
