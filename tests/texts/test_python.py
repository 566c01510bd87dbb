"""The Python of README, CONTRIBUTING and the pages runs, and prints what they say.

Sessions (`pycon`) are one doctest a page, and programs (`python`) are one program a page, in reading order.
"""

import doctest
import re
import shutil
import warnings
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import cnn
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.to_onnx import to_onnx
from tests.cnn.tiny import images, linear
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


def program_of(text: str, markdown: str, folder: Path) -> Path:
    """Write the programs into one file; their lines have the numbers that they have in the text."""
    lines = [""] * markdown.count("\n")
    for block in blocks(markdown, "python"):
        code = block.code.splitlines()
        lines[block.line - 1 : block.line - 1 + len(code)] = code
    program = folder / Path(text).with_suffix(".py").name
    program.write_text("\n".join(lines), encoding="utf-8")
    return program


def run_programs(text: str, markdown: str, folder: Path) -> str:
    """Return what the programs print."""
    ended = run(folder, "python", program_of(text, markdown, folder).name)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def coming_from(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return names_of(COMING_FROM, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def your_own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return names_of(YOUR_OWN, tmp_path_factory.mktemp("page"))


def names_of(text: str, folder: Path) -> dict[str, Any]:
    """Return what the programs define, and what they print as `printed`."""
    program = program_of(text, read(text), folder)
    with redirect_stdout(StringIO()) as printed, chdir(folder), warnings.catch_warnings(action="ignore"):
        return run_path(str(program)) | {"printed": printed.getvalue().splitlines()}


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


def test_the_layer_that_a_page_teaches_is_right_learns_and_comes_back(your_own: dict[str, Any]) -> None:
    errors, accuracy, slopes, same, errors_of_block, *epochs = your_own["printed"]
    numbers = [float(error) for error in re.findall(r": ([\d.e-]+)", errors + errors_of_block)]
    assert len(numbers) == 7  # Swish: the input and the slopes; the block: the input, two weights, two biases
    assert max(numbers) < 1e-6
    assert float(accuracy) > 0.9
    assert slopes.startswith("[")
    assert same == "True"
    assert [line.split()[0] for line in epochs] == ["1", "2"]


def test_the_layer_that_a_page_teaches_is_refused_by_the_export_in_one_sentence(
    your_own: dict[str, Any],
) -> None:
    model = cnn.Sequential([cnn.Dense(3), your_own["Swish"]()])
    model.build((4,), np.random.default_rng(0))
    assert_refuses(lambda: to_onnx(model), PipelineError, "Layer 1 cannot be exported", "Swish", "CONVERTERS")


def test_the_loss_for_several_labels_is_a_cross_entropy_for_each_of_them(your_own: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(scale=9, size=(5, 3)), rng.integers(2, size=(5, 3))
    of_pairs = np.stack([np.zeros(15), outputs.ravel()], axis=1)  # softmax([0, z])[1] is the sigmoid of z
    expected, gradient = cnn.SoftmaxCrossEntropy()(of_pairs, targets.ravel())
    value, doutputs = your_own["BinaryCrossEntropy"]()(outputs, targets)
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(doutputs.ravel(), gradient[:, 1], atol=1e-12)


def test_the_callback_that_a_page_teaches_goes_on_from_a_checkpoint(
    your_own: dict[str, Any], tmp_path: Path
) -> None:
    def rates(path: Path, *others: Any) -> list[float]:
        model, callbacks = linear(), [your_own["HalveTheRate"](), *others, cnn.Checkpoint(path)]
        options: Any = {"epochs": 5, "optimiser": cnn.SGD(3.0), "batch_size": 3, "callbacks": callbacks}
        return model.fit(*images(9), **options)["learning_rate"]

    def stop(training: cnn.Training) -> None:
        if training.epoch == 4:
            raise KeyboardInterrupt

    whole = rates(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        rates(tmp_path / "stopped", stop)
    assert rates(tmp_path / "stopped") == whole
    assert len(set(whole[:3])) > 1, "the rate should change before training is stopped"


def test_what_replaces_the_habits_of_other_libraries_learns(coming_from: dict[str, Any]) -> None:
    digit, shape, whole, kept, *accuracies = coming_from["printed"]
    assert re.fullmatch(r"\[(\d)\] \[\1\]", digit)
    assert shape == "(1, 10)"
    assert kept == "True"
    assert len(accuracies) == 7
    assert min(map(float, (whole, *accuracies))) > 0.85


@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_a_weight_counts_as_so_many_copies_of_the_sample_do(
    coming_from: dict[str, Any], label_smoothing: float
) -> None:
    weights, labels = np.array([1, 2, 3, 1]), np.array([0, 2, 1, 1])
    outputs, rows = np.random.default_rng(0).normal(size=(4, 3)), weights[:, None] * cnn.one_hot(labels, 3)
    weighted = coming_from["Weighted"](label_smoothing)
    copies = np.repeat(np.arange(4), weights)
    expected, of_copies = cnn.SoftmaxCrossEntropy(label_smoothing)(outputs[copies], labels[copies], 4)
    value, gradient = weighted(outputs, rows)
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(gradient, np.add.reduceat(of_copies, np.cumsum(weights) - weights))
    parts = [weighted(outputs[part], rows[part], batch_size=4) for part in (slice(0, 1), slice(1, 4))]
    assert sum(one for one, _ in parts) == pytest.approx(value)
    np.testing.assert_allclose(np.concatenate([one for _, one in parts]), gradient)


def test_pytorchs_weights_give_what_pytorch_computes(coming_from: dict[str, Any]) -> None:
    arrays = coming_from["arrays"]
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 8)).astype(np.float32)
    y = np.einsum("ncpqij,fcij->nfpq", sliding_window_view(x, (3, 3), axis=(2, 3)), arrays["0.weight"])
    y += arrays["0.bias"][:, None, None]
    mean, variance, scale, shift = (
        arrays[f"1.{name}"][:, None, None] for name in ("running_mean", "running_var", "weight", "bias")
    )
    y = np.maximum(0, scale * (y - mean) / np.sqrt(variance + 1e-5) + shift)
    expected = y.reshape(2, -1) @ arrays["4.weight"].T + arrays["4.bias"]
    np.testing.assert_allclose(coming_from["ported"](x.transpose(0, 2, 3, 1)), expected, rtol=1e-4)


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
