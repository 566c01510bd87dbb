"""Classifying pictures of one's own, from the command line."""

import io
import json
import os
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipeline.common import paths
from pipeline.common.running import run_stage
from pipeline.predict import main
from tests.pipeline.trained_on_digits import trained_on_digits
from tests.pipeline.workspace import ROOT, changed, parameters, write_parameters

DIGITS = "0123456789"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = trained_on_digits(tmp_path_factory.mktemp("trained"))
    (folder / "text.png").write_text("no picture")
    # The small model is less sure than the repository's.
    write_parameters(folder, changed(parameters(), "predict.least_probability", 0.6))
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


def test_json_names_file_data_set_answer_and_each_digit(
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
        [digit] = entry["readings"]
        assert (digit["answer"], digit["doubt"]) == (entry["answer"], None)
        assert list(digit["probabilities"]) == list(DIGITS)
        assert sum(digit["probabilities"].values()) == pytest.approx(1, abs=1e-5)


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


def test_several_digits_are_one_number_and_each_has_its_bars(
    trained: Path, monkeypatch: Patch, capsys: Said
) -> None:
    digits = [np.asarray(Image.open(trained / f"{digit}.png")) for digit in (2, 0, 1)]
    Image.fromarray(np.hstack(digits)).save(trained / "201.png")

    assert predict(monkeypatch, trained, "201.png", "--save-seen", "seen") == 0

    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "201.png: 201"
    assert [line for line in lines if line.startswith("digit ")] == [
        "digit 1 of 3: 2", "digit 2 of 3: 0", "digit 3 of 3: 1",
    ]  # fmt: skip
    assert sum("%" in line for line in lines) == 30
    assert all(len(line) <= 60 for line in lines)
    seen = sorted((trained / "seen").iterdir())
    assert [path.name for path in seen] == ["201-1.png", "201-2.png", "201-3.png"]
    assert all(np.shape(plt.imread(path)) == (28, 28) for path in seen)


def test_two_lines_are_two_numbers(trained: Path, monkeypatch: Patch, capsys: Said) -> None:
    digits = [np.asarray(Image.open(trained / f"{digit}.png")) for digit in (2, 0, 1, 2)]
    lines = np.hstack(digits[:2]), np.hstack(digits[2:])
    Image.fromarray(np.vstack(lines)).save(trained / "lines.png")

    assert predict(monkeypatch, trained, "lines.png") == 0

    assert capsys.readouterr().out.startswith("lines.png: 20 12\n")


def scribble() -> Image.Image:
    image = Image.new("L", (200, 200), 255)
    corners = [(40, 60), (160, 70), (50, 100), (160, 110), (40, 140), (150, 150), (100, 30), (90, 170)]
    ImageDraw.Draw(image).line(corners, 0, 8)
    return image


def cut_off() -> Image.Image:
    image = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(image).line([(60, -20), (140, 0), (80, 150)], 0, 10)
    return image


@pytest.mark.parametrize("image", [scribble(), cut_off()], ids=["scribble", "cut off"])
def test_what_is_no_digit_is_unsure_with_its_two_best_readings(
    trained: Path, monkeypatch: Patch, capsys: Said, image: Image.Image
) -> None:
    image.save(trained / "odd.png")

    assert predict(monkeypatch, trained, "odd.png") == 0
    assert re.match(r"odd\.png: unsure, perhaps \d or \d \(", capsys.readouterr().out)


def test_a_blank_picture_is_answered_with_a_note(trained: Path, monkeypatch: Patch, capsys: Said) -> None:
    Image.new("L", (200, 200), 255).save(trained / "blank.png")

    assert predict(monkeypatch, trained, "blank.png") == 0
    assert capsys.readouterr().out == "blank.png: nothing found that looks like a digit\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names of files must be text")
def test_json_keeps_names_that_are_no_text(trained: Path, monkeypatch: Patch, capsys: Said) -> None:
    name = os.fsdecode(b"\xff\xc3\xa9.png")
    (trained / name).write_bytes((trained / "2.png").read_bytes())

    assert predict(monkeypatch, trained, "--json", name) == 0
    [entry] = json.loads(capsys.readouterr().out.encode())
    assert os.fsencode(entry["file"]) == b"\xff\xc3\xa9.png"
    assert predict(monkeypatch, trained, name) == 0


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
