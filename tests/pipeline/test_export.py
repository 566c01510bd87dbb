"""Exporting the trained network, from the command line."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import cnn
from pipeline import export
from pipeline.common import paths
from pipeline.common.datasets import DIGITS
from pipeline.common.images import ImageSet
from pipeline.common.running import run_stage
from pipeline.export import agreement_on, from_bytes_to_probabilities
from pipeline.to_onnx import to_onnx
from tests.pipeline.trained_on_digits import trained_on_digits
from tests.pipeline.workspace import PROCESSED, run

Said = pytest.CaptureFixture[str]

NO_PACKAGE = "onnxruntime has no package for this system"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained network that has been exported from a shell."""
    folder = trained_on_digits(tmp_path_factory.mktemp("trained"))
    ended = run(folder, "python", "-m", "pipeline.export")
    assert (ended.returncode, ended.stderr) == (0, "")
    (folder / "said.txt").write_text(ended.stdout)
    return folder


@pytest.fixture
def trained(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of its own of that folder, in which the test runs."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["export"])
    return tmp_path


def exporting() -> int:
    """Export the network as `python -m pipeline.export` does; return the status."""
    with pytest.raises(SystemExit) as ended:
        run_stage(export.main)
    return int(ended.value.code or 0)


def test_it_says_size_opset_data_set_and_agreement(once: Path) -> None:
    pytest.importorskip("onnxruntime", reason=NO_PACKAGE)
    first, second = (once / "said.txt").read_text().splitlines()
    assert first == f"{paths.ONNX}: 0.0 MB, opset 14, trained on mnist-sample."
    agreed = re.fullmatch(
        r"Its probabilities for 500 test images are those of cnn to (\S+) "
        r"\(computed by onnxruntime [\d.]+\)\.",
        second,
    )
    assert agreed
    assert float(agreed[1]) < 1e-5


def test_where_onnxruntime_does_not_exist_it_says_that_nothing_was_compared(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    former = paths.ONNX.read_bytes()
    paths.ONNX.unlink()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert exporting() == 0

    _, said = capsys.readouterr().out.splitlines()
    assert said.startswith("It was not compared with cnn, since onnxruntime cannot be imported (")
    assert paths.ONNX.read_bytes() == former


def test_all_images_are_compared_also_if_they_are_more_than_one_batch(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    pytest.importorskip("onnxruntime", reason=NO_PACKAGE)
    monkeypatch.setattr(export, "BATCH", 150)
    assert exporting() == 0
    assert " for 500 test images " in capsys.readouterr().out


def test_the_file_takes_bytes_and_gives_the_probabilities_of_the_trained_network(trained: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason=NO_PACKAGE)
    session = onnxruntime.InferenceSession(paths.ONNX)
    images = np.load(PROCESSED / "test-images.npy")
    image_set = ImageSet(**json.loads((PROCESSED / "image-set.json").read_text()))
    expected = cnn.Sequential.load(paths.MODEL).predict_proba(image_set.normalise(images))

    [found] = session.run(["probabilities"], {"images": images[..., None]})

    assert np.abs(found - expected).max() < 1e-5
    said = session.get_modelmeta().custom_metadata_map
    assert said == {
        "dataset": "mnist-sample",
        "class_names": json.dumps([*"0123456789"]),
        "model_sha256": sha256(paths.MODEL.read_bytes()).hexdigest(),
    }
    exported = onnx.load(paths.ONNX)
    assert (exported.producer_name, exported.producer_version) == ("cnn", cnn.__version__)


def test_a_second_export_gives_the_same_bytes(trained: Path, capsys: Said) -> None:
    former = paths.ONNX.read_bytes()
    paths.ONNX.unlink()
    assert exporting() == 0
    assert paths.ONNX.read_bytes() == former


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def answer_otherwise(patch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason=NO_PACKAGE)

    def normalised_otherwise(model: cnn.Sequential, image_set: ImageSet) -> cnn.Sequential:
        return from_bytes_to_probabilities(model, replace(image_set, mean=0.0))

    patch.setattr(export, "from_bytes_to_probabilities", normalised_otherwise)


REFUSED: dict[str, tuple[Callable[[pytest.MonkeyPatch], Any], int, str]] = {
    "no model": (
        lambda _: paths.MODEL.unlink(),
        1,
        rf"error: There is no trained model at {re.escape(str(paths.MODEL))}: run `dvc repro` first\.\n",
    ),
    "no test images": (
        lambda _: (PROCESSED / "test-images.npy").unlink(),
        1,
        r"error: There is no \S+/test-images\.npy: run `dvc repro` first\.\n",
    ),
    "a wrong answer": (
        answer_otherwise,
        1,
        r"error: The exported network gives probabilities that differ by \S+ from those of cnn, expected "
        r"1e-05 at most: nothing was written; please report it\.\n",
    ),
    "Ctrl-C": (lambda patch: patch.setattr(export, "to_onnx", interrupted), 130, r"\nstopped\.\n"),
}


@pytest.mark.parametrize(("spoil", "status", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_ends_it_is_one_sentence_and_the_former_file_stays(
    spoil: Callable[[pytest.MonkeyPatch], Any],
    status: int,
    said: str,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Said,
) -> None:
    former = paths.ONNX.read_bytes()
    spoil(monkeypatch)

    assert exporting() == status

    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(said, err)
    assert paths.ONNX.read_bytes() == former
    assert not [*paths.ONNX.parent.glob(".*")]


def test_a_folder_in_the_place_of_the_file_is_named(trained: Path, capsys: Said) -> None:
    paths.ONNX.unlink()
    paths.ONNX.mkdir()
    assert exporting() == 1
    said = capsys.readouterr().err
    assert re.fullmatch(rf"error: .*{re.escape(repr(str(paths.ONNX)))}; .*\n", said)


def test_a_model_that_ends_with_a_softmax_gets_no_second_one() -> None:
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(3), cnn.Softmax()])
    model.build((2, 2, 1), np.random.default_rng(0))
    whole = from_bytes_to_probabilities(model, ImageSet("mnist", DIGITS, mean=100.0, standard_deviation=50.0))
    assert [layer.kind for layer in whole.layers] == ["Standardise", "Flatten", "Dense", "Softmax"]


def test_coloured_images_are_compared_too() -> None:
    pytest.importorskip("onnxruntime", reason=NO_PACKAGE)
    image_set = ImageSet("pets", ("cat", "dog"), mean=100.0, standard_deviation=50.0)
    model = cnn.Sequential([cnn.Flatten(), cnn.Dense(2)])
    model.build((4, 4, 3), np.random.default_rng(0))
    exported = to_onnx(
        from_bytes_to_probabilities(model, image_set), inputs="images", outputs="probabilities"
    )
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8)

    said = agreement_on(images, exported.SerializeToString(), model, image_set)

    assert said.startswith("Its probabilities for 5 test images are those of cnn to ")
