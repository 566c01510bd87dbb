"""What somebody gets who installs the package and imports it."""

import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import cnn
from tests.cnn.tiny import ROOT, run_python

MODULES = [importlib.import_module(info.name) for info in pkgutil.walk_packages(cnn.__path__, "cnn.")]


# Names ---------------------------------------------------------------------------------


def test_all_names_are_listed_and_all_listed_names_are_there() -> None:
    there = {
        name
        for name, value in vars(cnn).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert sorted(cnn.__all__) == sorted(there)


def test_every_kind_of_thing_that_users_combine_can_be_imported_from_the_package() -> None:
    bases = (cnn.Layer, cnn.Loss, cnn.Optimiser, cnn.Schedule, cnn.Augmentation, cnn.Callback)
    found = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, bases) and not name.startswith("_")
    }
    assert len(found) > len(bases)
    assert found <= set(cnn.__all__)


# Import -----------------------------------------------------------------------------------------------


def test_importing_the_package_loads_numpy_and_threadpoolctl_alone_and_has_no_side_effects() -> None:
    child = run_python(
        """
import os, sys, threading, warnings
modules = set(sys.modules)
import numpy
def state():
    options = numpy.get_printoptions(), numpy.geterr(), warnings.filters
    return str([dict(os.environ), options, numpy.random.get_state(), threading.active_count()])
before = state()
import cnn
assert state() == before
new = {name: module for name, module in sys.modules.items() if name not in modules}
print(*(name for name, module in new.items() if getattr(module, "__spec__", None)))
"""
    )
    assert child.returncode == 0, child.stderr
    packages = {name.partition(".")[0] for name in child.stdout.split()}
    assert packages - set(sys.stdlib_module_names) == {"cnn", "numpy", "threadpoolctl"}


def test_the_changelog_begins_with_what_is_unreleased_and_the_last_release_is_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased, *released = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert unreleased == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", release) for release in released)
    assert not released or released[0].startswith(f"[{cnn.__version__}] ")


def test_what_an_index_shows_links_nowhere_and_has_the_example_of_the_readme() -> None:
    text: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["readme"][
        "text"
    ]
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert example in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "](" not in text


# The wheel --------------------------------------------------------------------------------------------


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    pip = sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"
    run(*pip, "wheel", "--no-deps", *isolation, "--wheel-dir", folder, ROOT)
    [path] = folder.iterdir()
    return path


@pytest.mark.slow
def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata_name] = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(metadata_name).decode())
    info = metadata_name.partition("/")[0]
    assert {name.partition("/")[0] for name in names} == {"cnn", info}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cnn").rglob("*.py")} | {"cnn/py.typed"}
    assert {name for name in names if name.startswith("cnn/")} == sources
    requirements = metadata.get_all("Requires-Dist", [])
    hard = [re.split(r"[^\w.-]", text)[0] for text in requirements if "extra ==" not in text]
    assert sorted(hard) == ["numpy", "threadpoolctl"]
    assert (metadata["Name"], metadata["Version"]) == ("cnn", cnn.__version__)


@pytest.mark.slow
def test_the_readmes_example_runs_where_only_the_package_is_installed(wheel: Path, tmp_path: Path) -> None:
    example = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert example, "README.md should have an example in Python"
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", venv)
    python = venv / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", wheel)
    packages = json.loads(run(python, "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"))
    assert {package["name"] for package in packages} - {"pip", "setuptools"} == {
        "cnn",
        "numpy",
        "threadpoolctl",
    }
    (tmp_path / "example.py").write_text(example[1])
    assert "cnn" in example[1]
    assert run(python, "-I", "-W", "error", "example.py", cwd=tmp_path).strip()
