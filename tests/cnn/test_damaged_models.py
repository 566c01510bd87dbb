"""Model files that are damaged, hostile or of another kind: each is refused with one sentence."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from cnn import BatchNorm, Checkpoint, Conv2D, Dense, Flatten, MaxPool2D, Sequential
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
    contents = [b"", b"hello", b"PK\x05\x06" + bytes(18)]
    contents += [npz({"weight": WEIGHT}), npy("<f4", (2,), bytes(8))]
    recipe = (rewritten(saved, {"kind": "recipe"}), "is a recipe file, expected a cnn model file")
    return [*((content, NO_MODEL) for content in contents), recipe]


def truncated(saved: bytes) -> Damaged:
    return [(saved[:length], NO_MODEL) for length in range(0, len(saved), 101)]


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
    return [(deflated.getvalue(), "is compressed"), (overlapping(saved), "verlap")]


def overlapping(saved: bytes) -> bytes:
    """Return the file with a directory that names one large member eleven times."""
    file = io.BytesIO(saved)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("large.npy", npy("|u1", (50_000,), bytes(50_000)))
        archive.filelist += 10 * [archive.filelist[-1]]
    return file.getvalue()


def false_claims(saved: bytes) -> Damaged:
    members = [(npy("<f4", (count,)), 4 * count) for count in (2**28, 2**61)]
    return [
        *((appended(saved, member), "claims") for member, _ in members),
        *((appended(saved, member, len(member) + size), NO_MODEL) for member, size in members),
        (appended(saved, npy("<f4", (0, 2**70))), NO_MODEL),
        (appended(saved, npy("<f4", (-2, -2), bytes(16))), NO_MODEL),
    ]


def wrong_arrays(saved: bytes) -> Damaged:
    weight = NO_FIT + "layer 1 (Dense) needs an array 1.weight of the shape [36, 3], the file has "
    cases: list[tuple[dict[str, Array | None], str]] = [
        ({"1.weight": None}, weight + "none."),
        ({"1.extra": BIAS}, "no array named '1.extra'"),
        ({"bias": BIAS}, "no array named 'bias'"),
        ({"1.weight": WEIGHT.T.copy()}, weight + "[3, 36]."),
        ({"1.weight": WEIGHT.ravel()}, weight + "[108]."),
    ]
    return [(rewritten(saved, {}, arrays), named) for arrays, named in cases]


def wrong_numbers(saved: bytes) -> Damaged:
    arrays: dict[str, tuple[str, Any]] = {
        "'1.weight' of float32, expected finite": ("1.weight", np.full_like(WEIGHT, np.nan)),
        "'1.bias' of float32, expected finite": ("1.bias", np.full(3, np.inf, np.float32)),
        "int64": ("1.bias", np.zeros(3, int)),
        ">f4": ("1.bias", np.zeros(3, ">f4")),
        "<U1": ("1.bias", np.array(["1", "2", "3"])),
    }
    return [(rewritten(saved, {}, {name: array}), named) for named, (name, array) in arrays.items()]


def wrong_header(saved: bytes) -> Damaged:
    texts: list[Any] = [None, np.zeros(3), *map(np.array, ("{", "null", "[" * 100_000))]
    shapes: list[Any] = [36, "661", [0, 6, 1], [6.5, 6, 1], []]
    return [
        *((rewritten(saved, {}, {"header": text}), NO_MODEL) for text in texts),
        *((rewritten(saved, {name: None}), NO_MODEL) for name in ("kind", "version")),
        (rewritten(saved, {"kind": "x\n" * 1000}), "is a x x x"),
        (rewritten(saved, {"input_shape": None}), NO_FIT + "'input_shape'"),
        *((rewritten(saved, {"input_shape": shape}), NO_FIT) for shape in shapes),
        *(
            (rewritten(saved, {"custom": names}), "should be a list of names")
            for names in (5, [["x"]], ["x\n"])
        ),
        (
            rewritten(saved, {"custom": ["Swish"] * 10_000}),
            "load it by Sequential.load('model.npz', custom=[Swish",
        ),
        *((rewritten(saved, {"loss": loss}), NO_FIT) for loss in (5, {}, {"loss": "Dense"})),
        (rewritten(saved, {"input_shape": [6, 5, 1]}), "of the shape [30, 3], the file has [36, 3]."),
    ]


def unknown_layers(saved: bytes) -> Damaged:
    cases: list[tuple[object, str]] = [
        (None, NO_FIT + "A model is expected as"),
        ([{"layer": "Conv4D"}], "There is no layer 'Conv4D': did you mean 'Conv2D'?"),
        ([{"layer": "Layer" * 10_000}], "There is no layer"),
        ([{"layer": "Dense", "params": {}}], "no hyperparameter 'params'"),
        ([{"layer": "Dense", "units": 3}], "Layer 0 (Dense)"),
        ([{"layer": "BatchNorm", "epsilon": 10**400}], NO_FIT),
    ]
    return [(rewritten(saved, {"layers": layers}), named) for layers, named in cases]


def newer_formats(saved: bytes) -> Damaged:
    return [
        (rewritten(saved, {"version": version}), f"has format {version}, expected 1: use the matching")
        for version in (2, "2")
    ]


def absurd_layers(saved: bytes) -> Damaged:
    """Return models that would take from 4 GB to more than any machine has, in arrays of a few numbers."""
    flat, dense = {"layer": "Flatten"}, {"layer": "Dense", "units": 3}
    conv = {"layer": "Conv2D", "filters": 1, "kernel_size": 3}
    cases: list[tuple[list[int], list[dict[str, Any]], str]] = [
        ([6, 6, 1], [flat, dense | {"units": 10**9}], "1.weight of the shape [36, 1000000000]"),
        ([6, 6, 1], [flat, dense | {"units": 10**4000}], NO_FIT),
        ([10**9], [{"layer": "BatchNorm"}, dense], "layer 0 (BatchNorm) needs an array 0.scale"),
        ([6, 6, 1], [conv | {"filters": 10**9}], "0.weight of the shape [3, 3, 1, 1000000000]"),
        ([6, 6, 10**9], [conv], "0.weight of the shape [3, 3, 1000000000, 1]"),
    ]
    return [
        (rewritten(saved, {"input_shape": shape, "layers": layers}), named) for shape, layers, named in cases
    ]


KINDS = (
    of_another_kind, truncated, pickles, zip_bombs, false_claims, wrong_arrays, wrong_numbers, wrong_header,
    unknown_layers, newer_formats, absurd_layers,
)  # fmt: skip


def assert_damaged(path: Path, *named: str) -> None:
    """Loading the file is refused with one short line that names it, and takes little memory."""
    with (
        little_memory(1_000_000 + 10 * path.stat().st_size),
        pytest.raises(ValueError, match=r"\.") as caught,
    ):
        Sequential.load(path)
    assert_one_line(caught.value, path)
    for part in named:
        assert part in str(caught.value)


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
    changes = [(offset, 0x01) for offset in range(0, directory, 37)]
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

ODD_VALUES: tuple[Any, ...] = (0, -1, 3.5, 10**30, True, None, "", "same", [], [1, 2], [[0, 1], [2, 10**9]])


def mutant(saved: bytes, random: Random) -> bytes:
    """Return the file with random damage: to all of it, to an array, or to a value in the header."""
    match random.randrange(3):
        case 0:
            return mutated(saved, random)
        case 1:
            with zipfile.ZipFile(io.BytesIO(saved)) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            name = random.choice(list(members))
            members[name] = mutated(members[name], random, first=members[name].index(b"\n"))
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                for each, member in members.items():
                    archive.writestr(each, member)
            return file.getvalue()
        case _:
            header = json.loads(str(np.load(io.BytesIO(saved), allow_pickle=False)["header"]))
            entry = random.choice([header, *header["layers"]])
            entry[random.choice(list(entry))] = random.choice(ODD_VALUES)
            return rewritten(saved, header)


def test_a_mutant_is_refused_or_read_as_numpy_reads_it(tmp_path: Path) -> None:
    saved = file_of(built([Conv2D(3, 3), BatchNorm(), MaxPool2D(2), Flatten(), Dense(4)]), tmp_path)
    path, read = tmp_path / "mutant.npz", 0
    for number in range(80):
        path.write_bytes(mutant(saved, Random(number)))
        with little_memory():
            try:
                model = Sequential.load(path)
            except ValueError as error:
                assert_one_line(error, path)
                continue
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != "header"}
        assert digests(model.params | model.state) == digests(arrays)
        read += 1
    assert 0 < read < 80, "both must occur"
