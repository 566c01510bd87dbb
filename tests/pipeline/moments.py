"""Stages that are killed or held at chosen moments, and what they had done by then."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.pipeline.clone import attempt, surroundings
from tests.pipeline.workspace import STAGES, listed

STAND_IN = Path(__file__).with_name("stage_with_a_fault.py")
TIMEOUT = 300  # seconds, after which a test has failed

# A shell that starts the tests in the background has its children ignore Ctrl-C.
HEEDING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True)
class Moment:
    """The nth step of a training, or a byte of the nth file of a kind (see `stage_with_a_fault`).

    A byte beyond the file's end means the moment before the file is closed.
    """

    kind: str
    nth: int
    byte: int = 0


NEVER = Moment("", 0)


class Stages:
    """Runs the stages of a clone and notes their moments.

    Args:
        clone: the clone, or another folder with the packages and the parameters.
    """

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self._fault = clone.parent / "fault.json"
        self._log = clone.parent / "log"
        shims = clone.parent / "bin"
        shims.mkdir()
        python = shims / "python"  # the one that dvc.yaml's commands find
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
        python.chmod(0o755)
        self.variables = surroundings(clone) | {"FAULT": str(self._fault)}
        self.variables["PATH"] = f"{shims}:{self.variables['PATH']}"
        self._prepare(NEVER)

    def log(self) -> list[str]:
        """Return the moments of the last run."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def steps(self) -> list[str]:
        """Return the steps that the last run has taken, such as `2.1`."""
        return [line.split()[2] for line in self.log() if line.startswith("train step")]

    def landed(self) -> str:
        """Return where the last run was killed, such as `checkpoint checkpoints/.abc.part`."""
        [where] = [line.partition(" kill at ")[2] for line in self.log() if " kill at " in line]
        return where

    def run(
        self, *command: str, moment: Moment = NEVER, then: str = "kill"
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, and do something to its stage at the moment."""
        self._prepare(moment, then)
        return attempt(self.clone, *command, **self.variables)

    def kill(self, stage: str, moment: Moment) -> str:
        """Run a stage that is killed at the moment; return where that was."""
        ended = self.run(*by_hand(stage), moment=moment)
        assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr
        return self.landed()

    @contextmanager
    def held(self, *command: str, moment: Moment) -> Iterator[subprocess.Popen[str]]:
        """Start a command in a session of its own, and yield it while its stage waits at the moment."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(TIMEOUT)
            self._prepare(moment, "wait", gate=server.getsockname()[1])
            with self.started(*command) as process:
                gate, _ = server.accept()
                with gate:
                    yield process

    @contextmanager
    def started(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command in a session of its own; at an error, kill what is left of it."""
        process = subprocess.Popen(
            [sys.executable, "-c", HEEDING_CTRL_C, *command],
            cwd=self.clone,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise

    def remove_outputs(self, stage: str) -> None:
        """Remove what DVC removes before it runs a stage, and its digests in `dvc.lock`."""
        lock = YAML().load(self.clone / "dvc.lock")
        for out in lock["stages"][stage]["outs"]:
            out["md5"] = re.sub("[0-9a-f]", "0", out["md5"], count=32)
        YAML().dump(lock, self.clone / "dvc.lock")
        for kind in ("outs", "metrics", "plots"):
            for name in listed(stage, kind):
                path = self.clone / name.replace("${data.dataset}", "mnist")
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _prepare(self, moment: Moment, then: str = "kill", gate: int = 0) -> None:
        self._log.unlink(missing_ok=True)
        fault = {"log": str(self._log), "then": then, "gate": gate, **asdict(moment)}
        self._fault.write_text(json.dumps(fault))


def by_hand(stage: str) -> tuple[str, ...]:
    """Return the command that runs a stage without DVC."""
    return tuple(STAGES[stage]["cmd"].split())


def remains(clone: Path) -> list[str]:
    """Return the part files and folders that killed stages have left anywhere."""
    return [str(path.relative_to(clone)) for path in clone.rglob(".*.part") if ".dvc" not in path.parts]
