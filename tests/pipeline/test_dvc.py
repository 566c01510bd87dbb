"""Checks of dvc.yaml and of what it leans on; test_repro.py runs it."""

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from pipeline.common import paths
from tests.pipeline.workspace import ROOT, parameters, run

STAGES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
LOCK = "requirements.lock"
CODE = ("cnn", "pipeline/", LOCK)


def listed(stage: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return what a stage lists as its deps, outs, metrics or plots, with the options of each."""
    entries = STAGES[stage].get(kind, [])
    return {
        path: how
        for entry in entries
        for path, how in ({entry: {}} if isinstance(entry, str) else entry).items()
    }


def imports(file: Path) -> set[str]:
    """Return the dotted names that a module imports, inside its functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{file} imports by a relative name"
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return names


def code_behind(stage: str) -> set[str]:
    """Return the code that a stage runs, as dvc.yaml should name it: what is imported, directly or not."""
    found = {LOCK}
    waiting = [f"pipeline/{stage}.py", "pipeline/__init__.py"]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        for name in imports(ROOT / module):
            package, _, rest = name.partition(".")
            folder = f"pipeline/{rest.partition('.')[0]}"
            if package == "cnn":
                found.add("cnn")
            elif package == "pipeline" and (ROOT / f"{folder}.py").exists():
                waiting.append(f"{folder}.py")
            elif package == "pipeline" and rest and (ROOT / folder).is_dir():
                found.add(folder)
                waiting += [path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")]
    return {path for path in found if not any(path.startswith(f"{folder}/") for folder in found)}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_the_module_of_its_name(stage: str) -> None:
    assert STAGES[stage]["cmd"] == f"python -m pipeline.{stage}"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_code_that_it_runs_and_on_no_other(stage: str) -> None:
    assert {path for path in listed(stage, "deps") if path.startswith(CODE)} == code_behind(stage)


def test_every_path_comes_from_paths_py() -> None:
    known = [value.as_posix() for value in vars(paths).values() if isinstance(value, Path)]
    for stage in STAGES:
        for kind in ("deps", "outs", "metrics", "plots"):
            for path in listed(stage, kind):
                if not path.startswith(CODE):
                    assert any(path == place or path.startswith(f"{place}/") for place in known), path


def leaves(data: Any, place: str = "") -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, f"{place}.{key}" if place else key)
    else:
        yield place


def test_every_parameter_that_shapes_a_result_is_one_of_a_stage() -> None:
    data = parameters()
    chosen = data["recipe"]
    data["recipes"] = {chosen: data["recipes"][chosen]}
    depended_on = [
        place.replace("${recipe}", chosen) for stage in STAGES for place in STAGES[stage].get("params", [])
    ]

    forgotten = {
        leaf for leaf in leaves(data) if not any(f"{leaf}.".startswith(f"{place}.") for place in depended_on)
    }

    assert forgotten == {"runtime.workers"}


def test_outputs_are_not_in_git() -> None:
    outs = [path.replace("${data.dataset}", "*") for stage in STAGES for path in listed(stage, "outs")]

    ended = run(ROOT, "git", "ls-files", "--", *outs)

    assert outs
    assert (ended.returncode, ended.stdout) == (0, "")


def test_metrics_and_plots_are_in_git_instead_of_the_cache() -> None:
    options = [
        how for stage in STAGES for kind in ("metrics", "plots") for how in listed(stage, kind).values()
    ]

    assert options
    assert all(how["cache"] is False for how in options)


def test_dvc_neither_reports_its_use_nor_looks_for_updates() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".dvc" / "config")

    assert not config.getboolean("core", "analytics")
    assert not config.getboolean("core", "check_update")


def test_the_lock_pins_every_package_and_names_no_index() -> None:
    for line in (ROOT / LOCK).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.+]*( ; [^#@]+)?", line), line


def test_the_lock_holds_what_the_project_asks_for() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    wanted = [*settings["project"]["dependencies"], *settings["dependency-groups"]["pipeline"]]
    names = {canonicalize_name(Requirement(entry).name) for entry in wanted}

    pinned = {line.partition("==")[0] for line in (ROOT / LOCK).read_text(encoding="utf-8").splitlines()}

    assert names <= pinned


def test_dvc_lock_is_that_of_the_code_beside_it() -> None:
    """DVC's own word on what changed since `dvc.lock`; data, which may be absent here, is left out."""
    from dvc.repo import Repo

    with Repo(str(ROOT)) as repo:
        status = repo.status()
    changed = {
        path: state
        for stage, entries in status.items()
        for entry in entries
        if isinstance(entry, dict)
        for path, state in entry.get("changed deps", {}).items()
        if not path.startswith(("data/", "models/"))
    }
    assert not changed, f"run `make repro` and commit dvc.lock and metrics/ with the change: {changed}"
