"""Files: arrays under flat names beside a header in JSON, in the `.npz` format, without pickle."""

from __future__ import annotations

import io
import json
import os
import zipfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn.checks import check_shape
from cnn.layers import BatchNorm, Conv2D, Dense
from cnn.types import Array, Shape

if TYPE_CHECKING:
    from cnn.sequential import Sequential

HEADER = "header"
FORMAT_VERSION = 1


def save_model(model: Sequential, path: Path) -> None:
    """Write a model, or leave the file that was there as it was.

    Raises:
        RuntimeError: if the model has not been built.
        OSError: if the file cannot be written.
    """
    header = {"input_shape": list(model.built_for()), **model.to_config()}
    write_arrays(path, "cnn model", header, model.params | model.state)


def load_model(kind: type[Sequential], path: Path) -> Sequential:
    """Read a model that `save_model` wrote.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a model, or a damaged one.
    """
    header, arrays = read_arrays(path, "cnn model")
    try:
        model = kind.from_config(header)
        _build(model, check_shape(header["input_shape"]), arrays)
    except Exception as error:  # whatever a header that anyone may have written leads to
        raise ValueError(f"{path} does not hold a model that fits together: {_reason(error)}") from error
    return model


def _build(model: Sequential, input_shape: Shape, arrays: dict[str, Array]) -> None:
    """Build a model whose arrays are these."""
    _refuse_absurd_layers(model, input_shape, arrays)
    model.build(input_shape, np.random.default_rng(0))
    missing = (model.params | model.state).keys() - arrays.keys()
    if missing:
        raise ValueError(f"there is no array named {min(missing)!r}.")
    model.assign(arrays)


def _refuse_absurd_layers(model: Sequential, input_shape: Shape, arrays: dict[str, Array]) -> None:
    """Refuse layers that are larger than the arrays of the file, before memory is taken for them."""
    model.output_shape(input_shape)  # names the layer that does not fit
    shape = input_shape
    for place, layer in enumerate(model.layers):
        before, shape = shape, layer.output_shape(shape)
        match layer:
            case Dense():
                largest = before[-1] * layer.units
            case Conv2D():
                largest = prod(layer.window(before)[0]) * before[-1] * layer.filters
            case BatchNorm():
                largest = before[-1]
            case _:
                continue
        held = max((array.size for name, array in arrays.items() if name.startswith(f"{place}.")), default=0)
        if held < largest:
            raise ValueError(
                f"layer {place} ({layer.name}) needs an array of {largest} numbers, "
                f"the largest that the file holds for it has {held}."
            )


def write_arrays(path: Path, kind: str, header: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Write arrays and a header; the file appears whole or not at all.

    Args:
        path: where to.
        kind: what the file is, such as `"cnn model"`; read_arrays asks for the same.
        header: plain data.
        arrays: float arrays under flat names.

    Raises:
        OSError: if the file cannot be written; one that was there stays as it was.
    """
    text = json.dumps({"kind": kind, "version": FORMAT_VERSION, **header})
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **{HEADER: np.array(text)}, **arrays)
        part.replace(path)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read what `write_arrays` wrote.

    Args:
        path: where from.
        kind: what the file has to be.

    Returns:
        The header and the arrays.

    Raises:
        OSError: if the file cannot be read; FileNotFoundError if there is none.
        ValueError: if it is something else, or damaged.
    """
    content = path.read_bytes()
    try:
        _refuse_false_sizes(content)
        with np.load(io.BytesIO(content), allow_pickle=False) as members:
            arrays = {name: members[name] for name in members.files}
        header = json.loads(str(arrays.pop(HEADER)))
        found, version = header["kind"], header["version"]
    except Exception as error:  # a decoder that is given nonsense raises whatever it stumbles over
        raise ValueError(f"{path} is no {kind} file, or a damaged one: {_reason(error)}") from error
    if found != kind:
        raise ValueError(f"{path} is a {_brief(found)} file, expected a {kind} file.")
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format {_brief(version)}, expected {FORMAT_VERSION}: "
            "use the matching version of cnn."
        )
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float64) or not np.isfinite(array).all():
            raise ValueError(
                f"{path} holds {name!r:.60} of {array.dtype}, expected finite float32 or float64 numbers."
            )
    return header, arrays


def _brief(found: object) -> str:
    """Return what is said of a file, or stands in it, as one line that no file can make endless."""
    return " ".join(str(found).split())[:300]


def _reason(error: Exception) -> str:
    """Return what an error says as the end of a sentence."""
    said = _brief(error) if str(error) else type(error).__name__
    return f"{said.rstrip('.')}."


def _refuse_false_sizes(content: bytes) -> None:
    """Refuse archives whose arrays claim more bytes than the file holds, before memory is taken for them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
                raise ValueError(f"its member {member.filename!r} is compressed.")
            with archive.open(member) as array_file:
                version = np.lib.format.read_magic(array_file)
                read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
                shape, _, dtype = read_header[version[0]](array_file)
                claimed = array_file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object))
                if claimed != member.file_size:
                    raise ValueError(
                        f"its member {member.filename!r} claims {claimed} of {member.file_size} bytes."
                    )
        if sum(member.file_size for member in archive.infolist()) > len(content):
            raise ValueError("its members overlap.")
