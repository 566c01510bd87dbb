"""Checks of commands: what they name must be there, and what they are given must be accepted."""

import re
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click import UsageError
from dvc.cli import DvcParserError, parse_args
from ruamel.yaml import YAML

from lessons.params import AllParameters
from pipeline.common.errors import PipelineError
from pipeline.common.params import check_parameters, load_parameters
from pipeline.study.overrides import with_recipe, with_settings
from tests.pipeline.test_dvc import STAGES
from tests.pipeline.workspace import parameters
from tests.texts.texts import ROOT

ASSIGNMENT = re.compile(r"(\w+)=.*")


class WrongCommandError(Exception):
    """A command that somebody could not type with success."""


def check_command(command: str) -> None:
    """Check a line for a shell.

    Raises:
        WrongCommandError: if it names something that is not there; it says what.
    """
    words = shlex.split(command, comments=True)
    try:
        while words and (assignment := ASSIGNMENT.fullmatch(words[0])):
            expect(assignment[1] in variables(), "no code reads such a variable")
            words.pop(0)
        if words:
            program = words[0].removeprefix(".venv/bin/")
            expect(program in CHECKS, "nothing here knows this program")
            CHECKS[program](words[1:])
    except (DvcParserError, PipelineError, UsageError, WrongCommandError) as fault:
        raise WrongCommandError(f"`{command}`: {fault}") from fault


def expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise WrongCommandError(otherwise)


@cache
def variables() -> set[str]:
    """Return the variables of the environment that the code asks for: names that are strings of their own."""
    sources = [file for folder in ("pipeline", "tests") for file in (ROOT / folder).rglob("*.py")]
    return {name for file in sources for name in re.findall(r'"(CNN_\w+)"', file.read_text(encoding="utf-8"))}


def check_make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        variable = ASSIGNMENT.fullmatch(word)
        pattern = rf"^{variable[1]} \?=" if variable else rf"^{re.escape(word)}:"
        expect(bool(re.search(pattern, makefile, re.MULTILINE)), f"the Makefile has no {word}")


def check_python(words: list[str]) -> None:
    expect(words[0] == "-m", "expected a module")
    module, *arguments = words[1:]
    source = _source_of(module)
    if not (ROOT / module.partition(".")[0]).is_dir():  # it is not ours
        return
    text = source.read_text(encoding="utf-8")
    expect("__main__" in text or source.stem == "__main__", f"{module} does nothing when it is run")
    if "ArgumentParser" not in text:
        expect(not arguments, f"{module} takes no arguments")
        return
    taken = _parsed(f"{module}.__main__" if source.stem == "__main__" else module, arguments)
    if module == "pipeline.study":
        data = load_parameters(ROOT / "params.yaml")
        with_settings(with_recipe(data, taken.recipe or data.recipe, taken.kernels), taken.set)


def _source_of(module: str) -> Path:
    """Return the file that `python -m` runs."""
    try:
        spec = find_spec(module)
        if spec and spec.submodule_search_locations is not None:
            spec = find_spec(f"{module}.__main__")
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise WrongCommandError(f"there is no module {module} to run")
    return Path(spec.origin)


class _ProgramStopped(BaseException):
    """Ends a program once it has read its arguments, which it brings along."""


def _parsed(module: str, words: list[str]) -> Namespace:
    """Return what a program's own parser makes of its arguments."""
    parse = ArgumentParser.parse_args

    def stop(parser: ArgumentParser) -> None:
        raise _ProgramStopped(parse(parser, words))

    def refuse(parser: ArgumentParser, message: str) -> None:
        raise WrongCommandError(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArgumentParser, "parse_args", stop)
        patch.setattr(ArgumentParser, "error", refuse)
        with pytest.raises(_ProgramStopped) as stopped:
            import_module(module).main()
    taken: Namespace = stopped.value.args[0]
    return taken


def check_dvc(words: list[str]) -> None:
    taken = parse_args(words)
    for setting in getattr(taken, "set_param", None) or ():
        place, _, text = setting.partition("=")
        change = _yaml(text)
        for key in reversed(place.split(".")):
            change = {key: change}
        check_change(change)
    for target in getattr(taken, "targets", None) or ():
        expect(target in STAGES, f"dvc.yaml has no stage {target}")


def check_yaml(text: str) -> None:
    """Check that YAML is a part of `params.yaml`, be it with other values."""
    check_change(_yaml(text))


def check_change(change: Any) -> None:
    try:
        check_parameters(_changed(parameters(), change), "params.yaml, so changed,", AllParameters)
    except PipelineError as fault:
        raise WrongCommandError(str(fault)) from fault


def _changed(data: Any, change: Any) -> Any:
    if isinstance(data, dict) and isinstance(change, dict):
        return data | {key: _changed(data.get(key), value) for key, value in change.items()}
    return change


def _yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def check_dask(words: list[str]) -> None:
    command, *arguments = words
    found = {entry.name: entry for entry in entry_points(group="dask_cli")}
    expect(command in found, f"dask has no command {command}")
    found[command].load().make_context(command, arguments)


def check_files(words: list[str]) -> None:
    for word in words:
        if re.search(r"[./]", word):
            expect((ROOT / word).exists(), f"there is no {word}")


def check_activation(words: list[str]) -> None:
    expect(words == [".venv/bin/activate"], "the Makefile makes .venv")


CHECKS: Mapping[str, Callable[[list[str]], None]] = {
    ".": check_activation,
    "dask": check_dask,
    "dvc": check_dvc,
    "git": check_files,
    "make": check_make,
    "pip": check_files,
    "pytest": check_files,
    "python": check_python,
    "python3": check_python,
}
