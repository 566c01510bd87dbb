"""How programs end: a status and one sentence. For stages at once, see test_interruption_commands.py."""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.lock import alone
from pipeline.common.machine import log_circumstances
from pipeline.common.running import run_stage
from tests.refusals import assert_refuses


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("main", "status", "said"),
    [
        (lambda: None, None, ""),
        (raising(PipelineError("A was received, expected B.")), 1, "error: A was received, expected B.\n"),
        (raising(FloatingPointError("The loss became nan.")), 1, "error: The loss became nan.\n"),
        (raising(MemoryError()), 1, "error: MemoryError\n"),
        (
            raising(PermissionError(13, "Permission denied", "models")),
            1,
            "error: [Errno 13] Permission denied: 'models'; give the permission, then run it again.\n",
        ),
        (raising(KeyboardInterrupt()), 130, "\nstopped.\n"),
    ],
)
def test_a_program_ends_with_its_status_and_one_sentence(
    main: Callable[[], int | None], status: int | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_stage(main)
    assert ended.value.code == status
    assert capsys.readouterr() == ("", said)


def test_an_error_in_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_stage(raising(ZeroDivisionError()))


def test_the_circumstances_of_a_run_are_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    log_circumstances("train", seconds=1.5)

    logged = json.loads((tmp_path / paths.LOGS / "train.json").read_text())
    assert (logged["python"], logged["seconds"]) == (platform.python_version(), 1.5)
    assert {"numpy", "system", "processor", "processors"} <= logged.keys()


@pytest.mark.parametrize(("system", "end"), [("linux", "kill"), ("win32", "taskkill /F /PID")])
def test_beside_another_stage_none_runs_and_the_other_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, end: str
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.PARAMETERS.touch()
    ended = f"by `{end} {os.getpid()}`"
    with alone("train"):
        monkeypatch.setattr(sys, "platform", system)
        named = "evaluate cannot run while train ", ended
        assert_refuses(lambda: alone("evaluate").__enter__(), PipelineError, *named)
    if sys.platform != "win32":  # where nobody may read the character that is locked
        assert paths.RUNNING.read_text(encoding="utf-8")[0] == " "
