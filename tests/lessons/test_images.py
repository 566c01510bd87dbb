import numpy as np

import cnn
from lessons.images import busiest, normalisation, resolution
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet, Labelled


def test_the_busiest_part_of_an_image_holds_what_it_shows() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[12:17, 20:26] = 200

    row, column = busiest(image, 10)

    assert image[row : row + 10, column : column + 10].sum() == image.sum()


def test_the_busiest_part_of_a_coloured_image_may_be_equally_bright_everywhere() -> None:
    image = np.full((20, 20, 3), 100, np.uint8)
    image[12:15, 3:6] = [100, 0, 200]

    row, column = busiest(image, 5)

    assert (image[row : row + 5, column : column + 5] != 100).sum() == 3 * 3 * 2


def test_black_and_white_become_what_the_network_sees() -> None:
    rows = normalisation(ImageSet("mnist", DIGITS, 51.0, 102.0)).splitlines()[2:]
    assert rows[2:] == ["| a pixel of 0 becomes | −0.500 |", "| a pixel of 255 becomes | 2.000 |"]


def test_coarse_images_are_answered_as_the_network_sees_them() -> None:
    # It tells images whose first pixel is brighter than 100 from others.
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(2)])
    model.build((28, 28, 1), np.random.default_rng(0))
    for array in model.params.values():
        array[:] = 0
    model.params["1.weight"][0, 1] = 1
    model.params["1.bias"][1] = -100
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 0, 0] = images[1, :4, :4] = 200  # a point, and a block of 4×4
    tested = Labelled(images, np.array([1, 1], np.uint8))
    rows = resolution(model, ImageSet("mnist", DIGITS, 0.0, 1.0), tested).splitlines()[2:]
    assert rows == [
        "| 28×28 | 784 | 100.0% |",
        "| 14×14 | 196 | 50.0% |",
        "| 7×7 | 49 | 50.0% |",
        "| 4×4 | 16 | 0.0% |",
        "| 2×2 | 4 | 0.0% |",
    ]
