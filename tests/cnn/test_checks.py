from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn.checks import check_samples
from tests.refusals import assert_refuses


@pytest.mark.parametrize(
    ("x", "error", "named"),
    [
        (np.ones((3, 2, 2, 1), np.uint8), TypeError, ["float32", "uint8"]),
        ([[1.0]], TypeError, ["NumPy array", "list"]),
        (np.ones((3, 2, 2)), ValueError, ["[n, 2, 2, 1]", "[3, 2, 2]"]),
        (np.ones((2, 2, 1)), ValueError, ["[n, 2, 2, 1]", "[2, 2, 1]"]),
        (np.ones((3, 2, 2, 3)), ValueError, ["[n, 2, 2, 1]", "[3, 2, 2, 3]"]),
        (np.ones((0, 2, 2, 1)), ValueError, ["at least one sample", "none"]),
    ],
)
def test_samples_that_a_model_cannot_take_are_refused(
    x: Any, error: type[Exception], named: list[str]
) -> None:
    assert_refuses(lambda: check_samples("images", x, (2, 2, 1)), error, "images", *named)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_of_either_number_type_are_taken_as_they_are(dtype: Any) -> None:
    x = np.ones((3, 2, 2, 1), dtype)
    check_samples("images", x, (2, 2, 1))
    np.testing.assert_array_equal(x, np.ones((3, 2, 2, 1), dtype), strict=True)
