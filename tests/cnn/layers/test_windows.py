from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given

from cnn.layers.padding import parse_padding
from cnn.layers.windows import Windows, fit_windows
from tests.cnn.layers import oracles
from tests.cnn.layers.strategies import WindowCase, small_integers, window_cases
from tests.refusals import assert_refuses

any_padding = given(case=window_cases(largest_padding=5))


def windows_of(case: WindowCase) -> Windows:
    return fit_windows("Test", case.image, case.size, case.stride, case.padding)


@any_padding
def test_windows_stand_where_the_definition_puts_them(case: WindowCase) -> None:
    windows = windows_of(case)
    assert windows.padding == case.pads
    assert windows.grid == oracles.grid(case.image, case.size, case.stride, case.pads)


@given(case=window_cases())
def test_same_gives_one_window_for_every_begun_stride_and_the_odd_pixel_to_the_bottom_and_right(
    case: WindowCase,
) -> None:
    windows = windows_of(case._replace(padding="same"))
    (h, w), (down, across) = case.image, case.stride
    assert windows.grid == (-(-h // down), -(-w // across))
    for before, after in windows.padding:
        assert after - before in (0, 1)


@any_padding
def test_columns_hold_one_window_a_row(case: WindowCase) -> None:
    x = small_integers(np.random.default_rng(case.seed), case.input_shape, np.float64)
    windows = windows_of(case)
    expected = np.zeros((len(x), *windows.grid, *case.size, x.shape[3]))
    for (p, q), (i, j), (row, column) in oracles.meetings(case.image, case.size, case.stride, case.pads):
        expected[:, p, q, i, j] = x[:, row, column]
    rows = np.concatenate([patches.copy() for _, patches in windows.patches(x)])
    np.testing.assert_array_equal(rows, expected.reshape(rows.shape))


@any_padding
def test_offsets_show_one_offset_of_every_window_of_the_padded_image(case: WindowCase) -> None:
    x = small_integers(np.random.default_rng(case.seed), case.input_shape, np.float64)
    windows = windows_of(case)
    padded = windows.pad(x, 0)
    expected = np.zeros((*case.size, len(x), *windows.grid, x.shape[3]))
    for (p, q), (i, j), (row, column) in oracles.meetings(case.image, case.size, case.stride, case.pads):
        expected[i, j, :, p, q] = x[:, row, column]
    shown = [padded[:, rows, columns] for rows, columns in windows.offsets()]
    np.testing.assert_array_equal(np.array(shown).reshape(expected.shape), expected)


@any_padding
def test_cropping_undoes_padding(case: WindowCase) -> None:
    x = small_integers(np.random.default_rng(case.seed), case.input_shape, np.float32)
    windows = windows_of(case)
    padded = windows.pad(x, 7)
    assert padded.shape[1:3] == windows.padded_image
    assert padded.sum() == x.sum() + 7 * (padded.size - x.size)
    np.testing.assert_array_equal(windows.crop(padded), x)


@any_padding
@example(case=WindowCase((1, 3, 3, 1), (3, 3), (5, 5), ((4, 0), (0, 0)), 0))  # no window reaches the image
def test_transposed_windows_show_each_pixel_the_windows_it_stood_in(case: WindowCase) -> None:
    windows = windows_of(case)
    back = windows.transposed()
    assert back.grid == case.image
    numbered = np.arange(1.0, 1 + np.prod(windows.grid)).reshape(1, *windows.grid, 1)
    expected = np.zeros((*case.image, *case.size))
    for (p, q), (i, j), (row, column) in oracles.meetings(case.image, case.size, case.stride, case.pads):
        expected[row, column, -1 - i, -1 - j] = numbered[0, p, q, 0]
    ((_, rows),) = back.patches(numbered)
    np.testing.assert_array_equal(rows, expected.reshape(rows.shape))


def test_large_batches_are_shown_in_blocks_that_cover_every_image_once() -> None:
    windows = fit_windows("Test", (14, 14), (3, 3), (1, 1), "same")
    x = np.arange(17.0).repeat(14 * 14 * 16).reshape(17, 14, 14, 16)
    blocks = [
        (list(range(17))[block], patches.reshape(-1, 14 * 14, 9 * 16)[:, 20, 0].tolist())
        for block, patches in windows.patches(x)
    ]
    assert len(blocks) > 1
    assert len(blocks[-1][0]) < len(blocks[0][0])  # the last one is only partly filled
    assert [image for images, _ in blocks for image in images] == list(range(17))
    assert [number for _, numbers in blocks for number in numbers] == list(range(17))


@pytest.mark.parametrize(
    ("padding", "meant"),
    [
        ("valid", "valid"),
        ("same", "same"),
        (2, 2),
        (np.int64(2), 2),
        ([[0, 1], [2, 3]], ((0, 1), (2, 3))),
        (((0, 1), (2, 3)), ((0, 1), (2, 3))),
    ],
)
def test_padding_has_four_forms(padding: Any, meant: Any) -> None:
    assert parse_padding("Test", padding) == meant


@pytest.mark.parametrize(
    ("padding", "error", "named"),
    [
        ("full", ValueError, ["'full'", '"valid"', '"same"', "whole number", "((top, bottom), "]),
        (None, ValueError, ["None", '"valid"']),
        ((1, 1), ValueError, ["(1, 1)", "((top, bottom), (left, right))"]),
        (((1, 1),), ValueError, ["((1, 1),)", "((top, bottom), (left, right))"]),
        (((1, 1, 1), (0, 0)), ValueError, ["(1, 1, 1)", "pair"]),
        (-1, ValueError, ["-1", "0 or more"]),
        (((0, -2), (0, 0)), ValueError, ["-2", "0 or more"]),
        (((0, 0), (-3, 0)), ValueError, ["-3", "0 or more"]),
        (True, TypeError, ["True", "whole number"]),
        (((0, 0.5), (0, 0)), TypeError, ["0.5", "whole number"]),
    ],
)
def test_other_padding_is_refused(padding: Any, error: type[Exception], named: list[str]) -> None:
    assert_refuses(lambda: parse_padding("Test", padding), error, "Test: padding", *named)


@pytest.mark.parametrize(
    ("image", "size", "padding", "named"),
    [
        ((2, 9), (3, 3), "valid", ["3×3", "2×9"]),
        ((9, 2), (3, 3), "valid", ["3×3", "9×2"]),
        ((1, 9), (5, 5), 1, ["5×5", "1×9", "3×11"]),
    ],
)
def test_a_window_larger_than_the_padded_image_is_refused(
    image: tuple[int, int], size: tuple[int, int], padding: Any, named: list[str]
) -> None:
    assert_refuses(
        lambda: fit_windows("Test", image, size, (1, 1), padding), ValueError, "Test", "larger", *named
    )
