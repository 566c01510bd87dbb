"""Checks of dvc.yaml and of what it depends on; test_repro.py runs it."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.code import PROGRAMS, digests
from pipeline.common import paths
from tests.pipeline.workspace import ROOT, STAGES, listed, parameters

LOCK = "requirements.lock"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_always_or_depends_on_the_digest_of_the_code_it_runs(stage: str) -> None:
    command = STAGES[stage]["cmd"]
    if STAGES[stage].get("always_changed"):
        assert command == f"python -m pipeline.{stage}"
    else:
        assert command == f"python -m {PROGRAMS[stage]}"
        assert {f"{paths.CODE}/{stage}.txt", LOCK} <= listed(stage, "deps").keys()
        assert f"{paths.CODE}/{stage}.txt" in listed("code", "outs")


def leaves(data: Any, location: str = "") -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, f"{location}.{key}" if location else key)
    else:
        yield location


def test_every_parameter_that_shapes_a_result_is_one_of_a_stage() -> None:
    data = parameters()
    del data["predict"]  # which is no stage
    chosen = data["recipe"]
    data["recipes"] = {chosen: data["recipes"][chosen]}
    depended_on = [
        name.replace("${recipe}", chosen) for stage in STAGES for name in STAGES[stage].get("params", [])
    ]

    forgotten = {
        leaf for leaf in leaves(data) if not any(f"{leaf}.".startswith(f"{name}.") for name in depended_on)
    }

    assert forgotten == {"runtime.workers"}


def test_the_lock_pins_every_package_and_names_no_index() -> None:
    for line in (ROOT / LOCK).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.+]*( ; [^#@]+)?", line), line


@pytest.mark.parametrize("stage", PROGRAMS)
def test_dvc_lock_is_that_of_the_code_and_the_packages_beside_it(stage: str) -> None:
    lock = YAML(typ="safe", pure=True).load(ROOT / "dvc.lock")["stages"]
    recorded = {entry["path"]: entry["md5"] for entry in lock[stage]["deps"]}
    now = {
        f"{paths.CODE}/{stage}.txt": digests(PROGRAMS[stage]).encode(),
        LOCK: (ROOT / LOCK).read_bytes(),
    }

    for path, content in now.items():
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert recorded.get(path) == md5, (
            f"{path} of {stage} has changed: run `make repro`, and commit dvc.lock and metrics/ too"
        )
