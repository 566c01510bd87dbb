"""How every program of the pipeline runs: errors in one sentence, and one stage at a time in a folder."""

import errno
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

from pipeline.common.errors import PipelineError
from pipeline.common.files import remove_parts
from pipeline.common.paths import LOGS, OUTPUTS, PARAMETERS, RUNNING

_ADVICE = {
    "make room there": ("ENOSPC", "EDQUOT", "EFBIG", "EIO"),
    "give the permission": ("EROFS", "EACCES", "EPERM"),
    "move away what is in its place": ("EISDIR", "ENOTDIR", "EEXIST", "ELOOP"),
}
_ADVICE_BY_NUMBER = {getattr(errno, name): advice for advice, names in _ADVICE.items() for name in names}


def run_stage(main: Callable[[], int | None], *, stage: str | None = None) -> NoReturn:
    """Run a program's main function; an error that its user can mend becomes one sentence and status 1.

    Args:
        main: the function; it may return an exit status.
        stage: the name of the stage of `dvc.yaml`, of which only one at a time runs in a folder; None if the
            program is not a stage.
    """
    # A terminal that lacks a character shows a question mark. DVCLive loads colorama, which wraps sys.stdout;
    # the stream inside the wrapper is sys.__stdout__.
    if isinstance(sys.__stdout__, io.TextIOWrapper):
        sys.__stdout__.reconfigure(errors="replace")
    try:
        with _alone(stage) if stage else nullcontext():
            status = main()
    except (PipelineError, FloatingPointError, MemoryError, OSError) as error:
        print(f"error: {_sentence(error)}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print(f"\nstopped.{' `dvc repro` goes on from here.' if stage else ''}", file=sys.stderr)
        status = 130
    sys.exit(status)


def _sentence(error: BaseException) -> str:
    said = str(error) or type(error).__name__
    advice = _ADVICE_BY_NUMBER.get(error.errno or 0) if isinstance(error, OSError) else None
    return f"{said}; {advice}, then run it again." if advice else said


@contextmanager
def _alone(stage: str) -> Iterator[None]:
    """Refuse to run beside another stage, and remove the part files that killed stages have left.

    The other stage may still run although its `dvc repro` was killed. The system releases the lock when the
    process ends, however it ends.
    """
    from zc import lockfile

    if not PARAMETERS.exists():  # this is not the repository's root, which main will say
        yield
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        lock = lockfile.LockFile(str(RUNNING), content_template=f"{{pid}} {stage}")
    except lockfile.LockError as error:
        process, other = (RUNNING.read_text(encoding="utf-8").split() or ["?", "another stage"])[:2]
        raise PipelineError(
            f"{stage} cannot run while {other} (process {process}) runs in this folder: wait until it has "
            f"ended or end it by `kill {process}`, then run `dvc repro` again."
        ) from error
    try:
        remove_parts(OUTPUTS)
        yield
    finally:
        lock.close()
