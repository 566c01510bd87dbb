"""Disks without room, and folders that may not be written, for each file that a stage writes."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.faults.counting import Tried
from tests.faults.moments import Moment, Stages, remains
from tests.pipeline.clone import attempt
from tests.pipeline.workspace import PROCESSED, before_training, run_stage, small_parameters

# No file may have more bytes than that: to a program it is a full disk, but for the error's name.
WITH_LITTLE_ROOM = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execvp("python", ["python", "-m", sys.argv[2]])
"""
# Root may write anywhere, unless it does without that right (CAP_DAC_OVERRIDE, by PR_CAPBSET_DROP).
WITHOUT_ROOTS_RIGHTS = """
import ctypes, os, sys
if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(24, 1, 0, 0, 0):
    raise OSError(ctypes.get_errno(), "the right to write anywhere cannot be given up")
os.execvp("python", ["python", "-m", sys.argv[1]])
"""

# The stage, when the disk is full, and what is not written for it.
FULL = [
    ("fetch", Moment("download", 1, 1000), paths.RAW / ".mnist.partial" / "train-images-idx3-ubyte"),
    ("preprocess", Moment("log", 1, 10), paths.LOGS / "preprocess.json"),
    ("preprocess", Moment("result", 3, 100), PROCESSED),
    ("train", Moment("checkpoint", 1, 1000), paths.CHECKPOINTS),
    ("train", Moment("result", 4, 5), paths.TRAINING_LOG),
    ("train, to be saved", Moment("model", 1, 1000), paths.MODEL),
    ("evaluate", Moment("result", 1, 100), paths.EVALUATION),
    ("evaluate", Moment("result", 3, 10), paths.EVALUATION.parent),
    ("figures", Moment("result", 20, 100), paths.FIGURES),
]
# The stage, the bytes of a file that there is room for from the start, and what the error names and says.
LITTLE_ROOM = [
    ("fetch", 100_000, paths.RAW / ".mnist.partial" / "train-images-idx3-ubyte", "File too large"),
    ("preprocess", 100_000, PROCESSED, "written"),
    ("train", 5_000, paths.TRAINING_LOG, "DVC's own records cannot be written"),
]
# The stage, and the folder that it may not write into.
READ_ONLY = [
    ("fetch", paths.RAW),
    ("preprocess", paths.PROCESSED),
    ("train", paths.CHECKPOINTS),
    ("train", paths.TRAINING_LOG.parent),
    ("train, to be saved", paths.MODEL.parent),
    ("evaluate", paths.EVALUATION.parent),
    ("figures", paths.FIGURES.parent),
    ("preprocess", paths.LOGS),
]


def files(clone: Path) -> dict[str, bytes]:
    """Return all that the stages read and write, but the record of which of them runs."""
    places = [clone / name for name in ("data", "models", "checkpoints", "metrics", "docs/generated")]
    found = [path for place in places for path in place.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(clone)): path.read_bytes()
        for path in found
        if clone / paths.TRAINING_LOG not in path.parents  # which DVCLive empties first
        if path.suffix != ".part"  # which the next stage removes
    }


def prepare(stages: Stages, name: str) -> str:
    """Bring a clone to where a stage has something to write; return the stage's name."""
    stage = name.partition(",")[0]
    if stage == "fetch":
        shutil.rmtree(stages.clone / paths.RAW / "mnist")
    elif stage == "train":  # there is a checkpoint
        stages.kill("train", Moment("model", 1) if "saved" in name else Moment("step", 13))
    return stage


def assert_completes(stages: Stages, name: str, whole: dict[str, bytes]) -> None:
    """Run a stage when what it lacked is there: it ends with the usual files, a training not afresh."""
    stage = name.partition(",")[0]
    ended = stages.run("python", "-m", f"pipeline.{stage}")
    assert ended.returncode == 0, ended.stderr
    assert files(stages.clone) == whole
    if stage == "train":
        assert stages.steps()[:1] == ([] if "saved" in name else ["3.1"])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "moment", "missing"), FULL, ids=str)
def test_what_a_full_disk_does_not_take_is_named_and_the_rest_is_as_it_was(
    stages: Stages, name: str, moment: Moment, missing: Path, tried: Tried
) -> None:
    whole = files(stages.clone)
    stage = prepare(stages, name)
    before = files(stages.clone)

    ended = stages.run("python", "-m", f"pipeline.{stage}", moment=moment, then="full")

    assert_refused(ended, missing, "File too large")
    assert files(stages.clone) == before
    assert remains(stages.clone) == []
    assert_completes(stages, name, whole)
    tried("interruption", "full-disk")


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "room", "missing", "reason"), LITTLE_ROOM)
def test_a_disk_that_was_full_before_is_named_too(
    stages: Stages, stage: str, room: int, missing: Path, reason: str, tried: Tried
) -> None:
    whole = files(stages.clone)
    if stage == "fetch":
        prepare(stages, stage)
    before = files(stages.clone)

    ended = attempt(stages.clone, "python", "-c", WITH_LITTLE_ROOM, str(room), f"pipeline.{stage}")

    assert_refused(ended, missing, reason)
    assert files(stages.clone) == before
    assert remains(stages.clone) == []
    assert stages.run("python", "-m", f"pipeline.{stage}").returncode == 0
    assert files(stages.clone) == whole
    tried("interruption", "full-disk")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "folder"), READ_ONLY, ids=str)
def test_a_folder_that_may_not_be_written_is_named_and_left_as_it_was(
    stages: Stages, name: str, folder: Path, tried: Tried
) -> None:
    clone, whole = stages.clone, files(stages.clone)
    stage = prepare(stages, name)
    before = files(clone)

    with read_only(clone / folder):
        ended = attempt(clone, "python", "-c", WITHOUT_ROOTS_RIGHTS, f"pipeline.{stage}")

    assert_refused(ended, folder, "Permission denied")
    assert files(clone) == before
    assert_completes(stages, name, whole)
    tried("interruption", "read-only-folder")


@pytest.mark.parametrize(
    ("stage", "place", "reason"),
    [
        ("fetch", paths.PARAMETERS, "Is a directory"),
        ("train", paths.PARAMETERS, "Is a directory"),
        ("train", paths.LOGS, "File exists"),
        ("train", paths.CHECKPOINTS, "File exists"),
        ("train", paths.MODEL.parent, "File exists"),
    ],
    ids=str,
)
def test_what_is_in_the_way_is_named_and_stays(
    tmp_path: Path, stage: str, place: Path, reason: str, tried: Tried
) -> None:
    in_the_way = before_training(tmp_path, small_parameters()) / place
    in_the_way.unlink(missing_ok=True)
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.mkdir() if reason == "Is a directory" else in_the_way.write_text("mine", encoding="utf-8")

    ended = run_stage(tmp_path, stage)

    assert_refused(ended, place, reason)
    assert "; move away what is in its place, then run it again." in ended.stderr
    assert in_the_way.is_dir() if reason == "Is a directory" else in_the_way.read_text() == "mine"
    tried("interruption", "something-in-the-way")


def assert_refused(ended: subprocess.CompletedProcess[str], named: Path, reason: str) -> None:
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert reason in last
    assert str(named) in last
    assert "again" in last
    assert "Traceback" not in ended.stderr


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write into a folder and those in it while the block runs."""
    places = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for place in places:
        place.chmod(0o555)
    try:
        yield
    finally:
        for place in places:
            place.chmod(0o755)
