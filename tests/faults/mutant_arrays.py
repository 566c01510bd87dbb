"""Mutants of IDX files and of models."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from cnn import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Sequential
from pipeline.common.errors import PipelineError
from pipeline.common.idx import read_idx
from tests.faults.mutation import mutated, refusal

Numbers = np.ndarray[Any, np.dtype[np.uint8]]

ODD_TOKENS = (
    "0", "1", "-1", "2", "3.5", "1e9", "1e400", "NaN", "true", "null", '""', '"same"', "[]", "[1, 2]", "{}",
    "1000000000", "9" * 30, "9" * 5000, "[[0, 1], [2, 1000000000]]",
)  # fmt: skip


def idx_mutant(random: Random, keeps_header: bool) -> bytes:
    shape = random.choice(((40,), (3, 5, 4), (2, 3, 2, 2)))
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    content = header + random.randbytes(int(np.prod(shape)))
    return mutated(content, random, len(header) if keeps_header else 0)


def reads_idx(path: Path) -> bool:
    expected = plainly_read_idx(path.read_bytes())
    try:
        array = read_idx(path)
    except PipelineError as error:
        refusal(error, path)
        assert expected is None, "a whole IDX file was refused"
        return False
    assert expected is not None, "a damaged IDX file was read"
    np.testing.assert_array_equal(array, expected)
    return True


def plainly_read_idx(content: bytes) -> Numbers | None:
    """Return what an IDX file of bytes holds, or None if it is none."""
    if len(content) < 4 or content[:3] != b"\0\0\x08" or not 1 <= content[3] <= 4:
        return None
    try:
        shape = struct.unpack_from(f">{content[3]}I", content, 4)
        array = np.array(list(content[4 + 4 * content[3] :]), np.uint8).reshape(shape)
    except (struct.error, ValueError):
        return None
    return array if array.size else None


@cache
def model_file() -> bytes:
    layers = [Conv2D(3, 3), BatchNorm(), ReLU(), MaxPool2D(2), Dropout(0.25), Flatten(), Dense(4)]
    model = Sequential(layers)
    model.build((6, 6, 1), np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.npz")
        return (Path(folder) / "model.npz").read_bytes()


def model_mutant(random: Random, keeps_header: bool) -> bytes:
    content = model_file()
    if not keeps_header:
        return mutated(content, random)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice(["header.npy", *members])
    if name == "header.npy" and random.random() < 0.8:
        text = str(np.load(io.BytesIO(members[name])))
        file = io.BytesIO()
        np.save(file, np.array(mutated_json(text, random)))
        members[name] = file.getvalue()
    elif random.random() < 0.6:
        changed = bytearray(members[name])
        place = random.randrange(changed.index(b"\n") + 1, len(changed))
        changed[place] = random.randrange(256)
        members[name] = bytes(changed)
    else:
        members[name] = mutated(members[name], random)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, member in members.items():
            archive.writestr(each, member)
    return file.getvalue()


def mutated_json(text: str, random: Random) -> str:
    """Put something else in place of a value, leave out an entry, or spoil a character."""
    data = json.loads(text)
    holder: Any = data if random.random() < 0.4 else random.choice(data["layers"])
    place = random.choice(list(holder))
    if random.random() < 0.15:
        del holder[place]
    else:
        value = holder[place]
        if isinstance(value, list) and random.random() < 0.6:
            holder, place = value, random.randrange(len(value))
        holder[place] = "ODD"
    changed = json.dumps(data).replace('"ODD"', random.choice(ODD_TOKENS))
    if random.random() < 0.15:
        at = random.randrange(len(changed))
        changed = changed[:at] + random.choice('{}[]",:0e-x\\\0\n') + changed[at + random.randint(0, 2) :]
    return changed


def reads_model(path: Path) -> bool:
    try:
        model = Sequential.load(path)
    except ValueError as error:
        refusal(error, path)
        return False
    with zipfile.ZipFile(path) as archive:
        found = {
            name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
            for name in archive.namelist()
        }
    header = json.loads(str(found.pop("header")))
    arrays = model.params | model.state
    assert arrays.keys() == found.keys()
    for name, array in arrays.items():
        assert array.dtype == found[name].dtype
        np.testing.assert_array_equal(array, found[name])
    assert list(model.built_for()) == header["input_shape"]
    for layer, entry in zip(model.layers, header["layers"], strict=True):
        assert same_settings(entry, layer.to_config()), layer
    return True


def same_settings(entry: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Tell whether the settings are the same: a number may be a pair, and null pooling's own stride."""
    given = {name: config["pool_size"] if value is None else value for name, value in entry.items()}
    return all(
        config[name] == float(value)
        if isinstance(config[name], float)
        else config[name] in (value, [value] * 2)
        for name, value in given.items()
    )
