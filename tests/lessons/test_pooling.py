import numpy as np

from cnn.layers.windows import fit_windows
from lessons.kit.subject import most_like
from lessons.pooling import telling_window


def test_a_map_of_the_whole_shape_is_shown_rather_than_one_of_a_bright_stroke() -> None:
    image = np.zeros((14, 14), np.uint8)
    image[2, 2:12] = image[2:12, 11] = 200
    shape, stroke = image / 200, np.zeros((14, 14))
    stroke[2:12, 11] = 9
    assert most_like(image, np.stack([-shape, stroke, shape], axis=-1)[None]) == 2


def test_the_enlarged_window_holds_different_numbers_and_no_padding() -> None:
    windows = fit_windows("MaxPool2D", (3, 3), (2, 2), (2, 2), ((1, 0), (1, 0)))
    x = np.array([[9.0, 1.0, 7.0], [8.0, 0.0, 0.1], [5.0, 0.2, 0.3]]).reshape(1, 3, 3, 1)
    assert telling_window(windows, x) == (1, 1)
