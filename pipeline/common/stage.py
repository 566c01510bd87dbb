"""How every stage starts and ends: the run's circumstances on record, and errors in one sentence."""

import errno
import io
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

from cnn.parallel import processors
from pipeline.common.errors import PipelineError
from pipeline.common.paths import LOGS, OUTPUTS, PARAMETERS, RUNNING

_REMEDIES = {
    "make room there": ("ENOSPC", "EDQUOT", "EFBIG", "EIO"),
    "give the permission": ("EROFS", "EACCES", "EPERM"),
    "move away what is in its place": ("EISDIR", "ENOTDIR", "EEXIST", "ELOOP"),
}
_REMEDY = {getattr(errno, name): remedy for remedy, names in _REMEDIES.items() for name in names}


def run_stage(main: Callable[[], int | None], *, stage: str | None = None) -> NoReturn:
    """Run a program's main function; a fault the user can mend becomes one line and exit status 1.

    Args:
        main: the function; it may return an exit status.
        stage: the stage of `dvc.yaml` that the program is, of which only one at a time runs in a folder.
    """
    if isinstance(sys.__stdout__, io.TextIOWrapper):  # which colorama, that DVCLive loads, has in its wrapper
        sys.__stdout__.reconfigure(errors="replace")  # a terminal that lacks a sign shows a question mark
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # raises KeyboardInterrupt
    try:
        with _alone(stage) if stage else nullcontext():
            status = main()
    except (PipelineError, FloatingPointError, MemoryError, OSError) as error:
        remedy = _REMEDY.get(error.errno or 0) if isinstance(error, OSError) else None
        hint = f"; {remedy}, then run it again." if remedy else ""
        print(f"error: {str(error) or type(error).__name__}{hint}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print(f"\nstopped.{' `dvc repro` goes on from here.' if stage else ''}", file=sys.stderr)
        status = 130
    sys.exit(status)


@contextmanager
def _alone(stage: str) -> Iterator[None]:
    """Refuse to run beside another stage; remove the parts of files that killed stages have left.

    The other one may have outlived its `dvc repro`. The system takes the lock from a process that ends,
    however it ends.
    """
    from zc import lockfile

    if not PARAMETERS.exists():  # not the repository's root, as main is about to say
        yield
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        lock = lockfile.LockFile(str(RUNNING), content_template=f"{{pid}} {stage}")
    except lockfile.LockError as error:
        process, other = (RUNNING.read_text(encoding="utf-8").split() or ["?", "another stage"])[:2]
        raise PipelineError(
            f"{stage} cannot run while {other} (process {process}) runs in this folder: wait until that has "
            f"ended or end it by `kill {process}`, then run `dvc repro` again."
        ) from error
    try:
        for output in OUTPUTS:
            for part in output.parent.glob(_part(output.name, "*")):
                shutil.rmtree(part) if part.is_dir() else part.unlink()
        yield
    finally:
        lock.close()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, creating its folder.

    Raises:
        OSError: if it cannot be written; a file that was there stays as it was.
    """
    part = path.with_name(_part(path.name, str(os.getpid())))
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """Give an empty folder that takes the destination's place at the end of the block, if all goes well.

    Raises:
        OSError: if it cannot be written; a folder that was there stays as it was.
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
    """Let errors name a file or folder that is written, where they name its part file or nothing at all.

    Raises:
        OSError: the block's.
    """
    try:
        yield
    except OSError as error:
        named = str(error.filename or "")
        if named and ".part" not in named:
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def _part(name: str, which: str) -> str:
    """Return what a file or folder is called until it is whole."""
    return f".{name}.{which}.part"


def write_json(path: Path, data: Any) -> None:
    """Write plain data as JSON, whole or not at all."""
    write_bytes(path, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def log_circumstances(stage: str, **facts: Any) -> None:
    """Write what differs from machine to machine and from run to run to `logs/<stage>.json`.

    Args:
        stage: the stage's name.
        facts: what else to record, such as times.
    """
    write_json(LOGS / f"{stage}.json", machine() | facts)


def machine() -> dict[str, Any]:
    """Return what is known of this machine: versions, system, processor and how many may be used."""
    from importlib.metadata import version

    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "system": platform.platform(),
        "processor": _processor(),
        "processors": processors(),
    }


def _processor() -> str:
    import archspec.cpu

    return str(archspec.cpu.brand_string() or archspec.cpu.host().name)
