"""Model files that are damaged, hostile or of another kind: each is refused with one sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from cnn import BatchNorm, Checkpoint, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Sequential
from cnn.types import Array
from tests.cnn.tiny import built, digests, every_layer, train
from tests.damage import assert_one_line, little_memory, mutated, npy
from tests.refusals import assert_refuses

NO_MODEL = "is not a cnn model file, or a damaged one: "
NO_FIT = "does not hold a model that fits together: "
BIAS, WEIGHT = np.zeros(3, np.float32), np.zeros((36, 3), np.float32)
Damaged = list[tuple[bytes, str]]
"""Contents of files, and what the message must name."""


def file_of(model: Sequential, folder: Path) -> bytes:
    model.save(folder / "saved.npz")
    return (folder / "saved.npz").read_bytes()


@pytest.fixture
def saved(tmp_path: Path) -> bytes:
    """Return the file of a small model: an array 1.weight of [36, 3] and an array 1.bias of [3]."""
    return file_of(built([Flatten(), Dense(3)]), tmp_path)


def npz(members: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **members)
    return file.getvalue()


def rewritten(
    content: bytes, header: Mapping[str, Any], arrays: Mapping[str, Array | None] | None = None
) -> bytes:
    """Return a model's file with other entries in the header and other arrays; None leaves one out."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        members = dict(file)
    entries = json.loads(str(members["header"])) | header
    kept = {name: value for name, value in entries.items() if value is not None}
    changed = {**members, "header": np.array(json.dumps(kept)), **(arrays or {})}
    return npz({name: array for name, array in changed.items() if array is not None})


# Kinds of damage --------------------------------------------------------------------------------------


def of_another_kind(saved: bytes) -> Damaged:
    contents = [b"", b"hello", b"\x89PNG\r\n\x1a\n" * 100, b"PK\x05\x06" + bytes(18)]
    contents += [npz({"weight": WEIGHT}), npy("<f4", (2,), bytes(8))]
    recipe = (rewritten(saved, {"kind": "recipe"}), "is a recipe file, expected a cnn model file")
    return [*((content, NO_MODEL) for content in contents), recipe]


def truncated(saved: bytes) -> Damaged:
    return [(saved[:length], NO_MODEL) for length in range(0, len(saved), 31)]


