"""Model files that are damaged, hostile or of another kind: each is refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnn import Checkpoint, Conv2D, Dense, Flatten, Sequential
from cnn.types import Array
from pipeline.common import models, paths
from pipeline.common.errors import PipelineError
from tests.cnn.tiny import built, digests, every_layer, train
from tests.faults.counting import Tried
from tests.faults.files import little_memory, rewritten
from tests.faults.model_files import DAMAGED, NO_MODEL
from tests.refusals import assert_refuses


def file_of(model: Sequential, folder: Path) -> bytes:
    model.save(folder / "saved.npz")
    return (folder / "saved.npz").read_bytes()


@pytest.fixture
def saved(tmp_path: Path) -> bytes:
    """Return the file of a small model."""
    return file_of(built([Flatten(), Dense(3)]), tmp_path)


def assert_damaged(path: Path, *named: str) -> None:
    """Loading the file is refused with one short line that names it."""
    with little_memory(1_000_000 + 10 * path.stat().st_size):
        assert_refuses(lambda: Sequential.load(path), ValueError, str(path), *named)
    with pytest.raises(ValueError, match=r"\A.{1,600}[^.]\.\Z"):
        Sequential.load(path)


@pytest.mark.parametrize("fault", DAMAGED)
def test_a_damaged_model_is_refused_before_it_takes_memory(
    fault: str, saved: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    monkeypatch.chdir(tmp_path)
    cases = DAMAGED[fault](saved)
    for content, named in cases:
        Path("model.npz").write_bytes(content)
        assert_damaged(Path("model.npz"), named)
    assert not Path("evil").exists()
    tried("files", fault, len(cases))


def test_a_changed_byte_is_refused_or_changes_nothing(saved: bytes, tmp_path: Path, tried: Tried) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(saved)
    expected = digests(Sequential.load(path).params)
    directory = saved.index(b"PK\1\2")
    changes = [(place, 0x01) for place in range(0, directory, 3)]
    changes += [(place, bit) for place in range(directory, len(saved)) for bit in (0x01, 0x20, 0x40)]
    refused = 0
    for place, change in changes:
        damaged = bytearray(saved)
        damaged[place] ^= change
        path.write_bytes(damaged)
        try:
            found = digests(Sequential.load(path).params)
        except ValueError as error:
            found, refused = expected, refused + (str(path) in str(error))
        assert found == expected, f"byte {place} ^ {change}"
    assert refused > len(changes) / 2
    tried("files", "model-changed-byte", len(changes))


def test_every_layer_is_held_against_the_file_before_it_is_built(tmp_path: Path) -> None:
    model = built(every_layer())
    content = file_of(model, tmp_path)
    for place, layer in enumerate(model.layers):
        arrays = layer.params | layer.state
        if arrays:
            largest = max(arrays.values(), key=lambda array: array.size)
            less: dict[str, Array | None] = {
                f"{place}.{name}": array.ravel()[: largest.size - 1] for name, array in arrays.items()
            }
            (tmp_path / "less.npz").write_bytes(rewritten(content, {}, less))
            assert_damaged(
                tmp_path / "less.npz",
                f"layer {place} ({layer.kind}) needs an array of {largest.size} numbers, "
                f"the largest that the file holds for it has {largest.size - 1}.",
            )


def test_a_checkpoint_is_no_model_and_a_model_no_checkpoint(tmp_path: Path, tried: Tried) -> None:
    checkpoint, model = tmp_path / "checkpoint.npz", tmp_path / "model.npz"
    run = train(epochs=1, callbacks=[Checkpoint(checkpoint)])
    assert_damaged(checkpoint, "is a cnn checkpoint file, expected a cnn model file")
    run.model.save(model)
    assert_refuses(
        lambda: train(epochs=1, callbacks=[Checkpoint(model)]),
        ValueError,
        str(model),
        "is a cnn model file, expected a cnn checkpoint file",
    )
    tried("files", "model-and-checkpoint", 2)


def test_a_model_for_other_pictures_is_refused_by_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.MODEL.parent.mkdir()
    assert_refuses(models.load_model, PipelineError, f"no trained model at {paths.MODEL}: run `dvc repro`")
    paths.MODEL.write_bytes(b"hello")
    assert_refuses(
        models.load_model, PipelineError, f"{paths.MODEL} {NO_MODEL}", "Remove it and run `dvc repro`."
    )
    others = [
        (built([Flatten(), Dense(10)]), "from (6, 6, 1) to (10,)"),
        (built([Flatten(), Dense(3)], (28, 28, 1)), "from (28, 28, 1) to (3,)"),
        (built([Conv2D(10, 3)], (28, 28, 1)), "from (28, 28, 1) to (26, 26, 10)"),
    ]
    for model, named in others:
        model.save(paths.MODEL)
        assert_refuses(models.load_model, PipelineError, f"{paths.MODEL} holds a model {named}, expected one")
    built([Flatten(), Dense(10)], (28, 28, 1)).save(paths.MODEL)
    assert models.load_model().input_shape == (28, 28, 1)
    tried("files", "model-for-other-pictures", 2 + len(others))
