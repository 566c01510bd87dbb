from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given

from cnn.layers.padding import parse_padding
from cnn.layers.windows import Windows, fit_windows
from tests.cnn.layers import oracles
from tests.cnn.layers.strategies import WindowCase, block_sizes, small_integers, window_cases
from tests.refusals import assert_refuses

any_padding = given(case=window_cases(largest_padding=5))


def windows_of(case: WindowCase) -> Windows:
    return fit_windows("Test", case.image, case.size, case.stride, case.padding)


@any_padding
def test_windows_stand_where_the_definition_puts_them(case: WindowCase) -> None:
    windows = windows_of(case)
    assert windows.padding == case.pads
    assert windows.grid == oracles.grid(case.image, case.size, case.stride, case.pads)


@given(case=window_cases(largest_padding=5), block_bytes=block_sizes)
def test_the_blocks_hold_every_window_as_a_row(case: WindowCase, block_bytes: int) -> None:
    x = small_integers(np.random.default_rng(case.seed), case.input_shape, np.float64)
    windows = windows_of(case)
    expected = np.zeros((len(x), *windows.grid, *case.size, x.shape[3]))
    for (p, q), (i, j), (row, column) in oracles.meetings(case.image, case.size, case.stride, case.pads):
        expected[:, p, q, i, j] = x[:, row, column]
    found = np.full_like(expected, np.nan)
    with patch("cnn.layers.windows.BLOCK_BYTES", block_bytes):
        for block, patches in windows.patches(x):
            found[block] = patches.reshape(found[block].shape)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("padding", "meant"),
    [
        ("valid", "valid"),
        ("same", "same"),
        (np.int64(2), 2),
        (((0, 1), (2, 3)), ((0, 1), (2, 3))),
    ],
)
def test_padding_has_four_forms(padding: Any, meant: Any) -> None:
    assert parse_padding("Test", padding) == meant


@pytest.mark.parametrize(
    ("padding", "error", "named"),
    [
        ("full", ValueError, ["'full'", '"valid"', '"same"', "whole number", "((top, bottom), "]),
        ((1, 1), ValueError, ["(1, 1)", "((top, bottom), (left, right))"]),
        (((1, 1, 1), (0, 0)), ValueError, ["(1, 1, 1)", "pair"]),
        (((0, 0), (-3, 0)), ValueError, ["-3", "0 or more"]),
        (((0, 0.5), (0, 0)), TypeError, ["0.5", "whole number"]),
    ],
)
def test_other_padding_is_refused(padding: Any, error: type[Exception], named: list[str]) -> None:
    assert_refuses(lambda: parse_padding("Test", padding), error, "Test: padding", *named)


@pytest.mark.parametrize(
    ("image", "size", "padding", "named"),
    [
        ((2, 9), (3, 3), "valid", ["3×3", "2×9"]),
        ((1, 9), (5, 5), 1, ["5×5", "1×9", "3×11"]),
    ],
)
def test_a_window_larger_than_the_padded_image_is_refused(
    image: tuple[int, int], size: tuple[int, int], padding: Any, named: list[str]
) -> None:
    assert_refuses(
        lambda: fit_windows("Test", image, size, (1, 1), padding), ValueError, "Test", "larger", *named
    )
