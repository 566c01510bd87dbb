"""Model files that are damaged, hostile or of another kind, made of the file of a sound one."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from cnn.types import Array
from tests.faults.files import members_of, npy, npz, rewritten

NO_MODEL = "is no cnn model file, or a damaged one: "
NO_FIT = "does not hold a model that fits together: "
Damaged = list[tuple[bytes, str]]
"""Contents of files, and what the message must name."""


def of_another_kind(saved: bytes) -> Damaged:
    contents = [b"", b"hello", b"\x89PNG\r\n\x1a\n" * 100, b"PK\x05\x06" + bytes(18)]
    return [(content, NO_MODEL) for content in contents] + [
        (npz({"weight": WEIGHT}), NO_MODEL),
        (npy("<f4", (2,), bytes(8)), NO_MODEL),
        (rewritten(saved, {"kind": "recipe"}), "is a recipe file, expected a cnn model file"),
    ]


def truncated(saved: bytes) -> Damaged:
    return [(saved[:length], NO_MODEL) for length in range(0, len(saved), 11)]


class Evil:
    """What a pickle would do on being read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (Path("evil"),)


def pickles(saved: bytes) -> Damaged:
    file = io.BytesIO()
    np.save(file, np.array([Evil()], dtype=object), allow_pickle=True)
    member = file.getvalue()
    # As many pointers of 8 bytes as make up the pickle, which ends before the zeros.
    pickled = member[len(npy("|O", (1,))) :]
    count = -(-len(pickled) // 8)
    sizes_agree = npy("|O", (count,), pickled.ljust(8 * count, b"\0"))
    return [(appended(saved, each), NO_MODEL) for each in (member, sizes_agree, pickled)]


def appended(saved: bytes, member: bytes, claimed: int | None = None) -> bytes:
    """Return the file with one more member, whose size the directory gives as claimed."""
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("2.bias.npy", member)
        archive.infolist()[-1].file_size = len(member) if claimed is None else claimed
    return file.getvalue()


def zip_bombs(saved: bytes) -> Damaged:
    deflated = io.BytesIO()
    np.savez_compressed(deflated, **members_of(saved) | {"1.weight": np.zeros((5_000_000, 3), np.float32)})
    assert len(deflated.getvalue()) < 100_000
    return [(deflated.getvalue(), "is compressed"), (overlapping(1000, 100_000), "verlap")]


def overlapping(count: int, size: int) -> bytes:
    """Return an archive of arrays, each of which lies within the one before: little file, many arrays."""
    inner, entries = bytes(size), []
    for number in range(count):
        name = f"{number}.npy".encode()
        member = npy("|u1", (len(inner),), inner)
        fields = (crc32(member), len(member), len(member), len(name))
        inner = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, *fields, 0) + name + member
        entries.append((name, fields, len(inner)))
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, *fields, 0, 0, 0, 0, 0, len(inner) - start)
        + name
        for name, fields, start in entries
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(inner), 0)
    return inner + directory + end


def false_claims(saved: bytes) -> Damaged:
    counts = (2**28, 2**40, 2**60, 2**61)
    members = [(npy("<f4", (count,)), 4 * count) for count in counts]
    return [
        *((appended(saved, member), "claims") for member, _ in members),
        *((appended(saved, member, len(member) + size), NO_MODEL) for member, size in members),
        (appended(saved, npy("<f4", (0, 2**70))), NO_MODEL),
        (appended(saved, npy("<f4", (-2, -2), bytes(16))), NO_MODEL),
    ]


BIAS, WEIGHT = np.zeros(3, np.float32), np.zeros((36, 3), np.float32)


def wrong_arrays(saved: bytes) -> Damaged:
    cases: list[tuple[dict[str, Array | None], str]] = [
        ({"1.bias": None}, NO_FIT + "there is no array named '1.bias'"),
        ({"1.weight": None}, NO_FIT + "layer 1 (Dense) needs an array of 108 numbers"),
        ({"1.weight": None, "1.bias": None}, "the largest that the file holds for it has 0"),
        ({"1.extra": BIAS}, "no array named '1.extra'"),
        ({"2.bias": BIAS}, "no array named '2.bias'"),
        ({"bias": BIAS}, "no array named 'bias'"),
        ({"1.weight": WEIGHT.T.copy()}, "1.weight has the shape [36, 3], received [3, 36]"),
        ({"1.weight": WEIGHT.ravel()}, "1.weight has the shape [36, 3], received [108]"),
        ({"1.weight": WEIGHT[:35]}, "needs an array of 108 numbers"),
        ({"1.weight": np.zeros((37, 3), np.float32)}, "1.weight has the shape [36, 3], received [37, 3]"),
    ]
    return [(rewritten(saved, {}, arrays), named) for arrays, named in cases]


def wrong_numbers(saved: bytes) -> Damaged:
    arrays: dict[str, tuple[str, Any]] = {
        "'1.weight' of float32, expected finite": ("1.weight", np.full_like(WEIGHT, np.nan)),
        "'1.bias' of float32, expected finite": ("1.bias", np.full(3, np.inf, np.float32)),
        "int64": ("1.bias", np.zeros(3, int)),
        "float16": ("1.bias", np.zeros(3, np.float16)),
        ">f4": ("1.bias", np.zeros(3, ">f4")),
        "complex64": ("1.bias", np.zeros(3, np.complex64)),
        "<U1": ("1.bias", np.array(["1", "2", "3"])),
    }
    return [(rewritten(saved, {}, {name: array}), named) for named, (name, array) in arrays.items()]


