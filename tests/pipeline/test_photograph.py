"""Bringing people's own pictures into MNIST's form."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw
from scipy import ndimage

from pipeline.photograph import read_digits
from tests.pipeline.pictures import (
    DUSTY,
    SHADOW,
    Bytes,
    Grey,
    H,
    W,
    as_image,
    correlation,
    drawn,
    enlarged,
    on_paper,
    real_digits,
)

DIGITS = real_digits()[0][::50]  # ten of each class
TWO = DIGITS[20]


def read(folder: Path, image: Image.Image, suffix: str = ".png", **options: Any) -> Bytes:
    image.save(folder / f"picture{suffix}", **options)
    [digit] = read_digits(folder / f"picture{suffix}")
    return digit.picture


@pytest.mark.parametrize("inverted", [False, True])
def test_nearly_all_digits_of_mnist_stay_as_they_are(tmp_path: Path, inverted: bool) -> None:
    results = [read(tmp_path, Image.fromarray(255 - digit if inverted else digit)) for digit in DIGITS]

    change = np.abs(np.array(results).astype(int) - DIGITS).max(axis=(1, 2))
    assert np.mean(change <= 4) >= 0.95


MODES = [
    *((".png", mode) for mode in ("1", "LA", "P", "RGBA")),
    (".jpg", "RGB"),
    (".gif", "P"),
    (".bmp", "L"),
    (".tif", "RGBA"),
    (".webp", "RGB"),
]


@pytest.mark.parametrize(("suffix", "mode"), MODES)
def test_the_format_makes_no_difference(tmp_path: Path, suffix: str, mode: str) -> None:
    image = as_image(drawn(255, 0, on_paper(TWO))).convert(mode)

    assert correlation(read(tmp_path, image, suffix), TWO) > 0.93


SCENES = {  # the background, how much lighter the strokes are, and the noise
    "shadow of the hand": (SHADOW, 0.2, 3),
    "faint pencil": (np.full((H, W), 215), 0.8, 4),
    "table beside the paper": (np.where(np.arange(W) < 30, 70, 220), 0.2, 4),
    "dust": (DUSTY, 0.1, 0),
    "white on dark, ruled": (np.where(np.arange(W) % 24 == 0, 60, 40), 5, 2),
}


@pytest.mark.parametrize(("background", "lightness", "noise"), SCENES.values(), ids=SCENES.keys())
def test_digits_survive_hard_pictures(
    tmp_path: Path, background: Grey, lightness: float, noise: float
) -> None:
    rng = np.random.default_rng(0)
    correlations = []
    for digit in DIGITS[::6]:
        picture = drawn(background, lightness * background, on_paper(digit)) + rng.normal(0, noise, (H, W))
        correlations.append(correlation(read(tmp_path, as_image(picture), ".jpg"), digit))
    assert np.mean(correlations) > 0.87  # grain is smoothed away, and the edges of strokes become softer
    assert min(correlations) > 0.5  # no worse than shifted by a pixel


@pytest.mark.parametrize("size", [(20, 20), (90, 400), (1500, 2000)])
def test_the_size_makes_no_difference(tmp_path: Path, size: tuple[int, int]) -> None:
    side = min(size) - min(size) // 20
    ink = np.pad(enlarged(TWO, side), [(0, length - side) for length in size])

    result = read(tmp_path, as_image(drawn(255, 0, ink)))

    assert correlation(result, TWO) > 0.93


@pytest.mark.parametrize(("suffix", "orientation"), [(".png", 2), (".tif", 5), (".webp", 6)])
def test_a_turned_picture_is_set_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    turn = Image.Transpose
    as_stored = {2: turn.FLIP_LEFT_RIGHT, 5: turn.TRANSPOSE, 6: turn.ROTATE_90}
    upright = as_image(drawn(240, 20, on_paper(TWO)))
    stored = upright.transpose(as_stored[orientation])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    result = read(tmp_path, stored, suffix, exif=exif, lossless=True)

    np.testing.assert_array_equal(result, read(tmp_path, upright))


@pytest.mark.parametrize(
    ("paper", "ink", "opacity"),
    [(20, 20, 0), (255, 255, 0), (240, 20, 120)],
    ids=["dark on nothing", "white on nothing", "dark on tracing paper"],
)
def test_transparency_lets_the_strokes_show(tmp_path: Path, paper: int, ink: int, opacity: int) -> None:
    amount = on_paper(TWO)
    picture = as_image(drawn(paper, ink, amount)).convert("RGBA")
    alpha = drawn(opacity, 255, amount)
    alpha[:30, :30] = alpha[-30:, -30:] = 0
    picture.putalpha(as_image(alpha))

    assert correlation(read(tmp_path, picture), TWO) > 0.9


@pytest.mark.parametrize(("pen", "width"), [(1, 2.2), (34, 1.3), (60, 2.2)])
def test_strokes_are_as_bright_and_wide_as_those_of_mnist(tmp_path: Path, pen: int, width: float) -> None:
    picture = Image.new("L", (900, 700), 255)
    ImageDraw.Draw(picture).line([(200, 100), (450, 100), (300, 620)], 0, pen)

    result = read(tmp_path, picture)

    assert result.max() == 255
    np.testing.assert_allclose(result[12:20].sum(axis=1) / 255, width, atol=0.2)


def test_a_dry_pen_draws_one_digit(tmp_path: Path) -> None:
    picture = Image.new("L", (300, 300), 255)
    for start in range(50, 250, 12):
        ImageDraw.Draw(picture).line([(150, start), (150, start + 8)], 0, 3)

    result = read(tmp_path, picture)

    np.testing.assert_array_equal(np.flatnonzero((result > 100).any(axis=1)), np.arange(4, 24))


def test_specks_and_what_reaches_in_leave_no_trace(tmp_path: Path) -> None:
    clean = on_paper(TWO)
    (box,) = ndimage.find_objects((clean > 0.2).astype(int))
    free = ndimage.distance_transform_edt(clean[box] < 0.2)
    row, column = np.unravel_index(free.argmax(), free.shape)
    dirty = clean.copy()
    dirty[box][row : row + 3, column : column + 3] = 1
    dirty[10:26, 20:36] = dirty[200:203, 60:63] = 1
    dirty[150:, -20:] = 1

    result = read(tmp_path, as_image(drawn(255, 0, dirty)))

    np.testing.assert_array_equal(result, read(tmp_path, as_image(drawn(255, 0, clean))))


@pytest.mark.parametrize(("dx", "dy"), [(45, 25), (-95, -35)])
def test_the_place_makes_no_difference(tmp_path: Path, dx: int, dy: int) -> None:
    ink = drawn(255, 0, on_paper(TWO))
    middle = read(tmp_path, as_image(ink))
    result = read(tmp_path, as_image(np.roll(ink, (dy, dx), (0, 1))))

    np.testing.assert_allclose(result, middle, atol=2)
    np.testing.assert_allclose(ndimage.center_of_mass(result), (14, 14), atol=0.5)
    rows, columns = np.nonzero(result > 50)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20


@pytest.mark.parametrize("times", [1, 3, 10])
def test_a_drawing_cropped_to_its_ink_is_read_as_one_with_a_margin(tmp_path: Path, times: int) -> None:
    right = 0
    for digit in DIGITS[::10]:
        rows, columns = np.nonzero(digit > 60)
        cropped = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        picture = Image.fromarray(255 - cropped.repeat(times, axis=0).repeat(times, axis=1))
        picture.save(tmp_path / "cropped.png")
        found = read_digits(tmp_path / "cropped.png")
        right += len(found) == 1 and not found[0].cut_off and correlation(found[0].picture, digit) > 0.85

    assert right >= 8
