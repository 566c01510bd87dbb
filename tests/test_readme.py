"""The README and CONTRIBUTING.md: their Python runs, and their commands name what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
TEXTS = ["README.md", "CONTRIBUTING.md"]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / text).read_text(encoding="utf-8"), re.DOTALL)


def commands() -> list[str]:
    lines = [line for text in TEXTS for block in blocks(text, "sh") for line in block.splitlines()]
    return [line.partition(" #")[0].strip() for line in lines]


def run_python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_first_example_prints_shapes_and_small_errors(tmp_path: Path) -> None:
    output = run_python(blocks("README.md", "python")[0], tmp_path)
    assert "(4, 28, 28, 8) (4, 28, 28, 1) (3, 3, 1, 8) (8,)" in output
    errors = [float(error) for error in re.findall(r": ([\d.e-]+)", output)]
    assert len(errors) == 3
    assert max(errors) < 1e-6


def test_second_example_learns_the_digits_of_scikit_learn(tmp_path: Path) -> None:
    accuracy = float(run_python(blocks("README.md", "python")[1], tmp_path))
    assert accuracy > 0.97


def test_make_targets_in_texts_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [command.split()[1] for command in commands() if command.startswith("make ")]
    assert {"repro", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_modules_in_texts_exist() -> None:
    modules = [command.split()[2] for command in commands() if command.startswith("python -m pipeline")]
    assert "pipeline.predict" in modules
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_parameters_in_texts_exist() -> None:
    parameters = YAML(typ="safe", pure=True).load(ROOT / "params.yaml")
    settings = [part for command in commands() for part in re.findall(r"-S (\S+)=", command)]
    assert settings
    for setting in settings:
        value = parameters
        for key in setting.split("."):
            assert key in value, setting
            value = value[key]


@pytest.mark.parametrize("text", TEXTS)
def test_links_lead_to_files(text: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / text).read_text(encoding="utf-8"))
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


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
