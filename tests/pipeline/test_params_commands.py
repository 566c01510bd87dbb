"""What `make repro` and `dvc repro` say of wrong parameters, before anything is run."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.pipeline.workspace import (
    ROOT,
    changed,
    link_environment,
    make_processed,
    run,
    small_parameters,
    write_parameters,
)

SMALL = small_parameters()

NOT_RIGHT = "params.yaml is not right:\n  "
NO_RECIPE = f"{NOT_RIGHT}the file: there is no recipe 'smal': did you mean 'small'? There are other, small."
NO_FIT = (
    f"{NOT_RIGHT}recipes.small: Layer 6 (Dense) does not fit: the last layer must give an output of (10,), "
    "a number for each class, received (9,); a last Dense may say units: classes."
)
NINE = [*SMALL["recipes"]["small"]["model"][:-1], {"layer": "Dense", "units": 9}]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no make")
def test_make_repro_checks_the_parameters_first(tmp_path: Path) -> None:
    folder = make_processed(tmp_path, changed(SMALL, "recipe", "smal"))
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    (folder / ".git").mkdir()
    link_environment(folder)
    before = sorted(folder.iterdir())

    ended = run(folder, "make", "repro")

    first, *rest = ended.stdout.splitlines()
    assert (ended.returncode, first, rest) == (2, ".venv/bin/python -m lessons.params", [])
    assert ended.stderr.startswith(f"error: {NO_RECIPE}\nmake: ")
    assert sorted(folder.iterdir()) == before


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which `dvc repro` works, without anything that a stage wrote."""
    folder = make_processed(tmp_path / "project", SMALL)
    shutil.rmtree(folder / "data")
    for name in ("dvc.yaml", "requirements.lock", ".dvcignore"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "pictures", folder / "pictures")
    (folder / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc")
    with (folder / ".dvc" / "config").open("a") as file:
        file.write("    no_scm = true\n")
    return folder


def repro(project: Path) -> str:
    """Run `dvc repro`, which must fail and leave nothing, and return all that was said."""
    site = {
        f"DVC_{kind}": str(project.parent / kind)
        for kind in ("SITE_CACHE_DIR", "GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR")
    }
    ended = run(project, "dvc", "repro", **site)
    assert ended.returncode != 0
    assert not (project / "dvc.lock").exists()
    assert not (project / "data" / "raw" / "mnist").exists()
    assert not any((project / path).exists() for path in (paths.PROCESSED, paths.MODEL))
    return ended.stdout + ended.stderr


@pytest.mark.slow
def test_under_bare_dvc_repro_the_first_stage_refuses_and_no_other_runs(project: Path) -> None:
    write_parameters(project, changed(SMALL, "recipes.small.model", NINE))

    said = repro(project)

    assert re.findall(r"^Running stage '(\w+)':$", said, re.MULTILINE) == ["fetch"]
    assert f"error: {NO_FIT}\n" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_under_bare_dvc_repro_dvc_names_a_parameter_that_it_misses_or_the_line_that_is_not_valid_yaml(
    project: Path,
) -> None:
    write_parameters(project, changed(SMALL, "data", {"datset": "mnist"}))
    missing = repro(project)
    assert missing.startswith("ERROR: failed to parse 'stages.")
    assert "Could not find 'data.folder'\n" in missing

    (project / paths.PARAMETERS).write_text("recipe: small\n\tdata: mnist", encoding="utf-8")
    broken = repro(project)
    assert broken.startswith("ERROR: unable to read: 'params.yaml', YAML file structure is corrupted: ")
    assert ", line 2, column " in broken
    for said in (missing, broken):
        assert "Running stage" not in said
        assert "Traceback" not in said
