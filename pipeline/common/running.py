"""How every program of the pipeline runs: it ends with a status, and its errors are one sentence."""

import errno
import io
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from pipeline.common.errors import PipelineError
from pipeline.common.lock import alone

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
        stage: the stage's name in `dvc.yaml`; only one stage at a time runs in a folder. None for other
            programs.
    """
    # A terminal that lacks a character shows a question mark. DVCLive loads colorama, which wraps sys.stdout;
    # the stream inside the wrapper is sys.__stdout__.
    if isinstance(sys.__stdout__, io.TextIOWrapper):
        sys.__stdout__.reconfigure(errors="replace")
    try:
        with alone(stage) if stage else nullcontext():
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
