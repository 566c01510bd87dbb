"""Files and folders that are written whole or not at all.

What is being written has the name of a part file, `.<name>.<…>.part`, until it is complete.
"""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its folder is created if need be.

    Raises:
        OSError: if the file cannot be written; the former file stays as it was.
    """
    part = path.with_name(_part(path.name, str(os.getpid())))
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write plain data as JSON, whole or not at all."""
    write_bytes(path, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """Give an empty folder, which replaces the destination when the block ends without an error.

    Raises:
        OSError: if the folder cannot be written; the former folder stays as it was.
    """
    prefix, suffix = _part(destination.name, "*").split("*")
    with naming(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(suffix, prefix, destination.parent) as scratch:
            folder = Path(scratch) / destination.name
            folder.mkdir()
            yield folder
            if destination.exists():
                destination.rename(Path(scratch) / "former")
            folder.rename(destination)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """If an error names a part file or no file, let it name this path instead.

    Raises:
        OSError: the block's own error.
    """
    try:
        yield
    except OSError as error:
        named = str(error.filename or "")
        if named and ".part" not in named:
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def remove_parts(outputs: Iterable[Path]) -> None:
    """Remove the part files and folders that a killed stage has left beside these outputs."""
    for output in outputs:
        for part in output.parent.glob(_part(output.name, "*")):
            shutil.rmtree(part) if part.is_dir() else part.unlink()


def files_digest(files: Iterable[Path]) -> str:
    """Return a short digest of the files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _part(name: str, which: str) -> str:
    return f".{name}.{which}.part"