class Evil:
    """What a pickle would do if it were read."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (Path("evil"),)


def pickles(saved: bytes) -> Damaged:
    file = io.BytesIO()
    np.save(file, np.array([Evil()], dtype=object), allow_pickle=True)
    member = file.getvalue()
    pickled = member[len(npy("|O", (1,))) :]
    count = -(-len(pickled) // 8)  # pointers of 8 bytes, so that the size agrees with the header
    sizes_agree = npy("|O", (count,), pickled.ljust(8 * count, b"\0"))
    return [(appended(saved, each), NO_MODEL) for each in (member, sizes_agree, pickled)]


def appended(saved: bytes, member: bytes, claimed: int | None = None) -> bytes:
    """Return the file with one more member; the directory gives its size as claimed."""
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("2.bias.npy", member)
        archive.infolist()[-1].file_size = len(member) if claimed is None else claimed
    return file.getvalue()


def zip_bombs(saved: bytes) -> Damaged:
    deflated = io.BytesIO()
    np.savez_compressed(deflated, np.zeros((1_000_000, 3), np.float32))
    return [(deflated.getvalue(), "is compressed"), (overlapping(300, 50_000), "verlap")]


def overlapping(count: int, size: int) -> bytes:
    """Return an archive whose arrays each lie inside the one before: a small file with many arrays."""
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
    members = [(npy("<f4", (count,)), 4 * count) for count in (2**28, 2**40, 2**60, 2**61)]
    return [
        *((appended(saved, member), "claims") for member, _ in members),
        *((appended(saved, member, len(member) + size), NO_MODEL) for member, size in members),
        (appended(saved, npy("<f4", (0, 2**70))), NO_MODEL),
        (appended(saved, npy("<f4", (-2, -2), bytes(16))), NO_MODEL),
    ]


def wrong_arrays(saved: bytes) -> Damaged:
    weight = NO_FIT + "layer 1 (Dense) needs an array 1.weight of the shape [36, 3], the file has "
    cases: list[tuple[dict[str, Array | None], str]] = [
        ({"1.bias": None}, "layer 1 (Dense) needs an array 1.bias of the shape [3], the file has none."),
        ({"1.weight": None}, weight + "none."),
        ({"1.extra": BIAS}, "no array named '1.extra'"),
        ({"2.bias": BIAS}, "no array named '2.bias'"),
        ({"bias": BIAS}, "no array named 'bias'"),
        ({"1.weight": WEIGHT.T.copy()}, weight + "[3, 36]."),
        ({"1.weight": WEIGHT.ravel()}, weight + "[108]."),
        ({"1.weight": WEIGHT[:35]}, weight + "[35, 3]."),
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


def wrong_header(saved: bytes) -> Damaged:
    texts: list[Any] = [None, np.zeros(3), *map(np.array, ("{", "3", "null", '"kind"', "[" * 100_000))]
    shapes: list[Any] = [36, "661", ["6", 6, 1], [0, 6, 1], [-6, 6, 1], [6.5, 6, 1], [], [[6, 6, 1]], {}]
    return [
        *((rewritten(saved, {}, {"header": text}), NO_MODEL) for text in texts),
        *((rewritten(saved, {name: None}), NO_MODEL) for name in ("kind", "version")),
        (rewritten(saved, {"kind": "x\n" * 1000}), "is a x x x"),
        (rewritten(saved, {"input_shape": None}), NO_FIT + "'input_shape'"),
        *((rewritten(saved, {"input_shape": shape}), NO_FIT) for shape in shapes),
        (rewritten(saved, {"input_shape": [6, 5, 1]}), "of the shape [30, 3], the file has [36, 3]."),
    ]


def unknown_layers(saved: bytes) -> Damaged:
    cases: list[tuple[object, str]] = [
        (None, NO_FIT + "A model is expected as"),
        ([], "at least one layer"),
        (["Dense"], "'Dense'"),
        ([{"layer": "Conv4D"}], "There is no layer 'Conv4D', did you mean 'Conv2D'?"),
        ([{"layer": "Layer" * 10_000}], "There is no layer"),
        ([{"layer": "Dense", "params": {}}], "no hyperparameter 'params'"),
        ([{"layer": "Dense"}], "Dense needs units"),
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
        (rewritten(saved, {"version": version}), f"has format {version}, expected 1: use the matching")
        for version in versions
    ]


def absurd_layers(saved: bytes) -> Damaged:
    """Return models that would take from 4 GB to more than any machine has, in arrays of a few numbers."""
    flat, dense = {"layer": "Flatten"}, {"layer": "Dense", "units": 3}

    def conv(**hyperparameters: object) -> dict[str, object]:
        return {"layer": "Conv2D", "filters": 1, "kernel_size": 3, **hyperparameters}

    cases: list[tuple[list[int], list[dict[str, Any]], str]] = [
        ([6, 6, 1], [flat, dense | {"units": 10**9}], "1.weight of the shape [36, 1000000000]"),
        ([6, 6, 1], [flat, dense | {"units": 10**4000}], NO_FIT),
        ([10**9], [{"layer": "BatchNorm"}, dense], "layer 0 (BatchNorm) needs an array 0.scale"),
        ([10**9, 1, 1], [flat, dense], "1.weight of the shape [1000000000, 3]"),
        ([6, 6, 1], [conv(filters=10**9)], "0.weight of the shape [3, 3, 1, 1000000000]"),
        ([6, 6, 10**9], [conv()], "0.weight of the shape [3, 3, 1000000000, 1]"),
        ([6, 6, 1], [conv(kernel_size=10**5, padding=10**5)], "0.weight of the shape [100000, 100000, 1, 1]"),
        (
            [6, 6, 1],
            [conv(padding=10**9), flat, {"layer": "BatchNorm"}],
            "layer 2 (BatchNorm) needs an array",
        ),
    ]
    few = {f"{index}.{name}": BIAS for index in (1, 2) for name in ("weight", "bias", "scale")}
    one: dict[str, Array | None] = {"0.weight": np.zeros((3, 3, 1, 1)), "0.bias": np.zeros(1), **few}
    return [
        (rewritten(saved, {"input_shape": shape, "layers": layers}, one), named)
        for shape, layers, named in cases
    ]


KINDS = (
    of_another_kind, truncated, pickles, zip_bombs, false_claims, wrong_arrays, wrong_numbers, wrong_header,
    unknown_layers, newer_formats, absurd_layers,
)  # fmt: skip


def assert_damaged(path: Path, *named: str) -> None:
    """Loading the file is refused with one short line that names it, and takes little memory."""
    with little_memory(1_000_000 + 10 * path.stat().st_size):
        assert_refuses(lambda: Sequential.load(path), ValueError, str(path), *named)
    with pytest.raises(ValueError, match=r"\A.{1,600}[^.]\.\Z"):
        Sequential.load(path)


@pytest.mark.parametrize("damage", KINDS, ids=lambda damage: damage.__name__)
def test_a_damaged_model_is_refused_before_it_takes_memory(
    damage: Callable[[bytes], Damaged], saved: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for content, named in damage(saved):
        Path("model.npz").write_bytes(content)
        assert_damaged(Path("model.npz"), named)
    assert not Path("evil").exists()


def test_a_changed_byte_is_refused_or_changes_nothing(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(saved)
    expected = digests(Sequential.load(path).params)
    directory = saved.index(b"PK\1\2")
    changes = [(offset, 0x01) for offset in range(0, directory, 17)]
    changes += [(offset, (0x01, 0x20, 0x40)[offset % 3]) for offset in range(directory, len(saved))]
    refused = 0
    for offset, change in changes:
        damaged = bytearray(saved)
        damaged[offset] ^= change
        path.write_bytes(damaged)
        try:
            found = digests(Sequential.load(path).params)
        except ValueError as error:
            found, refused = expected, refused + (str(path) in str(error))
        assert found == expected, f"byte {offset} ^ {change}"
    assert refused > len(changes) / 2


def test_every_array_of_every_layer_is_compared_with_the_file(tmp_path: Path) -> None:
    model = built(every_layer())
    content, path = file_of(model, tmp_path), tmp_path / "other.npz"
    for name, array in (model.params | model.state).items():
        less, shape = array[..., :-1], list(array.shape)
        path.write_bytes(rewritten(content, {}, {name: less}))
        assert_damaged(path, f" needs an array {name} of the shape {shape}, the file has {list(less.shape)}.")


def test_a_checkpoint_is_not_a_model_and_a_model_not_a_checkpoint(tmp_path: Path) -> None:
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


# Random damage ----------------------------------------------------------------------------------------

ODD_TOKENS = (
    "0", "1", "-1", "2", "3.5", "1e9", "1e400", "NaN", "true", "null", '""', '"same"', "[]", "[1, 2]", "{}",
    "1000000000", "9" * 30, "9" * 5000, "[[0, 1], [2, 1000000000]]",
)  # fmt: skip


@cache
def sound_members() -> dict[str, bytes]:
    model = built([Conv2D(3, 3), BatchNorm(), ReLU(), MaxPool2D(2), Dropout(0.25), Flatten(), Dense(4)])
    file = io.BytesIO(npz(model.params | model.state))
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    text = json.dumps({"kind": "cnn model", "version": 1, "input_shape": [6, 6, 1], **model.to_config()})
    np.save(header, np.array(text))
    return members | {"header.npy": header.getvalue()}


def mutant(random: Random, *, sound_archive: bool) -> bytes:
    """Return a model's file with random damage; the archive's directory and checksums may stay sound."""
    members = dict(sound_members())
    if sound_archive:
        name = random.choice(["header.npy", *members])
        if name == "header.npy" and random.random() < 0.8:
            text, file = str(np.load(io.BytesIO(members[name]))), io.BytesIO()
            np.save(file, np.array(mutated_json(text, random)))
            members[name] = file.getvalue()
        elif random.random() < 0.6:
            changed = bytearray(members[name])
            changed[random.randrange(changed.index(b"\n") + 1, len(changed))] = random.randrange(256)
            members[name] = bytes(changed)
        else:
            members[name] = mutated(members[name], random)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return file.getvalue() if sound_archive else mutated(file.getvalue(), random)


def mutated_json(text: str, random: Random) -> str:
    """Replace a value, leave out an entry, or damage a character."""
    data = json.loads(text)
    holder: Any = data if random.random() < 0.4 else random.choice(data["layers"])
    key = random.choice(list(holder))
    if random.random() < 0.15:
        del holder[key]
    else:
        value = holder[key]
        if isinstance(value, list) and random.random() < 0.6:
            holder, key = value, random.randrange(len(value))
        holder[key] = "ODD"
    changed = json.dumps(data).replace('"ODD"', random.choice(ODD_TOKENS))
    if random.random() < 0.15:
        at = random.randrange(len(changed))
        changed = changed[:at] + random.choice('{}[]",:0e-x\\\0\n') + changed[at + random.randint(0, 2) :]
    return changed


def assert_read_as_numpy_reads(model: Sequential, path: Path) -> None:
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    header = json.loads(str(found.pop("header")))
    np.testing.assert_equal(digests(model.params | model.state), digests(found))
    assert list(model.built_for()) == header["input_shape"]
    for layer, entry in zip(model.layers, header["layers"], strict=True):
        assert same_settings(entry, layer.to_config()), layer


def same_settings(entry: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Tell whether the settings are the same: a number may be a pair, and null is pooling's own stride."""
    given = {name: config["pool_size"] if value is None else value for name, value in entry.items()}
    return all(
        config[name] == float(value)
        if isinstance(config[name], float)
        else config[name] in (value, [value] * 2)
        for name, value in given.items()
    )


def test_a_mutant_is_refused_or_read_as_numpy_reads_it(tmp_path: Path) -> None:
    path, read = tmp_path / "mutant.npz", 0
    for number in range(240):
        path.write_bytes(mutant(Random(number), sound_archive=number % 2 == 0))
        with little_memory():
            try:
                model = Sequential.load(path)
            except ValueError as error:
                assert_one_line(error, path)
                continue
        assert_read_as_numpy_reads(model, path)
        read += 1
    assert 24 < read < 216, "both must occur"