NO_SHAPES: list[Any] = [36, "661", ["6", 6, 1], [0, 6, 1], [-6, 6, 1], [6.5, 6, 1], [], [[6, 6, 1]], {}]


def wrong_header(saved: bytes) -> Damaged:
    texts: list[Any] = [None, np.zeros(3), *map(np.array, ("{", "3", "null", '"kind"', "[" * 100_000))]
    return [
        *((rewritten(saved, {}, {"header": text}), NO_MODEL) for text in texts),
        *((rewritten(saved, {name: None}), NO_MODEL) for name in ("kind", "version")),
        (rewritten(saved, {"kind": "x\n" * 1000}), "is a x x x"),
        (rewritten(saved, {"input_shape": None}), NO_FIT + "'input_shape'"),
        *((rewritten(saved, {"input_shape": shape}), NO_FIT) for shape in NO_SHAPES),
        (rewritten(saved, {"input_shape": [6, 5, 1]}), "1.weight has the shape [30, 3], received [36, 3]"),
    ]


def unknown_layers(saved: bytes) -> Damaged:
    cases: list[tuple[object, str]] = [
        (None, NO_FIT + "A model is expected as"),
        ([], "at least one layer"),
        (["Dense"], "'Dense'"),
        ([{"layer": "Conv4D"}], "There is no layer 'Conv4D', did you mean 'Conv2D'?"),
        ([{"layer": "Layer" * 10_000}], "There is no layer"),
        ([{"layer": "Dense", "unit": 3}], "did you mean 'units'"),
        ([{"layer": "Dense", "params": {}}], "no hyperparameter 'params'"),
        ([{"layer": "Dense"}], "Dense needs units"),
        ([{"layer": "Dense", "units": 0}], "units must be 1 or more"),
        ([{"layer": "Dense", "units": "3"}], "units must be a whole number"),
        ([{"layer": "Dense", "units": 3}], "Layer 0 (Dense)"),
        ([{"layer": "BatchNorm", "epsilon": 10**400}], NO_FIT),
        ([{"layer": "Dropout", "rate": float("nan")}], "rate must lie in"),
        ([{"layer": "Conv2D", "filters": 1, "kernel_size": 7}], "a window of 7×7 is larger than its input"),
    ]
    return [(rewritten(saved, {"layers": layers}), named) for layers, named in cases]


def newer_formats(saved: bytes) -> Damaged:
    versions = [0, 2, 10**9, "2", 1.5, [1]]
    return [
        (
            rewritten(saved, {"version": version}),
            f"has format {version}, expected 1: use the matching version",
        )
        for version in versions
    ]


def absurd_layers(saved: bytes) -> Damaged:
    """Return models that would take from 4 GB to more than any machine has, in arrays of a few numbers."""
    flat = {"layer": "Flatten"}
    cases: list[tuple[list[int], list[dict[str, Any]], str]] = [
        (
            [6, 6, 1],
            [flat, {"layer": "Dense", "units": 10**9}],
            "layer 1 (Dense) needs an array of 36000000000",
        ),
        ([6, 6, 1], [flat, {"layer": "Dense", "units": 10**4000}], NO_FIT),
        ([10**9], [{"layer": "BatchNorm"}, {"layer": "Dense", "units": 3}], "layer 0 (BatchNorm)"),
        (
            [10**9, 1, 1],
            [flat, {"layer": "Dense", "units": 3}],
            "layer 1 (Dense) needs an array of 3000000000",
        ),
        ([6, 6, 1], [conv(filters=10**9)], "layer 0 (Conv2D) needs an array of 9000000000"),
        ([6, 6, 10**9], [conv(filters=1)], "layer 0 (Conv2D) needs an array of 9000000000"),
        ([6, 6, 1], [conv(filters=1, kernel_size=10**5, padding=10**5)], "needs an array of 10000000000"),
        # The multiply-adds are a multiple of 2^64.
        ([2**17, 2**17, 1], [conv(filters=2**30, kernel_size=1)], "needs an array of 1073741824"),
        (
            [6, 6, 1],
            [conv(filters=1, padding=10**9), {"layer": "BatchNorm"}, flat, {"layer": "BatchNorm"}],
            "9",
        ),
    ]
    arrays = {f"{place}.{name}": BIAS for place in range(4) for name in ("weight", "bias", "scale")}
    members: dict[str, Array | None] = {"1.weight": None, "1.bias": None, **arrays}
    return [
        (rewritten(saved, {"input_shape": shape, "layers": layers}, members), named)
        for shape, layers, named in cases
    ]


def conv(**hyperparameters: object) -> dict[str, object]:
    return {"layer": "Conv2D", "kernel_size": 3, **hyperparameters}


DAMAGED: dict[str, Callable[[bytes], Damaged]] = {
    "model-of-another-kind": of_another_kind,
    "model-truncated": truncated,
    "model-with-a-pickle": pickles,
    "model-zip-bomb": zip_bombs,
    "model-false-claims": false_claims,
    "model-wrong-arrays": wrong_arrays,
    "model-wrong-numbers": wrong_numbers,
    "model-wrong-header": wrong_header,
    "model-unknown-layer": unknown_layers,
    "model-newer-format": newer_formats,
    "model-absurd-layers": absurd_layers,
}
