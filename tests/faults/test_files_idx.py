"""Files of the data set that are damaged or something else, as fetched and as processed."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.common.errors import PipelineError
from pipeline.common.idx import read_idx
from pipeline.common.images import load_normalisation, load_part
from tests.faults.counting import Tried
from tests.faults.files import little_memory, npy
from tests.refusals import assert_refuses


def packed(text: str) -> bytes:
    return bytes.fromhex(text)


MALFORMED: dict[str, list[tuple[bytes, str]]] = {
    "idx-magic": [
        (b"", "begins with the bytes [],"),
        (packed("000008"), "begins with the bytes [0, 0, 8],"),
        (b"<!DOCTYPE html><html></html>", "begins with the bytes [60, 33, 68, 79],"),
        (gzip.compress(packed("0000080100000001 07")), "begins with the bytes [31, 139, 8, 0],"),
        (packed("01080000 01000000 07"), "begins with the bytes [1, 8, 0, 0],"),
        (packed("00010801 00000001 07"), "begins with the bytes [0, 1, 8, 1],"),
    ],
    "idx-type": [
        (
            packed(f"0000{code}01 00000001 0000000000000000"),
            f"begins with the bytes [0, 0, {int(code, 16)}, 1],",
        )
        for code in ("00", "07", "09", "0b", "0c", "0d", "0e", "ff")
    ],
    "idx-dimension-count": [
        (packed(f"0000 08{n:02x}" + min(n, 9) * "00000001" + "07"), f"begins with the bytes [0, 0, 8, {n}],")
        for n in (0, 5, 9, 128, 255)
    ],
    "idx-absurd-dimensions": [
        (
            packed("00000804" + 4 * "ffffffff" + "07"),
            "has 21 bytes, expected a header of 20 and as many more",
        ),
        # A product of 1 modulo 2^64.
        (struct.pack(">4B4IB", 0, 0, 8, 4, 3, 11, 998_724_481, 1_119_412_321, 7), "998724481"),
        (packed("00000803 00010000 00010000 00010000"), "[65536, 65536, 65536]"),
        (packed("00000802 00000000 ffffffff"), "[0, 4294967295]"),
        (packed("00000801 00000000"), "none of them 0"),
    ],
    "idx-missing-bytes": [
        (packed("00000803 00000001 0000"), "has 10 bytes, expected a header of 16"),
        (packed("00000801 00000003 0102"), "has 10 bytes, expected a header of 8"),
        (packed("00000803 00000002 00000002 00000002 01020304050607"), "has 23 bytes"),
    ],
    "idx-extra-bytes": [
        (packed("00000801 00000003 01020304"), "has 12 bytes, expected a header of 8"),
        (packed("00000801 00000001 07") + bytes(100_000), "has 100009 bytes"),
    ],
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_idx_file_is_refused_with_what_it_holds(fault: str, tmp_path: Path, tried: Tried) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    for content, named in MALFORMED[fault]:
        path.write_bytes(content)
        with little_memory():
            refused(path, named)
    tried("files", fault, len(MALFORMED[fault]))


def refused(path: Path, named: str) -> None:
    assert_refuses(lambda: read_idx(path), PipelineError, str(path), named, "run `dvc repro fetch`.")


def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, tried: Tried) -> None:
    refused(tmp_path / "missing", "cannot be read (No such file or directory)")
    refused(tmp_path, "cannot be read (Is a directory)")
    tried("files", "idx-unreadable", 2)


IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)


def saved(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


PARTS: list[tuple[str, bytes, str]] = [
    ("test-images.npy", b"", "test-images.npy is damaged"),
    ("test-images.npy", b"hello", "test-images.npy is damaged"),
    ("test-images.npy", saved(IMAGES)[:60], "test-images.npy is damaged"),
    ("test-images.npy", saved(IMAGES)[:-1], "test-images.npy is damaged"),
    ("test-images.npy", npy("|u1", (10**8, 28, 28)), "test-images.npy is damaged"),
    ("test-images.npy", npy("|u1", (2**62, 28, 28)), "test-images.npy is damaged"),
    ("test-images.npy", saved(IMAGES.astype(np.float32)), "holds float32, expected uint8"),
    ("test-images.npy", saved(IMAGES[:2]), "images of (2, 28, 28) and labels of (3,), expected [n, 28, 28]"),
    ("test-images.npy", saved(IMAGES[:, 1:]), "images of (3, 27, 28)"),
    ("test-labels.npy", saved(np.array([Path(), None], object)), "test-labels.npy is damaged"),
    ("test-labels.npy", saved(LABELS[:, None]), "labels of (3, 1)"),
    ("test-labels.npy", saved(LABELS + np.uint8(10)), "test-labels.npy holds the label 10, expected 0 to 9"),
]
NORMALISATIONS: list[tuple[str, str]] = [
    ("", "Invalid JSON"),
    ('{"dataset": "mnist", "mean": 3', "Invalid JSON"),
    ('{"dataset": "mnist", "mean": 33.3}', "standard_deviation Field required"),
    ('{"dataset": "mnist", "mean": "x", "standard_deviation": 78.0}', "mean Input should be a valid number"),
    (
        '{"dataset": "mnist", "mean": 33.3, "standard_deviation": 0}',
        "standard_deviation Input should be greater",
    ),
    ('{"dataset": "mnist", "mean": NaN, "standard_deviation": 78.0}', "mean Input should be"),
    (
        '{"dataset": "mnist", "mean": 33.3, "standard_deviation": Infinity}',
        "standard_deviation Input should be",
    ),
    ('["mnist", 33.3, 78.0]', "Input should be"),
]


def test_a_damaged_processed_file_is_refused_by_name(tmp_path: Path, tried: Tried) -> None:
    def refused(load: Callable[[], object], named: str) -> None:
        with little_memory():
            assert_refuses(load, PipelineError, str(tmp_path), named, "remove it and run `dvc repro`.")

    for name, content, named in PARTS:
        (tmp_path / "test-images.npy").write_bytes(saved(IMAGES))
        (tmp_path / "test-labels.npy").write_bytes(saved(LABELS))
        assert load_part("test", tmp_path).images.shape == IMAGES.shape
        (tmp_path / name).write_bytes(content)
        refused(lambda: load_part("test", tmp_path), named)
    for text, named in NORMALISATIONS:
        (tmp_path / "normalisation.json").write_text(text)
        refused(lambda: load_normalisation(tmp_path), named)
    tried("files", "processed", len(PARTS) + len(NORMALISATIONS))
