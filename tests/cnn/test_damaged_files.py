"""Files that are no model, or no longer one, each of which must be refused with one sentence."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import Checkpoint, Dense, Flatten, Sequential
from cnn.types import Array
from tests.cnn.tiny import built, digests, train
from tests.refusals import assert_refuses


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a small model."""
    path = tmp_path_factory.mktemp("saved") / "model.npz"
    built([Flatten(), Dense(3)]).save(path)
    return path.read_bytes()


def assert_damaged(path: Path, *named: str) -> None:
    """Loading the file is refused with one sentence that names it."""
    assert_refuses(lambda: Sequential.load(path), ValueError, str(path), *named)
    with pytest.raises(ValueError, match=r"\A.*\Z"):  # on one line
        Sequential.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    assert_refuses(lambda: Sequential.load(path), FileNotFoundError, str(path))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" * 100, b"PK\x05\x06" + bytes(18)], ids=len
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    assert_damaged(path, "no cnn model file, or a damaged one")


def test_a_truncated_file_is_refused_wherever_it_ends(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    for length in range(0, len(saved), 11):
        path.write_bytes(saved[:length])
        assert_damaged(path)


def test_a_file_with_a_changed_byte_is_refused_or_gives_the_same_model(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(saved)
    expected = digests(Sequential.load(path).params)
    directory = saved.index(b"PK\1\2")
    changes = [(place, 0x01) for place in range(0, directory, 3)]
    changes += [(place, bit) for place in range(directory, len(saved)) for bit in (0x01, 0x20, 0x40)]
    refused = 0
    for place, change in changes:
        damaged = bytearray(saved)
        damaged[place] ^= change
        path.write_bytes(damaged)
        try:
            found = digests(Sequential.load(path).params)
        except ValueError as error:
            found, refused = expected, refused + (str(path) in str(error))
        assert found == expected, f"byte {place} ^ {change}"
    assert refused > len(changes) / 2


@contextmanager
def little_memory() -> Iterator[None]:
    """See to it that the block never takes more than a megabyte."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def npy_header(kind: str, shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file.getvalue()


class Evil:
    """What a pickle would do on being read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("sizes_agree", [False, True])
def test_a_pickled_object_is_refused_and_never_run(saved: bytes, tmp_path: Path, sizes_agree: bool) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(saved)
    file = io.BytesIO()
    np.save(file, np.array([Evil(tmp_path / "evil")], dtype=object), allow_pickle=True)
    member = file.getvalue()
    if sizes_agree:  # as many pointers of 8 bytes as make up the pickle, which ends before the zeros
        pickled = member[len(npy_header("|O", (1,))) :]
        count = -(-len(pickled) // 8)
        member = npy_header("|O", (count,)) + pickled.ljust(8 * count, b"\0")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("2.bias.npy", member)
    assert_damaged(path, "no cnn model file, or a damaged one")
    assert not (tmp_path / "evil").exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez_compressed(path, **members_of(saved) | {"1.weight": np.zeros((5_000_000, 3), np.float32)})
    assert path.stat().st_size < 100_000
    with little_memory():
        assert_damaged(path, "compressed")


@pytest.mark.parametrize("count", [2**28, 2**40, 2**60, 2**61])
@pytest.mark.parametrize("directory_lies_too", [False, True])
def test_an_array_that_claims_to_be_larger_than_the_file_is_refused(
    saved: bytes, tmp_path: Path, count: int, directory_lies_too: bool
) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(saved)
    with zipfile.ZipFile(path, "a") as archive:
        member = npy_header("<f4", (count,))
        archive.writestr("2.bias.npy", member)
        if directory_lies_too:
            archive.infolist()[-1].file_size = len(member) + 4 * count
    with little_memory():
        assert_damaged(path, "no cnn model file, or a damaged one")


def members_of(content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


def rewritten(content: bytes, header: dict[str, Any], arrays: dict[str, Array | None]) -> dict[str, Any]:
    """Return the members with other entries in the header and other arrays; None leaves one out."""
    members = members_of(content)
    entries = json.loads(str(members["header"])) | header
    kept = {name: value for name, value in entries.items() if value is not None}
    changed = {**members, "header": np.array(json.dumps(kept)), **arrays}
    return {name: array for name, array in changed.items() if array is not None}


BIAS, WEIGHT = np.zeros(3, np.float32), np.zeros((36, 3), np.float32)
DENSE = {"layer": "Dense", "units": 10**6}


@pytest.mark.parametrize(
    ("header", "arrays", "named"),
    [
        ({}, {"1.bias": None}, "1.bias"),
        ({}, {"1.weight": None, "1.bias": None}, "1.bias"),
        ({}, {"1.extra": BIAS}, "1.extra"),
        ({}, {"2.bias": BIAS}, "2.bias"),
        ({}, {"1.weight": WEIGHT.T.copy()}, "1.weight has the shape [36, 3], received [3, 36]"),
        ({}, {"1.weight": np.full_like(WEIGHT, np.nan)}, "1.weight"),
        ({}, {"1.bias": np.full(3, np.inf, np.float32)}, "1.bias"),
        ({}, {"1.bias": np.zeros(3, int)}, "int64"),
        ({}, {"1.bias": np.zeros(3, np.float16)}, "float16"),
        ({}, {"header": None}, "no cnn model file"),
        ({}, {"header": np.zeros(3)}, "no cnn model file"),
        ({}, {"header": np.array("{")}, "no cnn model file"),
        ({}, {"header": np.array("3")}, "no cnn model file"),
        ({}, {"header": np.array("[" * 100_000)}, "no cnn model file"),
        ({"kind": None}, {}, "no cnn model file"),
        ({"kind": "recipe"}, {}, "is a recipe file, expected a cnn model file"),
        ({"version": 2}, {}, "has format 2, expected 1"),
        ({"layers": None}, {}, "layers"),
        ({"layers": []}, {}, "at least one layer"),
        ({"layers": ["Dense"]}, {}, "'Dense'"),
        ({"layers": [{"layer": "Conv4D"}]}, {}, "did you mean 'Conv2D'"),
        ({"layers": [{"layer": "Dense", "unit": 3}]}, {}, "did you mean 'units'"),
        ({"layers": [{"layer": "Dense", "units": 0}]}, {}, "units must be 1 or more"),
        ({"layers": [{"layer": "Dense", "units": 3}]}, {}, "Layer 0 (Dense)"),
        ({"input_shape": None}, {}, "input_shape"),
        ({"input_shape": 36}, {}, "does not hold a model"),
        ({"input_shape": ["6", 6, 1]}, {}, "does not hold a model"),
        ({"input_shape": [0, 6, 1]}, {}, "does not hold a model"),
        ({"input_shape": [-6, 6, 1]}, {}, "does not hold a model"),
        ({"input_shape": [6, 5, 1]}, {}, "1.weight has the shape [30, 3], received [36, 3]"),
        # Parameters of 4 PB.
        (
            {"input_shape": [10**9], "layers": [DENSE]},
            {"0.weight": WEIGHT, "0.bias": BIAS},
            "does not hold a model",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_does_not_hold_a_whole_model_is_refused(
    saved: bytes, tmp_path: Path, header: dict[str, Any], arrays: dict[str, Array | None], named: str
) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, **rewritten(saved, header, arrays))
    assert_damaged(path, named)


def test_a_checkpoint_is_no_model_and_a_model_no_checkpoint(tmp_path: Path) -> None:
    checkpoint, model = tmp_path / "checkpoint.npz", tmp_path / "model.npz"
    run = train(epochs=1, callbacks=[Checkpoint(checkpoint)])
    assert_damaged(checkpoint, "is a cnn checkpoint file, expected a cnn model file")
    run.model.save(model)
    assert_refuses(
        lambda: train(epochs=1, callbacks=[Checkpoint(model)]),
        ValueError,
        str(model),
        "is a cnn model file, expected a cnn checkpoint file",
    )
