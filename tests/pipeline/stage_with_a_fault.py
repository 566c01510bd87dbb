"""Stands in for `python`: runs a stage as `python -m` does, notes its moments, and strikes at one of them.

The moments are the bytes that are written below the working directory and the steps of a training. What to do
is read from the file that FAULT names:

    log         the file to note in, a line for each moment;
    kind, nth   the moment: the nth step, or the nth file of that kind to be written;
    byte        how much of the file is written before it happens; all of it means before it is closed;
    then        "kill": end at once, by kill -9; "full": let no file grow any more, as if the disk were full;
                "wait": tell the test that listens at the port `gate`, and go on when it lets go.

Only the functions that open files and the progress bar are replaced.
"""

import builtins
import io
import json
import os
import resource
import runpy
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

KINDS = {"data/raw": "download", "checkpoints": "checkpoint", "models": "model", "logs": "log"}
FAULT = json.loads(Path(os.environ["FAULT"]).read_text())
SEEN: Counter[str] = Counter()

open_as_usual: Callable[..., IO[Any]] = io.open


def note(line: str) -> None:
    log = os.open(FAULT["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with suppress(OSError):  # if there is no room even for this line
        os.write(log, f"{os.environ['STAGE']} {line}\n".encode())
    os.close(log)


def is_the_moment(kind: str) -> bool:
    SEEN[kind] += 1
    return bool(FAULT.get("kind") == kind and FAULT["nth"] == SEEN[kind])


def strike(where: str) -> None:
    note(f"{FAULT['then']} at {where}")
    if FAULT["then"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif FAULT["then"] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    else:
        with closing(socket.create_connection(("127.0.0.1", FAULT["gate"]), timeout=300)) as gate:
            gate.recv(1)  # ends when the test lets go


class WatchedFile(io.BufferedRandom):
    """A file that strikes when a certain byte is to be written, or else before it is closed."""

    def __init__(self, path: str, mode: str, kind: str) -> None:
        super().__init__(io.FileIO(path, mode.strip("bt") + "+"))
        self.path, self.kind, self.written = path, kind, 0
        self.left: int | None = FAULT["byte"] if is_the_moment(kind) else None

    def write(self, data: Any) -> int:
        content = memoryview(data).cast("B")
        if self.left is not None and self.left < len(content):
            cut = self.left
            super().write(content[:cut])
            self._strike()
            super().write(content[cut:])
        else:
            super().write(content)
            if self.left is not None:
                self.left -= len(content)
        self.written += len(content)
        return len(content)

    def close(self) -> None:
        if not self.closed:
            if self.left is not None:
                self._strike()
            note(f"wrote {self.kind} {self.written} {self.path}")
        super().close()

    def _strike(self) -> None:
        self.flush()
        self.left = None
        strike(f"{self.kind} {self.path}")


def open_watched(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> IO[Any]:
    if mode.strip("bt") not in {"w", "a"} or isinstance(file, int) or "opener" in options:
        return open_as_usual(file, mode, *arguments, **options)
    path = Path(os.path.relpath(file)).as_posix()
    kind = next((kind for start, kind in KINDS.items() if path.startswith(start)), "result")
    if path.startswith((".", "/")):
        return open_as_usual(file, mode, *arguments, **options)
    watched = WatchedFile(os.fspath(file), mode, kind)
    if "b" in mode:
        return watched
    return io.TextIOWrapper(watched, encoding=options.get("encoding"), newline=options.get("newline"))


def watch_steps() -> None:
    import cnn

    class WatchedBar(cnn.ProgressBar):
        def on_step_end(self, training: cnn.Training) -> None:
            super().on_step_end(training)
            step = f"step {training.epoch + 1}.{training.step}"
            note(step)
            if is_the_moment("step"):
                strike(step)

    vars(cnn)["ProgressBar"] = WatchedBar


if __name__ == "__main__":
    module = sys.argv[sys.argv.index("-m") + 1]
    os.environ["STAGE"] = module.rpartition(".")[2]
    sys.path[0] = os.getcwd()  # noqa: PTH109
    sys.argv = sys.argv[sys.argv.index("-m") + 1 :]
    vars(builtins)["open"] = vars(io)["open"] = open_watched
    if module == "pipeline.train":
        import pipeline  # noqa: F401 - chooses BLAS's kernels, before cnn loads NumPy

        watch_steps()
    note("starts")
    runpy.run_module(module, run_name="__main__", alter_sys=True)
