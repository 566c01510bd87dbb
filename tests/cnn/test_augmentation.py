from typing import Any

import numpy as np
import pytest
from scipy.ndimage import affine_transform

from cnn import Augmentation, Dense, Flatten, MeanSquaredError, RandomAffine, Rescale
from cnn.training import run_micro_batch
from cnn.types import Array, Shape
from tests.cnn.tiny import built, digests
from tests.refusals import assert_refuses

EVERYTHING = RandomAffine(rotation=40, scale=0.3, shear=0.4, shift=3)


def images(shape: Shape, dtype: type[np.floating[Any]] = np.float32) -> Array:
    return np.random.default_rng(0).random(shape).astype(dtype)


def draws(n: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).random((n, 6), dtype=np.float32)


def one_draw(**chosen: float) -> Array:
    """Return one image's draws; those that are not named change nothing."""
    names = ("angle", "height", "width", "shear", "down", "right")
    return np.array([[chosen.get(name, 0.5) for name in names]], np.float32)


PICTURE = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize(
    ("augmentation", "draw", "expected"),
    [
        (RandomAffine(shift=1), one_draw(down=0), [[1, 2, 3], [1, 2, 3], [4, 5, 6]]),
        (RandomAffine(shift=1), one_draw(right=0.25), [[1, 1.5, 2.5], [4, 4.5, 5.5], [7, 7.5, 8.5]]),
        (RandomAffine(scale=0.5), one_draw(height=0), [[2.5, 3.5, 4.5], [4, 5, 6], [5.5, 6.5, 7.5]]),
        (RandomAffine(shear=2), one_draw(shear=0.75), [[1, 1, 2], [4, 5, 6], [8, 9, 9]]),
        (RandomAffine(rotation=90), one_draw(angle=0), [[3, 6, 9], [2, 5, 8], [1, 4, 7]]),
        (EVERYTHING, one_draw(), PICTURE),
    ],
)
def test_draws_choose_the_distortion(
    augmentation: RandomAffine, draw: Array, expected: list[list[float]]
) -> None:
    x = np.array(PICTURE, np.float32)[None, :, :, None]
    np.testing.assert_allclose(augmentation(x, draw)[0, :, :, 0], expected, atol=1e-5)


def test_ranges_of_zero_leave_every_bit() -> None:
    x = images((4, 5, 8, 3))
    np.testing.assert_array_equal(RandomAffine()(x, draws(4)), x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(20, 5, 8, 3), (20, 7, 1, 2)])
def test_images_are_what_scipy_makes_of_them(shape: Shape, dtype: type[np.floating[Any]]) -> None:
    x, chosen = images(shape, dtype), draws(20)
    ranges = np.array([np.radians(40), 0.3, 0.3, 0.4, 3, 3])
    found = EVERYTHING(x, chosen)
    assert (found.dtype, found.shape) == (x.dtype, x.shape)
    centre = (np.array(shape[1:3]) - 1) / 2
    for image, result, (angle, a, b, k, *shift) in zip(x, found, ranges * (2 * chosen - 1), strict=True):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, 0], [k, 1]]) @ np.diag([1 + a, 1 + b])
        offset = centre + shift - matrix @ centre
        for channel in range(shape[3]):
            expected = affine_transform(image[..., channel], matrix, offset, order=1, mode="nearest")
            np.testing.assert_allclose(result[..., channel], expected, atol=3e-5)


def test_what_becomes_of_an_image_depends_on_its_own_draws_alone() -> None:
    x, chosen = images((9, 6, 6, 1)), draws(9)
    whole = EVERYTHING(x, chosen)
    for i in range(9):
        np.testing.assert_array_equal(EVERYTHING(x[i : i + 1], chosen[i : i + 1])[0], whole[i])
    x[3:5], chosen[3:5] = np.nan, 0
    others = [0, 1, 2, 5, 6, 7, 8]
    np.testing.assert_array_equal(EVERYTHING(x, chosen)[others], whole[others])


def test_training_gives_bytes_to_any_augmentation_as_float32() -> None:
    class Darker(Augmentation):
        numbers = 1

        def __call__(self, x: Array, draws: Array) -> Array:
            return x - 100 * draws[:, :, None, None]  # bytes would begin again at 255

    model, loss = built([Rescale(1 / 255), Flatten(), Dense(3)]), MeanSquaredError()
    targets, chosen = np.zeros((4, 3)), draws(4)[:, :1]
    x: Any = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 1), np.uint8)
    darker = run_micro_batch(model, loss, False, Darker(), x, chosen, targets, 4, (0,))
    x = Darker()(x.astype(np.float32), chosen)
    expected = run_micro_batch(model, loss, False, None, x, chosen, targets, 4, (0,))
    assert digests(darker.grads) == digests(expected.grads)


def test_images_and_draws_are_only_read() -> None:
    x, chosen = images((3, 6, 6, 2)), draws(3)
    x.flags.writeable = chosen.flags.writeable = False
    for augmentation in (EVERYTHING, RandomAffine()):
        assert not np.shares_memory(augmentation(x, chosen), x)


@pytest.mark.parametrize(
    ("hyperparameters", "error", "named"),
    [
        ({"rotation": 360}, ValueError, ("rotation", "360")),
        ({"scale": 1}, ValueError, ("scale must lie in [0, 1)", "1")),
        ({"shift": float("inf")}, ValueError, ("shift", "inf")),
        ({"shift": "2"}, TypeError, ("shift must be a number", "'2'")),
    ],
    ids=str,
)
def test_ranges_that_make_no_sense_are_refused(
    hyperparameters: dict[str, Any], error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: RandomAffine(**hyperparameters), error, "RandomAffine", *named)


@pytest.mark.parametrize(
    ("x", "chosen", "error", "named"),
    [
        (np.ones((2, 6, 6, 1), np.uint8), draws(2), TypeError, ("float32 or float64", "uint8")),
        (np.ones((2, 6, 6, 1), int), draws(2), TypeError, ("float32 or float64", "int64")),
        (images((2, 6, 6)), draws(2), ValueError, ("[n, h, w, c]", "(2, 6, 6)")),
        (images((2, 6, 6, 1)), draws(3), ValueError, ("[2, 6]", "[2, 6, 6, 1]", "[3, 6]")),
        (images((2, 6, 6, 1)), draws(2).tolist(), TypeError, ("draws", "list")),
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_refused(
    x: Any, chosen: Any, error: type[Exception], named: tuple[str, ...]
) -> None:
    assert_refuses(lambda: EVERYTHING(x, chosen), error, "RandomAffine", *named)
