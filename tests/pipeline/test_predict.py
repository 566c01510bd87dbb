"""Classifying pictures of one's own, from the command line."""

import io
import json
import sys
from pathlib import Path

import pytest

from pipeline.common import paths
from pipeline.common.running import run_stage
from pipeline.predict import main
from tests.pipeline.trained_on_digits import trained_on_digits
from tests.pipeline.workspace import ROOT

DIGITS = "0123456789"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = trained_on_digits(tmp_path_factory.mktemp("trained"))
    (folder / "text.png").write_text("no picture")
    return folder


def predict(patch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    """Classify pictures in a folder, on a terminal of sixty columns; return the status."""
    patch.chdir(folder)
    patch.setenv("COLUMNS", "60")
    patch.setattr(sys, "argv", ["predict", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_stage(main)
    return int(ended.value.code or 0)


Patch = pytest.MonkeyPatch
Said = pytest.CaptureFixture[str]


def test_json_names_file_data_set_answer_and_a_probability_for_each_class(
    trained: Path, monkeypatch: Patch, capsys: Said
) -> None:
    assert predict(monkeypatch, trained, "--json", "0.png", "1.png", "2.png") == 0

    out, err = capsys.readouterr()
    found = json.loads(out)
    assert "mnist-sample" in err
    assert [entry["file"] for entry in found] == ["0.png", "1.png", "2.png"]
    assert [entry["dataset"] for entry in found] == ["mnist-sample"] * 3
    assert [entry["answer"] for entry in found] == ["0", "1", "2"]
    for entry in found:
        assert list(entry["probabilities"]) == list(DIGITS)
        assert sum(entry["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_terminal_output_has_the_picture_and_ten_bars_within_sixty_columns(
    trained: Path, monkeypatch: Patch, capsys: Said
) -> None:
    assert predict(monkeypatch, trained, "2.png") == 0

    out = capsys.readouterr().out
    first, *lines = out.splitlines()
    assert first == "2.png: 2"
    assert len(lines) == 14
    assert all(len(line) <= 60 for line in lines)
    assert "\x1b" not in out, "no control codes in a pipe"
    assert sum("%" in line for line in lines) == 10
    [longest] = [line for line in lines if line[30:].count("█") > 6]
    assert longest[30:].strip().startswith("2 ")
    assert any("█" in line[:28] for line in lines), "what the network saw is drawn"


def test_a_terminal_without_shades_shows_the_answer_all_the_same(trained: Path, monkeypatch: Patch) -> None:
    said = io.BytesIO()
    terminal = io.TextIOWrapper(said, encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "__stdout__", terminal)
    monkeypatch.setattr(sys, "stdout", terminal)

    assert predict(monkeypatch, trained, "2.png") == 0
    assert said.getvalue().startswith(b"2.png: 2\n")
    assert b"?" in said.getvalue()


def test_a_bad_picture_does_not_keep_the_others_from_being_classified(
    trained: Path, monkeypatch: Patch, capsys: Said
) -> None:
    assert predict(monkeypatch, trained, "--json", "0.png", "text.png", "missing.png", "1.png") == 1

    out, err = capsys.readouterr()
    assert [entry["answer"] for entry in json.loads(out)] == ["0", "1"]
    first, second = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "text.png" in first
    assert "missing.png" in second


def test_without_a_model_it_says_what_to_do(tmp_path: Path, monkeypatch: Patch, capsys: Said) -> None:
    (tmp_path / paths.PARAMETERS).write_bytes((ROOT / paths.PARAMETERS).read_bytes())

    assert predict(monkeypatch, tmp_path, "0.png") == 1
    assert capsys.readouterr() == (
        "",
        f"error: There is no trained model at {paths.MODEL}: run `dvc repro` first.\n",
    )
