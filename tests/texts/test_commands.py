"""The commands of README, CONTRIBUTING and the pages name what there is, and are accepted."""

import re
import shlex
import shutil
import sys
import venv
from argparse import ArgumentParser
from contextlib import chdir
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from dvc.cli import parse_args
from ruamel.yaml import YAML

from lessons.params import AllParameters
from pipeline.common.params import parse_parameters
from tests.pipeline.workspace import STAGES, parameters, run
from tests.texts.texts import ROOT, TEXTS, blocks, commands, read

SOURCES = [file for folder in ("pipeline", "tests") for file in (ROOT / folder).rglob("*.py")]
VARIABLES = {
    name for file in SOURCES for name in re.findall(r'"(CNN_\w+)"', file.read_text(encoding="utf-8"))
}
ASSIGNMENT = re.compile(r"\w+=.*")


class ProgramStoppedError(Exception):
    """Ends a program once it has read its arguments."""


def check_make(words: list[str]) -> None:
    targets = re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)


def check_python(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one of our programs read its arguments, and go no further."""
    assert words[0] == "-m"
    module, *arguments = words[1:]
    if not (ROOT / module.partition(".")[0]).is_dir():  # it is not ours
        return
    spec = find_spec(module)
    if spec and spec.submodule_search_locations is not None:
        module = f"{module}.__main__"
        spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    assert "__main__" in text or module.endswith("__main__")
    if "ArgumentParser" not in text:
        assert not arguments
        return
    parse = ArgumentParser.parse_args

    def stop(parser: ArgumentParser) -> None:
        parse(parser, arguments)
        raise ProgramStoppedError

    monkeypatch.setattr(ArgumentParser, "parse_args", stop)
    with pytest.raises(ProgramStoppedError):
        import_module(module).main()
    monkeypatch.undo()


def check_dvc(words: list[str]) -> None:
    taken = parse_args(words)
    for setting in getattr(taken, "set_param", None) or ():
        name, _, text = setting.partition("=")
        change = YAML(typ="safe", pure=True).load(text)
        for key in reversed(name.split(".")):
            change = {key: change}
        check_change(change)
    if words[0] != "add":  # which takes files and folders
        assert set(getattr(taken, "targets", None) or ()) <= set(STAGES)


def check_change(change: Any) -> None:
    with TemporaryDirectory() as beside, chdir(beside):
        folder = change.get("data", {}).get("folder")
        if folder:  # what a page says of pictures holds for any two classes
            for name in ("cat", "dog"):
                Path(beside, folder, name).mkdir(parents=True)
        parse_parameters(merged(parameters(), change), "params.yaml", AllParameters)


def merged(data: Any, change: Any) -> Any:
    if isinstance(data, dict) and isinstance(change, dict):
        return data | {key: merged(data.get(key), value) for key, value in change.items()}
    return change


@pytest.mark.parametrize("text", TEXTS)
def test_commands_name_what_there_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for line, command in commands(read(text)):
        print(f"{text}, line {line}: {command}")  # pytest shows it if what follows fails
        words = shlex.split(command, comments=True)
        while words and ASSIGNMENT.fullmatch(words[0]):
            words.pop(0)
        program, *arguments = words or [""]
        match program.removeprefix(".venv/bin/"):
            case "make":
                check_make(arguments)
            case "py" | "python" | "python3":
                check_python(arguments, monkeypatch)
            case "dvc":
                check_dvc(arguments)
            case "git" | "pip" | "pytest":
                assert all((ROOT / word).exists() for word in arguments if re.search(r"\w[./]\w", word))


@pytest.mark.skipif(sys.platform == "win32", reason="these blocks are for a shell of Linux and macOS")
@pytest.mark.parametrize("other_way", ["python3 -m venv", "make repro"])
@pytest.mark.parametrize("text", ["README.md", "docs/pipeline/run.md"])
def test_commands_are_found_when_they_are_followed_in_order(
    text: str, other_way: str, tmp_path: Path
) -> None:
    """Stand-ins do nothing; those of the environment are found only after it has been entered."""
    outside, inside = tmp_path / "bin", tmp_path / ".venv" / "bin"
    outside.mkdir()
    venv.create(tmp_path / ".venv", symlinks=True)
    (inside / "python").unlink()
    (inside / "python3").unlink()
    nothing = str(shutil.which("true"))
    for folder, names in (outside, ["git", "make", "python3"]), (inside, ["dask", "dvc", "pip", "python"]):
        for name in names:
            (folder / name).symlink_to(nothing)
    followed = [block.code for block in blocks(read(text), "sh") if not block.code.startswith(other_way)]

    ended = run(tmp_path, str(shutil.which("sh")), "-e", "-c", "".join(followed), PATH=str(outside))

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("text", TEXTS)
def test_yaml_is_a_part_of_the_parameters(text: str) -> None:
    for block in blocks(read(text), "yaml"):
        check_change(YAML(typ="safe", pure=True).load(block.code))


@pytest.mark.parametrize("text", TEXTS)
def test_variables_of_the_environment_are_read_by_the_code(text: str) -> None:
    assert set(re.findall(r"\bCNN_\w+", read(text))) <= VARIABLES
