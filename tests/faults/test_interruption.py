"""`kill -9` of every stage at moments that are drawn; then `dvc repro` must end as if nothing had been."""

import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.faults.counting import Tried
from tests.faults.moments import Moment, Stages, remains
from tests.faults.tables import faults
from tests.pipeline.clone import git_status, stages_run
from tests.pipeline.test_dvc import STAGES, listed

EPOCHS, STEPS = 4, 6  # of the clone's recipe
TWICE = [target for target in range(1, EPOCHS + 1) for _ in range(2)]

Kills = Iterator[str]  # where each of them landed


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def outputs(clone: Path, stage: str) -> dict[str, str]:
    """Return name and digest of every file that a stage leaves for others, but DVCLive's tables."""
    places = [clone / name.replace("${data.dataset}", "mnist") for name in listed(stage, "outs")]
    if stage != "train":
        places += [clone / name for kind in ("metrics", "plots") for name in listed(stage, kind)]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*"))]
    return {
        str(file.relative_to(clone)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file()
    }


def steps(first_epoch: int, last_epoch: int, last_step: int = STEPS) -> list[str]:
    """Return the steps from the first of an epoch on."""
    every = [
        f"{epoch}.{step}" for epoch in range(first_epoch, last_epoch + 1) for step in range(1, STEPS + 1)
    ]
    return every[: len(every) - STEPS + last_step]


def kill_downloads(stages: Stages, draw: random.Random) -> Kills:
    """Kill each of the four files' downloads, so that the files before it are whole and it is not."""
    waiting = stages.clone / paths.RAW / ".mnist.partial"
    whole = stages.clone / paths.RAW / "mnist"
    sizes = [size for kind, size in traced(stages, "fetch") if kind == "download"]
    names = sorted(path.name for path in whole.iterdir() if path.name != "provenance.json")
    shutil.rmtree(whole)
    done = 0
    for target in sorted([*range(4), *range(4), *(draw.randrange(4) for _ in range(4))]):
        landed = stages.kill("fetch", Moment("download", target - done + 1, draw.randint(0, sizes[target])))
        done = target
        kept = [path.name for path in waiting.iterdir() if path.suffix != ".part"]
        assert len(kept) == target
        assert set(kept) <= set(names)
        assert not whole.exists()
        yield landed


def kill_writes(stages: Stages, draw: random.Random, stage: str, count: int) -> Kills:
    """Kill a stage at bytes of any of the files that it writes."""
    files = traced(stages, stage)
    before = outputs(stages.clone, stage)
    for _ in range(count):
        stages.remove_outputs(stage)
        place = draw.randrange(len(files))
        kind, size = files[place]
        nth = Counter(kind for kind, _ in files[: place + 1])[kind]
        yield stages.kill(stage, Moment(kind, nth, draw.randint(0, size)))
        assert outputs(stages.clone, stage) in ({}, before) or stage not in ("preprocess", "figures")
        assert outputs(stages.clone, stage).items() <= before.items()


def kill_mid_epochs(stages: Stages, draw: random.Random) -> Kills:
    """Kill each epoch twice, between its first and its last step."""
    stages.remove_outputs("train")
    done = 0
    for target in TWICE:
        step = draw.randrange(1, STEPS)
        yield stages.kill("train", Moment("step", (target - 1 - done) * STEPS + step))
        assert stages.steps() == steps(done + 1, target, step)
        assert not (stages.clone / paths.MODEL).exists()
        done = target - 1


def kill_checkpoints(stages: Stages, draw: random.Random) -> Kills:
    """Kill each epoch's checkpoint twice."""
    sizes = [size for kind, size in traced(stages, "train") if kind == "checkpoint"]
    assert len(sizes) == EPOCHS
    stages.remove_outputs("train")
    done = 0
    for target in TWICE:
        byte = draw.randint(0, sizes[target - 1])
        yield stages.kill("train", Moment("checkpoint", target - done, byte))
        assert stages.steps() == steps(done + 1, target)
        assert not (stages.clone / paths.MODEL).exists()
        done = target - 1


def kill_models(stages: Stages, draw: random.Random) -> Kills:
    """Kill the model's save again and again."""
    [size] = [size for kind, size in traced(stages, "train") if kind == "model"]
    stages.remove_outputs("train")
    for attempt in range(6):
        yield stages.kill("train", Moment("model", 1, draw.randint(0, size)))
        assert stages.steps() == ([] if attempt else steps(1, EPOCHS))
        assert not (stages.clone / paths.MODEL).exists()


def kill_from_outside(stages: Stages, draw: random.Random) -> Kills:
    """Kill `dvc repro` and its stage shortly after one of the stage's first moments."""
    shutil.rmtree(stages.clone / paths.RAW / "mnist")
    for stage in ("fetch", "preprocess", "train", "train", "evaluate"):
        stages.kill_after(draw.randrange(1, 4), stage, "dvc", "repro", "--force", "evaluate")
        yield f"{stages.log()[-1].split()[0]} from outside"


def traced(stages: Stages, stage: str) -> list[tuple[str, int]]:
    """Run a stage undisturbed; return kind and size of the files that it writes."""
    if stage == "fetch":
        shutil.rmtree(stages.clone / paths.RAW / "mnist")
    ended = stages.run("python", "-m", f"pipeline.{stage}")
    assert ended.returncode == 0, ended.stderr
    return stages.written()


# Of each fault: the stage, who kills it, what the record of each kill begins with, how many there are,
# and the steps that are left for the run that completes it.
KILLS: dict[str, tuple[str, Callable[[Stages, random.Random], Kills], str, int, list[str]]] = {
    "killed-in-a-download": ("fetch", kill_downloads, "download data/raw/.mnist.partial/", 12, []),
    "killed-in-preprocess": ("preprocess", lambda s, d: kill_writes(s, d, "preprocess", 6), "", 6, []),
    "killed-in-mid-epoch": ("train", kill_mid_epochs, "step ", 8, steps(EPOCHS, EPOCHS)),
    "killed-in-a-checkpoint": (
        "train",
        kill_checkpoints,
        "checkpoint checkpoints/.",
        8,
        steps(EPOCHS, EPOCHS),
    ),
    "killed-in-the-model": ("train", kill_models, "model models/.model.npz.", 6, []),
    "killed-in-evaluate": ("evaluate", lambda s, d: kill_writes(s, d, "evaluate", 6), "", 6, []),
    "killed-in-figures": ("figures", lambda s, d: kill_writes(s, d, "figures", 4), "", 4, []),
    "killed-from-outside": ("fetch", kill_from_outside, "", 5, []),
}


def test_every_fault_of_the_table_is_tried_and_there_are_fifty_kills() -> None:
    assert [name for name in faults("interruption") if name.startswith("killed-")] == list(KILLS)
    assert sum(count for _, _, _, count, _ in KILLS.values()) >= 50
    for name in (
        "killed-in-a-download",
        "killed-in-mid-epoch",
        "killed-in-a-checkpoint",
        "killed-in-the-model",
    ):
        assert KILLS[name][3] >= 5


@pytest.mark.slow
@pytest.mark.parametrize("fault", KILLS)
def test_a_killed_stage_ends_as_one_that_was_never_disturbed(
    stages: Stages, draw: random.Random, fault: str, tried: Tried
) -> None:
    stage, kills, beginning, count, left = KILLS[fault]

    landed = list(kills(stages, draw))
    ended = stages.run("dvc", "repro", "--no-run-cache")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert stage in stages_run(ended.stdout)
    assert [where for where in landed if where.startswith(beginning)] == landed
    assert len(landed) == count
    if fault != "killed-from-outside":
        assert stages.steps() == left
    assert git_status(stages.clone) == ""
    assert outputs(stages.clone, stage)
    assert remains(stages.clone) == []
    assert list((stages.clone / paths.CHECKPOINTS).iterdir()) == []
    tried("interruption", fault, cases=len(landed))


def test_the_stages_that_are_killed_are_all_there_are() -> None:
    assert {stage for stage, *_ in KILLS.values()} == set(STAGES)
