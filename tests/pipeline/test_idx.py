from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.common.idx import read_idx, write_idx


@pytest.mark.parametrize("shape", [(5,), (3, 28, 28), (2, 4, 3, 1)])
def test_reading_returns_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    write_idx(tmp_path / "file", array)
    result = read_idx(tmp_path / "file")

    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, array)


def test_an_array_with_gaps_is_written_in_its_logical_order(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, ::-3]

    write_idx(tmp_path / "file", array)

    assert (tmp_path / "file").read_bytes().hex(" ") == "00 00 08 02 00 00 00 02 00 00 00 02 05 02 11 0e"


def test_a_file_of_mnist_s_layout_is_read(tmp_path: Path) -> None:
    header = bytes.fromhex("00000803 00000002 00000002 00000003")
    (tmp_path / "images").write_bytes(header + bytes(range(12)))

    np.testing.assert_array_equal(read_idx(tmp_path / "images"), np.arange(12).reshape(2, 2, 3))


def test_elements_other_than_bytes_are_not_written(tmp_path: Path) -> None:
    array: Any = np.arange(3, dtype=np.int16)

    with pytest.raises(TypeError, match="elements of int16 were received, expected uint8"):
        write_idx(tmp_path / "file", array)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1, 1, 1, 1)])
def test_arrays_that_could_not_be_read_again_are_not_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected 1 to 4 dimensions"):
        write_idx(tmp_path / "file", np.ones(shape, np.uint8))
    assert not (tmp_path / "file").exists()
