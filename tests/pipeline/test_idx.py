import gzip
import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from pipeline.common.errors import PipelineError
from pipeline.common.idx import read_idx, write_idx
from tests.damage import assert_one_line, little_memory, mutated
from tests.refusals import IS_A_FOLDER, assert_refuses


@pytest.mark.parametrize("shape", [(5,), (3, 28, 28)])
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


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.arange(3, dtype=np.int16), "elements of int16 were received, expected uint8"),
        (np.ones((3, 0), np.uint8), "expected 1 to 4 dimensions"),
        (np.ones((1, 1, 1, 1, 1), np.uint8), "expected 1 to 4 dimensions"),
    ],
)
def test_arrays_that_could_not_be_read_again_are_not_written(
    tmp_path: Path, array: Any, expected: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=expected):
        write_idx(tmp_path / "file", array)
    assert not (tmp_path / "file").exists()


MALFORMED: dict[str, list[tuple[bytes, str]]] = {
    "other first bytes": [
        (b"", "begins with the bytes [],"),
        (b"<!DOCTYPE html><html></html>", "begins with the bytes [60, 33, 68, 79],"),
        (gzip.compress(bytes.fromhex("0000080100000001 07")), "begins with the bytes [31, 139, 8, 0],"),
    ],
    "another type": [
        (
            bytes.fromhex(f"0000{code}01 00000001 0000000000000000"),
            f"begins with the bytes [0, 0, {int(code, 16)}, 1],",
        )
        for code in ("00", "09", "ff")
    ],
    "another number of dimensions": [
        (
            bytes.fromhex(f"0000 08{n:02x}" + min(n, 9) * "00000001" + "07"),
            f"begins with the bytes [0, 0, 8, {n}],",
        )
        for n in (0, 5, 255)
    ],
    "absurd dimensions": [
        (
            bytes.fromhex("00000804" + 4 * "ffffffff" + "07"),
            "has 21 bytes, expected a header of 20 and as many more",
        ),
        # A product of 1 modulo 2^64.
        (struct.pack(">4B4IB", 0, 0, 8, 4, 3, 11, 998_724_481, 1_119_412_321, 7), "998724481"),
        (bytes.fromhex("00000801 00000000"), "none of them 0"),
    ],
    "missing bytes": [
        (bytes.fromhex("00000803 00000001 0000"), "has 10 bytes, expected a header of 16"),
        (bytes.fromhex("00000803 00000002 00000002 00000002 01020304050607"), "has 23 bytes"),
    ],
    "too many bytes": [
        (bytes.fromhex("00000801 00000003 01020304"), "has 12 bytes, expected a header of 8"),
        (bytes.fromhex("00000801 00000001 07") + bytes(100_000), "has 100009 bytes"),
    ],
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_file_is_refused_with_what_it_holds(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    for content, named in MALFORMED[fault]:
        path.write_bytes(content)
        with little_memory():
            refused(path, named)


def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    refused(tmp_path / "missing", "cannot be read (No such file or directory)")
    refused(tmp_path, f"cannot be read ({IS_A_FOLDER})")


def refused(path: Path, named: str) -> None:
    assert_refuses(lambda: read_idx(path), PipelineError, str(path), named, "run `dvc repro fetch`.")


def test_a_changed_file_is_refused_or_read_as_another_reader_reads_it(tmp_path: Path) -> None:
    """Every second change leaves the header as it is."""
    path, read = tmp_path / "mutant", 0
    with little_memory(20_000_000):
        for number in range(100):
            random = Random(number)
            shape = random.choice(((40,), (3, 5, 4), (2, 3, 2, 2)))
            header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
            content = header + random.randbytes(int(np.prod(shape)))
            path.write_bytes(mutated(content, random, len(header) if number % 2 else 0))
            expected = plainly_read(path.read_bytes())
            if expected is None:
                with pytest.raises(PipelineError) as caught:
                    read_idx(path)
                assert_one_line(caught.value, path)
            else:
                np.testing.assert_array_equal(read_idx(path), expected)
                read += 1
    assert 10 < read < 90


def plainly_read(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
    """Return what an IDX file of bytes holds, or None if the content is not such a file."""
    if len(content) < 4 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 4:
        return None
    try:
        shape = struct.unpack_from(f">{content[3]}I", content, 4)
        array = np.array(list(content[4 + 4 * content[3] :]), np.uint8).reshape(shape)
    except (struct.error, ValueError):
        return None
    return array if array.size else None
