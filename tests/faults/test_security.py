"""No parameter and no file of somebody else's runs code or leads out of its folder."""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from cnn import Sequential
from lessons.params import load_all_parameters
from pipeline.common import paths
from pipeline.common.datasets import DATASETS
from pipeline.common.errors import PipelineError
from pipeline.study.results import results_path
from tests.cnn.tiny import linear
from tests.faults.counting import Tried
from tests.faults.tables import faults
from tests.pipeline.clone import attempt
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters

NAMES = {
    "unsafe-calls",
    "commands-in-parameters",
    "data-set-out-of-its-folder",
    "recipe-out-of-its-folder",
    "members-out-of-their-folder",
    "code-in-a-model",
    "scripts-in-pages",
}

# What no module calls or imports; ruff's rules S have most of it, and a comment could turn them off.
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "commands", "pty"}
CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("os.system", "os.popen", "os.tempnam", "tempfile.mktemp", "subprocess.getoutput"),
    *("shutil.unpack_archive", "logging.config.listen", "builtins.eval", "builtins.exec"),
}
METHODS = {"extractall", "extract", "read_pickle", "to_pickle", "get_unverified_context"}
# Keywords that make a harmless call a dangerous one, with the value that does not.
KEYWORDS = {"shell": False, "allow_pickle": False, "verify": True, "typ": "safe"}
LOADS = {"np.load", "numpy.load"}


