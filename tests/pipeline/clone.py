"""A clone of the repository with a small data set and small recipes, in which `dvc repro` takes seconds."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from pipeline.common.datasets import MNIST
from pipeline.common.idx import write_idx
from tests.pipeline.workspace import ROOT, digits, environment, run, small_parameters, write_parameters

PARAMETERS = small_parameters()
TRAIN, TEST = digits(300, seed=0), digits(100, seed=1)

SMALL_DATA_SET = """
from dataclasses import replace

FACTS = {facts!r}
FILES = {{key: IdxFile(*FACTS[file.name]) for key, file in MNIST.files.items()}}
MNIST = replace(MNIST, mirrors=(), files=FILES)
DATASETS["mnist"] = MNIST
"""


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment in which a clone's commands run, away from the user's own settings."""
    beside = folder.parent
    return environment(
        CNN_DATA_MIRROR=str(beside / "mirror"),
        DVC_SITE_CACHE_DIR=str(beside / "site"),
        DVC_GLOBAL_CONFIG_DIR=str(beside / "global"),
        DVC_SYSTEM_CONFIG_DIR=str(beside / "system"),
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
    )


def attempt(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a clone and return how it ended and what it said."""
    return run(folder, *command, **(surroundings(folder) | variables))


def call(folder: Path, *command: str, **variables: str) -> str:
    """Run a command in a clone that must succeed, and return what it said."""
    ended = attempt(folder, *command, **variables)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)':$", output, re.MULTILINE)


def git_status(clone: Path) -> str:
    return call(clone, "git", "status", "--porcelain")


def put_on_mirror(mirror: Path) -> dict[str, tuple[str, int, str]]:
    """Put the small data set on a mirror; return name, size and digest of each of its files."""
    facts = {}
    (mirror / "mnist").mkdir(parents=True)
    for (split, kind), file in MNIST.files.items():
        images, labels = {"train": TRAIN, "test": TEST}[split]
        write_idx(mirror / "idx", {"images": images, "labels": labels}[kind])
        content = (mirror / "idx").read_bytes()
        (mirror / "mnist" / f"{file.name}.gz").write_bytes(gzip.compress(content))
        facts[file.name] = (file.name, len(content), hashlib.sha256(content).hexdigest())
    return facts


def copy_work_tree(destination: Path) -> None:
    """Copy what git tracks or would track, except the results of the full data set."""
    for name in run(ROOT, "git", "ls-files", "-co", "--exclude-standard", "-z").stdout.split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith(("metrics/", "dvc.lock")):
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, destination / name)


def first_copy(beside: Path) -> Path:
    """Make a copy of the repository in a folder, with the small data set and without git; return it."""
    copy = beside / "clone"
    copy_work_tree(copy)
    write_parameters(copy, PARAMETERS)
    with (copy / "pipeline" / "common" / "datasets.py").open("a") as file:
        file.write(SMALL_DATA_SET.format(facts=put_on_mirror(beside / "mirror")))
    return copy


def first_clone(beside: Path) -> tuple[Path, str]:
    """Make a clone in a folder, run `dvc repro` in it and commit all; return it, and what the run said."""
    clone = first_copy(beside)
    new_repository(clone)
    said = call(clone, "dvc", "repro")
    commit(clone)
    return clone, said


def new_repository(clone: Path) -> None:
    """Let a folder become a repository of git with all that is in it."""
    call(clone, "git", "init", "--quiet")
    call(clone, "git", "config", "user.name", "Reader")
    call(clone, "git", "config", "user.email", "reader@example.org")
    commit(clone)


def commit(clone: Path) -> None:
    call(clone, "git", "add", "--all")
    call(clone, "git", "commit", "--quiet", "--message", "All there is")
