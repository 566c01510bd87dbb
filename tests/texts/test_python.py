"""The Python of README, CONTRIBUTING and the pages runs, and prints what they say.

Sessions (`pycon`) are one doctest a page, and programs (`python`) are one program a page, in reading order.
"""

import doctest
import re
import shutil
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

import cnn
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.to_onnx import to_onnx
from tests.pipeline.trained_on_digits import trained_on_digits
from tests.pipeline.workspace import run
from tests.refusals import assert_refuses
from tests.texts.texts import TEXTS, blocks, read

README = "README.md"
YOUR_OWN = "docs/reference/your-own.md"
COMING_FROM = "docs/reference/coming-from.md"
EXPORT = "docs/pipeline/export.md"


def run_sessions(text: str, markdown: str) -> str:
    """Return how what the sessions print differs from what stands there."""
    names: dict[str, object] = {}
    faults: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    with np.printoptions():  # what a page sets holds for this page
        for block in blocks(markdown, "pycon"):
            session = doctest.DocTestParser().get_doctest(block.code, {}, text, text, block.line - 1)
            session.globs = names
            runner.run(session, out=faults.append, clear_globs=False)
    return "".join(faults)


def run_programs(text: str, markdown: str, folder: Path) -> str:
    """Return what the programs print; their lines have the numbers that they have in the text."""
    lines = [""] * markdown.count("\n")
    for block in blocks(markdown, "python"):
        code = block.code.splitlines()
        lines[block.line - 1 : block.line - 1 + len(code)] = code
    program = folder / Path(text).with_suffix(".py").name
    program.write_text("\n".join(lines), encoding="utf-8")
    ended = run(folder, "python", program.name)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("text", TEXTS)
def test_sessions_print_what_the_text_says(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    faults = run_sessions(text, read(text))
    if faults:
        pytest.fail(faults, pytrace=False)


def test_programs_of_the_pages_run(tmp_path: Path) -> None:
    for text in TEXTS:
        if text not in {README, YOUR_OWN, COMING_FROM, EXPORT} and blocks(read(text), "python"):
            run_programs(text, read(text), tmp_path)


def test_a_classifier_takes_eight_lines_of_the_readme() -> None:
    code = blocks(read(README), "python")[-1].code
    assert "model.fit(" in code
    assert "model.evaluate(" in code
    assert len([line for line in code.splitlines() if line]) <= 8


def test_programs_of_the_readme_print_shapes_small_errors_and_a_high_accuracy(tmp_path: Path) -> None:
    shapes, errors, accuracy = run_programs(README, read(README), tmp_path).splitlines()
    assert shapes == "(4, 28, 28, 8) (4, 28, 28, 1) (3, 3, 1, 8) (8,)"
    numbers = [float(error) for error in re.findall(r": ([\d.e-]+)", errors)]
    assert len(numbers) == 3
    assert max(numbers) < 1e-6
    assert float(accuracy) > 0.97


def test_the_layer_that_a_page_teaches_is_right_learns_and_comes_back(tmp_path: Path) -> None:
    errors, accuracy, slopes, same, *epochs = run_programs(YOUR_OWN, read(YOUR_OWN), tmp_path).splitlines()
    numbers = [float(error) for error in re.findall(r": ([\d.e-]+)", errors)]
    assert len(numbers) == 2
    assert max(numbers) < 1e-6
    assert float(accuracy) > 0.9
    assert slopes.startswith("[")
    assert same == "True"
    assert [line.split()[0] for line in epochs] == ["1", "2"]


def test_the_layer_that_a_page_teaches_is_refused_by_the_export_in_one_sentence(tmp_path: Path) -> None:
    first, *_ = blocks(read(YOUR_OWN), "python")
    page = tmp_path / "page.py"  # a dataclass looks for its module
    page.write_text(first.code, encoding="utf-8")
    swish = run_path(str(page))["Swish"]
    model = cnn.Sequential([cnn.Dense(3), swish()])
    model.build((4,), np.random.default_rng(0))
    assert_refuses(lambda: to_onnx(model), PipelineError, "Layer 1 cannot be exported", "Swish", "CONVERTERS")


def test_what_replaces_the_habits_of_other_libraries_learns(tmp_path: Path) -> None:
    digit, shape, whole, kept, parity, loop, folds, wrapped, more = run_programs(
        COMING_FROM, read(COMING_FROM), tmp_path
    ).splitlines()
    assert re.fullmatch(r"\[(\d)\] \[\1\]", digit)
    assert shape == "(1, 10)"
    assert kept == "True"
    for accuracy in (whole, parity, loop, folds, wrapped, more):
        assert float(accuracy) > 0.85


def test_the_program_beside_an_exported_network_prints_the_digit_of_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime has no package for this system")
    trained_on_digits(tmp_path)
    ended = run(tmp_path, "python", "-m", "pipeline.export")
    assert ended.returncode == 0, ended.stderr
    shutil.copy(tmp_path / paths.ONNX, tmp_path / "model.onnx")
    for digit in range(3):
        shutil.copy(tmp_path / f"{digit}.png", tmp_path / "digit.png")
        assert run_programs(EXPORT, read(EXPORT), tmp_path) == f"{digit}\n"
    assert (tmp_path / "mine.onnx").exists()
