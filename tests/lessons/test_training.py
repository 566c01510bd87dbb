import numpy as np

from cnn import RandomAffine
from lessons.training import COPIES, distorted_copies, reached

HISTORY = [
    {"epoch": epoch, "loss": 0.1, "validation_loss": loss, "validation_accuracy": accuracy}
    for epoch, loss, accuracy in ((1, 0.5, 0.75), (2, 0.25, 0.875), (3, 0.75, 0.8125))
]


def test_what_was_reached_is_told_of_the_epoch_that_was_kept() -> None:
    found = reached({"dataset": "mnist", "accuracy": 0.9, "images": 400}, HISTORY, "validation_loss")
    assert (found["epoch"], found["epochs"]) == ("2", "3")
    assert (found["validation_accuracy"], found["test_accuracy"]) == ("87.50%", "90.00%")
    assert (found["share_right"], found["share_wrong"]) == ("0.9000", "0.1000")
    assert found["standard_error"] == "1.50%"  # √(0.9 · 0.1 / 400)


def test_the_image_stands_before_its_copies_which_all_differ() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    pictures = distorted_copies(image, RandomAffine(rotation=10, shift=2), seed=0)
    np.testing.assert_array_equal(pictures[0], image)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 1 + COPIES
