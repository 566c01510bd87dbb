"""The commands of README, CONTRIBUTING and the pages name what there is."""

import re

import pytest

from tests.texts.commands import WrongCommandError, check_command, check_yaml, variables
from tests.texts.texts import TEXTS, blocks, commands, read

WRONG = {
    "make tests": "the Makefile has no tests",
    "make test PYTHN=python3.12": "the Makefile has no PYTHN",
    "CNN_KERNEL=portable make repro": "no code reads such a variable",
    "python -m pipeline.sturdy": "there is no module pipeline.sturdy to run",
    "python -m pipelin.study": "there is no module pipelin.study to run",
    "python -m pipeline": "there is no module pipeline to run",
    "python -m pipeline.study.results": "pipeline.study.results does nothing when it is run",
    "python -m pipeline.train --epochs 3": "pipeline.train takes no arguments",
    "python pipeline/train.py": "expected a module",
    "python -m pipeline.predict --jsn digit.png": "unrecognized arguments: --jsn",
    "python -m pipeline.predict": "the following arguments are required: image",
    "python -m pipeline.study --kernels quick": "invalid choice: 'quick'",
    "python -m pipeline.study --recipe slow": "no recipe 'slow'",
    "python -m pipeline.study --validation-only --set train.epoch=8": "epoch is not known, did you mean",
    "dvc reproduce": "parser error",
    "dvc repro --singleitem train": "parser error",
    "dvc repro trian": "dvc.yaml has no stage trian",
    "dvc exp run -S recipe=slow": "recipe",
    "dvc exp run -S recipes.seed.train.epoch=1": "epoch is not known, did you mean",
    "dvc exp run -S runtime.kernels=quick": "runtime.kernels must be",
    "dask werker tcp://10.0.0.1:8786": "dask has no command werker",
    "dask worker --threads 1 tcp://10.0.0.1:8786": "Got unexpected extra arguments",
    "pip install -r requirements-test.lock": "there is no requirements-test.lock",
    ".venv/bin/pytest tests/cnn/test_layers.py": "there is no tests/cnn/test_layers.py",
    "git restore parameters.yaml": "there is no parameters.yaml",
    ". venv/bin/activate": "the Makefile makes .venv",
    "conda install cnn": "nothing here knows this program",
}


@pytest.mark.parametrize("text", TEXTS)
def test_commands_name_what_there_is(text: str) -> None:
    for line, command in commands(read(text)):
        try:
            check_command(command)
        except WrongCommandError as fault:
            pytest.fail(f"{text}, line {line}: {fault}", pytrace=False)


@pytest.mark.parametrize(("command", "fault"), WRONG.items())
def test_a_command_that_names_something_else_is_refused(command: str, fault: str) -> None:
    with pytest.raises(WrongCommandError, match=re.escape(fault)) as refusal:
        check_command(command)
    assert str(refusal.value).startswith(f"`{command}`: ")


@pytest.mark.parametrize("text", TEXTS)
def test_yaml_is_a_part_of_the_parameters(text: str) -> None:
    for block in blocks(read(text), "yaml"):
        check_yaml(block.code)


def test_yaml_that_is_no_part_of_the_parameters_is_refused() -> None:
    with pytest.raises(WrongCommandError, match=r"fetch\.falback is not known, did you mean 'fallback'"):
        check_yaml("fetch:\n  falback: none\n")


@pytest.mark.parametrize("text", TEXTS)
def test_variables_of_the_environment_are_read_by_the_code(text: str) -> None:
    assert set(re.findall(r"\bCNN_\w+", read(text))) <= variables()
