"""Files: arrays under flat names and a header in JSON, in the `.npz` format, without pickle."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cnn.checks import FLOATS
from cnn.types import Array

Method = TypeVar("Method")

HEADER = "header"
FORMAT_VERSION = 1


class _OfClass(classmethod):  # type: ignore[type-arg]
    """A class method that an object refuses, and does not pass on to its class."""

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return super().__get__(None, owner)

        def load(*_: object, **__: object) -> None:
            kind = type(instance)
            what = getattr(kind, "family", "model")
            raise TypeError(f"load returns a new {what}: write {what} = {kind.__name__}.load(path).")

        return load


def of_class(method: Method) -> Method:
    """Refuse a class method on an object, where people expect it to change the object."""
    return _OfClass(method.__func__)  # type: ignore[attr-defined, return-value]


def write_arrays(path: Path, kind: str, header: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Write arrays and a header; the file appears whole or not at all.

    A file that was there is replaced and keeps its mode. If the path is a symbolic link, its target is
    replaced, and the link stays.

    Args:
        path: where to.
        kind: what the file is, such as `"cnn model"`; `read_arrays` must get the same.
        header: plain data.
        arrays: float arrays under flat names.

    Raises:
        OSError: if the file cannot be written; an existing file stays as it was.
        ValueError: if `read_arrays` would refuse an array.
    """
    _check_arrays(path, arrays)
    text = json.dumps({"kind": kind, "version": FORMAT_VERSION, **header})
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            if target.exists():
                part.chmod(stat.S_IMODE(target.stat().st_mode))
            np.savez(file, allow_pickle=False, **{HEADER: np.array(text)}, **arrays)
        part.replace(target)
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
    except Exception as error:  # damaged content can raise any error in a decoder
        raise ValueError(f"{path} is not a {kind} file, or a damaged one: {reason(error)}") from error
    if found != kind:
        advice = ""
        if found == "cnn checkpoint" and kind == "cnn model":
            advice = ": a fit with Checkpoint goes on from it, and model.save(path) then writes the model"
        raise ValueError(f"{path} is a {_brief(found)} file, expected a {kind} file{advice}.")
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format {_brief(version)}, expected {FORMAT_VERSION}: "
            "use the matching version of cnn."
        )
    _check_arrays(path, arrays)
    return header, arrays


def _check_arrays(path: Path, arrays: dict[str, Array]) -> None:
    for name, array in arrays.items():
        if getattr(array, "dtype", None) not in FLOATS or not np.isfinite(array).all():
            kind = getattr(array, "dtype", type(array).__name__)
            raise ValueError(
                f"{path} holds {name!r:.60} of {kind}, expected finite float32 or float64 numbers."
            )


def _brief(found: object) -> str:
    """Return a text that may come from a file as one line of limited length."""
    return " ".join(str(found).split())[:300]


def reason(error: Exception) -> str:
    """Return an error's message as the end of a sentence."""
    said = _brief(error) if str(error) else type(error).__name__
    return f"{said.rstrip('.')}."


def _refuse_false_sizes(content: bytes) -> None:
    """Refuse archives whose arrays claim more bytes than the file has, before memory is taken for them."""
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
