"""Classifying pictures of one's own, from the command line."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnn
from pipeline.common import paths
from pipeline.common.files import write_json
from pipeline.common.images import NORMALISATION, Normalisation
from tests.pipeline.pictures import real_digits
from tests.pipeline.workspace import ROOT, run

DIGITS = "0123456789"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `dvc repro` leaves it, with a small model trained on the sample's digits."""
    folder = tmp_path_factory.mktemp("trained")
    images, labels = real_digits()
    normalisation = Normalisation.measured_on("mnist-sample", images)
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(32), cnn.ReLU(), cnn.Dense(10)])
    model.build((28, 28, 1), np.random.default_rng(0))
    x = normalisation.apply(images)
    model.fit(x, labels, epochs=5, optimiser=cnn.Adam(learning_rate=0.003))
    (folder / paths.MODEL).parent.mkdir()
    model.save(folder / paths.MODEL)
    write_json(folder / paths.PROCESSED / "mnist" / NORMALISATION, asdict(normalisation))
    (folder / paths.PARAMETERS).write_bytes((ROOT / paths.PARAMETERS).read_bytes())
    for digit in range(3):
        picture = 255 - images[np.flatnonzero(labels == digit)[0]]
        Image.fromarray(picture).resize((200, 200)).save(folder / f"{digit}.png")
    (folder / "text.png").write_text("no picture")
    return folder


def predict(folder: Path, *arguments: str, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    variables = {"COLUMNS": "60", "PYTHONIOENCODING": encoding}
    return run(folder, "python", "-m", "pipeline.predict", *arguments, **variables)


def test_json_names_file_data_set_answer_and_a_probability_for_each_class(trained: Path) -> None:
    done = predict(trained, "--json", "0.png", "1.png", "2.png")
    assert done.returncode == 0, done.stderr
    assert "mnist-sample" in done.stderr
    found = json.loads(done.stdout)
    assert [entry["file"] for entry in found] == ["0.png", "1.png", "2.png"]
    assert [entry["dataset"] for entry in found] == ["mnist-sample"] * 3
    assert [entry["answer"] for entry in found] == ["0", "1", "2"]
    for entry in found:
        assert list(entry["probabilities"]) == list(DIGITS)
        assert sum(entry["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_terminal_output_has_the_picture_and_ten_bars_within_sixty_columns(trained: Path) -> None:
    done = predict(trained, "2.png")
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert first == "2.png: 2"
    assert len(lines) == 14
    assert all(len(line) <= 60 for line in lines)
    assert "\x1b" not in done.stdout, "no control codes in a pipe"
    assert sum("%" in line for line in lines) == 10
    [longest] = [line for line in lines if line[30:].count("█") > 6]
    assert longest[30:].strip().startswith("2 ")
    assert any("█" in line[:28] for line in lines), "what the network saw is drawn"


def test_a_terminal_without_shades_shows_the_answer_all_the_same(trained: Path) -> None:
    done = predict(trained, "2.png", encoding="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2.png: 2\n")
    assert "?" in done.stdout


def test_a_bad_picture_does_not_keep_the_others_from_being_classified(trained: Path) -> None:
    done = predict(trained, "--json", "0.png", "text.png", "missing.png", "1.png")
    assert done.returncode == 1
    assert [entry["answer"] for entry in json.loads(done.stdout)] == ["0", "1"]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert "text.png" in errors[0]
    assert "missing.png" in errors[1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "named"), [(None, "run `dvc repro`"), (b"no model", "models/model.npz is not a cnn model")]
)
def test_without_a_sound_model_it_says_what_to_do(
    trained: Path, tmp_path: Path, content: bytes | None, named: str
) -> None:
    for name in (paths.PARAMETERS, paths.PROCESSED / "mnist" / NORMALISATION, Path("0.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    if content is not None:
        (tmp_path / paths.MODEL).parent.mkdir()
        (tmp_path / paths.MODEL).write_bytes(content)
    done = predict(tmp_path, "0.png")
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert named in line
