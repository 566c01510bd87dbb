"""One stage at a time in a folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from zc import lockfile

from pipeline.common.errors import PipelineError
from pipeline.common.files import remove_parts
from pipeline.common.paths import LOGS, OUTPUTS, PARAMETERS, RUNNING


@contextmanager
def alone(stage: str) -> Iterator[None]:
    """Refuse to run beside another stage, and remove the part files that killed stages have left.

    The other stage may still run although its `dvc repro` was killed. The system releases the lock when the
    process ends, however it ends.

    Raises:
        PipelineError: if another stage runs in this folder.
    """
    if not PARAMETERS.exists():  # this is not the repository's root, which main will say
        yield
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        lock = lockfile.LockFile(str(RUNNING), content_template=f"{{pid}} {stage}")
    except lockfile.LockError as error:
        with RUNNING.open(encoding="utf-8") as file:
            file.seek(1)  # on Windows, where nobody may read what is locked: the first character, a blank
            process, other = (file.read().split() or ["?", "another stage"])[:2]
        end = "taskkill /F /PID" if sys.platform == "win32" else "kill"
        raise PipelineError(
            f"{stage} cannot run while {other} (process {process}) runs in this folder: wait until it has "
            f"ended or end it by `{end} {process}`, then run `dvc repro` again."
        ) from error
    try:
        remove_parts(OUTPUTS)
        yield
    finally:
        lock.close()