def dangers(source: str) -> Iterator[str]:
    """Go through what a module does that could run code of somebody else's."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (module for _ in [0] if module.partition(".")[0] in MODULES)
                yield from (one.name for one in names if f"{module}.{one.name}" in CALLS)
            case ast.Call(func=function, keywords=keywords):
                name = ast.unparse(function)
                if name in CALLS or (isinstance(function, ast.Attribute) and function.attr in METHODS):
                    yield name
                given = {one.arg: one.value for one in keywords}
                for keyword, value in given.items():
                    if keyword in KEYWORDS and not is_constant(value, KEYWORDS[keyword]):
                        yield f"{name} with {keyword}"
                if name in LOADS and "allow_pickle" not in given:
                    yield f"{name} without allow_pickle"


def is_constant(value: ast.expr, expected: object) -> bool:
    return isinstance(value, ast.Constant) and value.value == expected


UNSAFE = [
    "import pickle",
    "import yaml",
    "from marshal import loads",
    "from os import system",
    "import concurrent.futures, dill.session",
    "eval('1 + 1')",
    "exec(text)",
    "__import__(name)",
    "os.system('ls')",
    "os.popen(command)",
    "tempfile.mktemp()",
    "subprocess.run('ls', shell=True)",
    "subprocess.run('ls', shell=anything)",
    "np.load(path, allow_pickle=True)",
    "np.load(path)",
    "np.save(path, array, allow_pickle=True)",
    "zipfile.ZipFile(path).extractall(folder)",
    "tarfile.open(path).extract(member)",
    "shutil.unpack_archive(path)",
    "requests.get(address, verify=False)",
    "YAML(typ='unsafe').load(text)",
    "YAML(typ=kind).load(text)",
]


def test_the_tests_try_what_the_table_says() -> None:
    assert set(faults("security")) == NAMES


@pytest.mark.parametrize("source", UNSAFE)
def test_the_reading_of_modules_finds_what_is_unsafe(source: str, tried: Tried) -> None:
    assert len(list(dangers(f"def function():\n    {source}\n"))) == 1
    tried("security", "unsafe-calls")


@pytest.mark.parametrize("package", ["cnn", "pipeline", "benchmarks"])
def test_no_module_does_anything_unsafe(package: str) -> None:
    modules = list((ROOT / package).rglob("*.py"))
    assert len(modules) > 5
    found = {str(path.relative_to(ROOT)): list(dangers(path.read_text(encoding="utf-8"))) for path in modules}
    assert {path: what for path, what in found.items() if what} == {}


# Parameters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["x; touch y", "$(touch y)", "`touch y`", "x\ntouch y", "x' || touch y #"]
)
def test_a_command_in_a_parameter_reaches_no_shell(tmp_path: Path, command: str, tried: Tried) -> None:
    stages = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    assert {name: stage["cmd"] for name, stage in stages.items()} == {
        name: f"python -m pipeline.{name}" for name in stages
    }
    data = changed(small_parameters(), "recipe", command)
    with pytest.raises(PipelineError, match=re.escape(f"there is no recipe {command!r}")):
        load_all_parameters(write_parameters(tmp_path, data))
    tried("security", "commands-in-parameters")


OUTSIDE = ["../x", "../../x", "..", "a/../../x", "/x", "C:\\x", "..\\x", "mnist/../../x", "mnist\0"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_data_set_lies_outside_its_folder(tmp_path: Path, name: str, tried: Tried) -> None:
    data = changed(small_parameters(), "data.dataset", name)
    with pytest.raises(
        PipelineError, match=re.escape(f"data.dataset must be 'mnist' or 'fashion-mnist', received {name!r}.")
    ):
        load_all_parameters(write_parameters(tmp_path, data))
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]
    tried("security", "data-set-out-of-its-folder")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../../x", "../../../x"])
def test_no_run_of_the_pipeline_touches_what_lies_there(clone: Path, name: str, tried: Tried) -> None:
    there = [(clone / place / name).resolve() / "kept" for place in (paths.RAW, paths.PROCESSED)]
    for path in there:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    write_parameters(clone, changed(small_parameters(), "data.dataset", name))

    ended = attempt(clone, "dvc", "repro")

    assert ended.returncode != 0
    assert "is specified in" in ended.stderr  # two stages that write the same place, says DVC
    assert [path.read_text(encoding="utf-8") for path in there] == ["mine", "mine"]
    tried("security", "data-set-out-of-its-folder")


@pytest.mark.parametrize("name", [*OUTSIDE, "", "a b", "a.b", "${data}"])
def test_no_recipe_is_named_out_of_its_folder(tmp_path: Path, name: str, tried: Tried) -> None:
    data = small_parameters()
    data["recipes"][name] = data["recipes"]["other"]
    with pytest.raises(PipelineError) as caught:
        load_all_parameters(write_parameters(tmp_path, data))
    assert str(caught.value).splitlines()[1:] == [
        f"  recipes: a recipe must be named with letters, digits, - and _ only, received {name!r}."
    ]
    tried("security", "recipe-out-of-its-folder")


def test_every_name_that_is_taken_stays_in_its_folder() -> None:
    names = load_all_parameters(ROOT / paths.PARAMETERS).recipes
    assert {results_path(name, False).parent for name in names} == {paths.STUDIES}
    assert {(paths.RAW / name).parent for name in DATASETS} == {paths.RAW}


# Files -----------------------------------------------------------------------------------------------


def saved(folder: Path) -> Path:
    linear().save(folder / "model.npz")
    return folder / "model.npz"


@pytest.mark.parametrize("name", ["../x", "../../x", "/tmp/x", "..\\x", "0.weight/../../x"])  # noqa: S108
def test_a_member_named_out_of_its_folder_is_refused(tmp_path: Path, name: str, tried: Tried) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    model = saved(inner)
    array = io.BytesIO()
    np.save(array, np.zeros(3, np.float32), allow_pickle=False)
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr(f"{name}.npy", array.getvalue())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    with pytest.raises(ValueError, match=re.escape(f"no array named {name!r}")):
        Sequential.load(model)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    tried("security", "members-out-of-their-folder")


NO_LAYERS = [
    "os.system",
    "eval",
    "__class__",
    "__builtins__",
    "Layer",
    "Sequential",
    "np",
    "SGD",
    "save_model",
]


@pytest.mark.parametrize("name", NO_LAYERS)
def test_what_is_no_layer_is_not_made(tmp_path: Path, name: str, tried: Tried) -> None:
    model = saved(tmp_path)
    with np.load(model, allow_pickle=False) as members:
        arrays: dict[str, Any] = {key: members[key] for key in members.files}
    header = json.loads(str(arrays.pop("header")))
    header["layers"][0] = {"layer": name}
    np.savez(model, allow_pickle=False, header=np.array(json.dumps(header)), **arrays)
    with pytest.raises(ValueError, match=re.escape(f"There is no layer {name!r}")):
        Sequential.load(model)

    data = changed(small_parameters(), "recipes.small.model", [{"layer": name}])
    with pytest.raises(PipelineError, match=re.escape(f"There is no layer {name!r}")):
        load_all_parameters(write_parameters(tmp_path, data))
    tried("security", "code-in-a-model", 2)


# The site --------------------------------------------------------------------------------------------

SCRIPTS = [
    (r"<script\b(?![^>]*\bsrc=)", "<script>alert(1)</script>"),
    (r"<[a-zA-Z-]+\s[^>]*\bon[a-z]+\s*=", "<img src='x' onerror='alert(1)'>"),
    (r"javascript:", "[text](javascript:alert(1))"),
    (r"\b(eval|Function|setTimeout)\(\s*[\"'`]", "setTimeout('alert(1)')"),
    (r"\bnew Function\(", "new Function(text)"),
    (r"\bdocument\.write", "document.write(text);"),
    (r"\b(src|import|from)\b\s*[=(]?\s*[\"']?(https?:)?//", "import x from 'https://example.org/x.js'"),
]


@pytest.mark.parametrize(("pattern", "example"), SCRIPTS, ids=range(len(SCRIPTS)))
def test_no_page_has_a_script_of_its_own(pattern: str, example: str, tried: Tried) -> None:
    assert re.search(pattern, example)
    sources = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".js", ".jinja"}]
    written = [path for path in sources if not path.is_relative_to(ROOT / "docs" / "built")]
    assert len(written) > 20
    assert [path for path in written if re.search(pattern, path.read_text(encoding="utf-8"))] == []
    tried("security", "scripts-in-pages")
