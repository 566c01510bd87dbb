"""How every stage starts and ends: the run's circumstances on record, and errors in one sentence."""

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from cnn.parallel import processors
from pipeline.errors import PipelineError
from pipeline.paths import LOGS


def run_stage(main: Callable[[], int | None], *, resumes: bool = False) -> NoReturn:
    """Run a stage's main function; a fault the user can mend becomes one line and exit status 1.

    Args:
        main: the function; it may return an exit status.
        resumes: whether it goes on from where it was stopped.
    """
    try:
        status = main()
    except (PipelineError, FloatingPointError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        hint = " `dvc repro` goes on from here." if resumes else ""
        print(f"\nstopped.{hint}", file=sys.stderr)
        status = 130
    sys.exit(status)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, creating its folder.

    Raises:
        OSError: if it cannot be written; a file that was there stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
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
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}.") as scratch:
        folder = Path(scratch) / destination.name
        folder.mkdir()
        yield folder
        if destination.exists():
            shutil.rmtree(destination)
        folder.rename(destination)


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
