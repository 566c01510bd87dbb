"""Disks without room, folders that may not be written, and things in the way."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline import fetch, train
from pipeline.common import paths
from pipeline.common.running import run_stage
from tests.pipeline.clone import attempt
from tests.pipeline.moments import Moment, Stages, remains
from tests.pipeline.workspace import PROCESSED, before_training, small_parameters

# No file may have more bytes than that: to a program this is like a full disk, except for the error's name.
WITH_LITTLE_ROOM = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execvp("python", ["python", "-m", sys.argv[2]])
"""
# Root may write anywhere, unless it gives up that right (CAP_DAC_OVERRIDE, by PR_CAPBSET_DROP).
WITHOUT_ROOTS_RIGHTS = """
import ctypes, os, sys
if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(24, 1, 0, 0, 0):
    raise OSError(ctypes.get_errno(), "the right to write anywhere cannot be given up")
os.execvp("python", ["python", "-m", sys.argv[1]])
"""


def files(clone: Path) -> dict[str, bytes]:
    """Return all that the stages read and write, except what the next stage removes or writes first."""
    folders = [clone / name for name in ("data", "models", "checkpoints", "metrics", "docs/generated")]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(clone)): path.read_bytes()
        for path in found
        if clone / paths.TRAINING_LOG not in path.parents  # which DVCLive empties first
        if path.suffix != ".part"
    }


@pytest.mark.slow
def test_a_full_disk_and_a_read_only_folder_are_named_and_the_rest_stays_as_it_was(stages: Stages) -> None:
    clone, whole = stages.clone, files(stages.clone)

    shutil.rmtree(clone / paths.RAW / "mnist")
    has_no_room(stages, "fetch", Moment("download", 1, 100), paths.RAW / ".mnist.partial")
    may_not_write(stages, "fetch", paths.RAW)
    completes(stages, "fetch", whole)

    has_no_room(stages, "preprocess", Moment("result", 3, 100), PROCESSED)
    has_no_room(stages, "evaluate", Moment("result", 1, 100), paths.EVALUATION)

    little_room = attempt(clone, "python", "-c", WITH_LITTLE_ROOM, "5000", "pipeline.train")
    assert_refused(little_room, paths.TRAINING_LOG, "DVC's own records cannot be written")
    stages.kill("train", Moment("step", 13))  # so that there is a checkpoint
    has_no_room(stages, "train", Moment("checkpoint", 1, 1000), paths.CHECKPOINTS)
    stages.kill("train", Moment("model", 1))
    has_no_room(stages, "train", Moment("model", 1, 1000), paths.MODEL)
    may_not_write(stages, "train", paths.MODEL.parent)
    completes(stages, "train", whole)
    assert stages.steps() == []  # the last checkpoint had all of them


def has_no_room(stages: Stages, stage: str, moment: Moment, missing: Path) -> None:
    before = files(stages.clone)
    ended = stages.run("python", "-m", f"pipeline.{stage}", moment=moment, then="full")
    assert_refused(ended, missing, "File too large")
    assert files(stages.clone) == before
    assert remains(stages.clone) == []


def may_not_write(stages: Stages, stage: str, folder: Path) -> None:
    before = files(stages.clone)
    with read_only(stages.clone / folder):
        ended = attempt(stages.clone, "python", "-c", WITHOUT_ROOTS_RIGHTS, f"pipeline.{stage}")
    assert_refused(ended, folder, "Permission denied")
    assert files(stages.clone) == before


def completes(stages: Stages, stage: str, whole: dict[str, bytes]) -> None:
    ended = stages.run("python", "-m", f"pipeline.{stage}")
    assert ended.returncode == 0, ended.stderr
    assert files(stages.clone) == whole


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take away the right to write into a folder and those in it while the block runs."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for each in folders:
        each.chmod(0o555)
    try:
        yield
    finally:
        for each in folders:
            each.chmod(0o755)


@pytest.mark.parametrize(
    ("main", "path", "reason"),
    [
        (fetch.main, paths.PARAMETERS, "Is a directory"),
        (fetch.main, paths.RAW, "Not a directory"),
        (train.main, paths.MODEL.parent, "File exists"),
    ],
)
def test_what_is_in_the_way_is_named_and_stays(
    tmp_path: Path,
    main: Callable[[], None],
    path: Path,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(before_training(tmp_path, small_parameters()))
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if reason == "Is a directory" else path.write_text("mine", encoding="utf-8")

    with pytest.raises(SystemExit, match="1"):
        run_stage(main, stage="train")

    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ")
    assert reason in last
    assert str(path) in last
    assert last.endswith("; move away what is in its place, then run it again.")
    assert path.is_dir() if reason == "Is a directory" else path.read_text() == "mine"


def assert_refused(ended: subprocess.CompletedProcess[str], named: Path, reason: str) -> None:
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert reason in last
    assert str(named) in last
    assert "again" in last
    assert "Traceback" not in ended.stderr
