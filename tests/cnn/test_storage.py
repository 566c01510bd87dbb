import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from cnn import Adam, Dense, Flatten, MeanSquaredError, Sequential, Softmax
from tests.cnn.own import Doubled
from tests.cnn.tiny import built, digests, every_layer, images, run_python, train
from tests.refusals import assert_refuses


def trained() -> Sequential:
    """Return a model of every layer, whose running statistics are no longer what they were at the start."""
    return train(every_layer(), epochs=1, optimiser=Adam(learning_rate=0.01), loss=MeanSquaredError()).model


# What is written is read ------------------------------------------------------------------------------


def test_a_model_of_every_layer_comes_back_to_the_bit(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "model.npz")
    again = Sequential.load(tmp_path / "model.npz")
    assert repr(again) == repr(model)
    assert again.input_shape == (6, 6, 1)
    assert digests(again.params) == digests(model.params)
    assert digests(again.state) == digests(model.state)
    assert digests(again.state) != digests(built(every_layer()).state), "something should be learnt"
    x, _ = images(40, seed=2)
    assert digests({"y": again.predict_proba(x)}) == digests({"y": model.predict_proba(x)})


def test_a_model_in_float64_stays_in_float64(tmp_path: Path) -> None:
    model = built([Dense(2)], (3,))
    model.assign({"0.weight": np.full((3, 2), 1 / 3), "0.bias": np.full(2, np.float32(0.1))})
    model.save(tmp_path / "model.npz")
    assert digests(Sequential.load(tmp_path / "model.npz").params) == digests(model.params)


def test_a_model_without_parameters_comes_back(tmp_path: Path) -> None:
    built([Flatten(), Softmax()]).save(tmp_path / "model.npz")
    assert repr(Sequential.load(tmp_path / "model.npz")) == "Sequential([Flatten(), Softmax()])"


def test_the_same_model_gives_the_same_file(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "one.npz")
    model.save(str(tmp_path / "two.model"))
    Sequential.load(tmp_path / "one.npz").save(tmp_path / "three.npz")
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(files) == ["one.npz", "three.npz", "two.model"]  # and no temporary one
    assert files["one.npz"] == files["two.model"] == files["three.npz"]


def test_the_file_is_an_npz_with_json_and_flat_names(tmp_path: Path) -> None:
    model = built([Flatten(), Dense(3)])
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as members:
        assert sorted(members.files) == ["1.bias", "1.weight", "header"]
        np.testing.assert_array_equal(members["1.weight"], model.params["1.weight"])
        header = json.loads(str(members["header"]))
    layers = [{"layer": "Flatten"}, {"layer": "Dense", "units": 3, "initialiser": "he_uniform"}]
    assert header == {"kind": "cnn model", "version": 1, "input_shape": [6, 6, 1], "layers": layers}


# Modes and links --------------------------------------------------------------------------------------

needs_modes = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no modes, and links need rights"
)


@needs_modes
@pytest.mark.parametrize(("umask", "before", "after"), [(0o027, None, 0o640), (0o022, 0o660, 0o660)])
def test_a_new_file_gets_the_usual_mode_and_an_old_one_keeps_its_own(
    umask: int, before: int | None, after: int, tmp_path: Path
) -> None:
    path = tmp_path / "model.npz"
    if before is not None:
        path.touch()
        path.chmod(before)
    usual = os.umask(umask)
    try:
        built([Dense(3)], (2,)).save(path)
    finally:
        os.umask(usual)
    assert stat.S_IMODE(path.stat().st_mode) == after


@needs_modes
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_replaced(exists: bool, tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "target.npz", tmp_path / "model.npz"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"old")
    link.symlink_to("elsewhere/target.npz")
    built([Dense(3)], (2,)).save(link)
    assert link.is_symlink()
    assert Sequential.load(target).input_shape == (2,)
    assert [path.name for path in target.parent.iterdir()] == ["target.npz"]


# What cannot be written -------------------------------------------------------------------------------


def test_a_model_that_has_not_been_built_is_not_saved(tmp_path: Path) -> None:
    model = Sequential([Dense(3)])
    assert_refuses(lambda: model.save(tmp_path / "model.npz"), RuntimeError, "build(input_shape)")
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, sys
import numpy as np
from cnn import Dense, Flatten
from tests.cnn.tiny import built

model = built([Flatten(), Dense(100)])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    model.save(sys.argv[1])
except OSError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit the size of files")
def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    built([Flatten(), Dense(3)]).save(path)
    saved = path.read_bytes()
    child = run_python(FULL_DISK, path)
    assert child.returncode == 0, child.stderr
    assert path.read_bytes() == saved
    assert [file.name for file in tmp_path.iterdir()] == ["model.npz"]
    assert "File too large" in child.stdout
    assert str(path) in child.stdout


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "model.npz"
    assert_refuses(lambda: built([Dense(3)], (2,)).save(path), FileNotFoundError, str(path))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_could_not_be_loaded_are_not_saved(bad: float, tmp_path: Path) -> None:
    model = built([Dense(3)], (2,))
    model.params["0.bias"][1] = bad
    named = "'0.bias' of float32", "expected finite"
    assert_refuses(lambda: model.save(tmp_path / "model.npz"), ValueError, *named)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_a_derived_class_is_loaded_by_that_class_alone(tmp_path: Path) -> None:
    model, path, x = Doubled([Dense(3)]), tmp_path / "model.npz", np.ones((2, 4), np.float32)
    model.build((4,))
    model.save(path)
    assert_refuses(lambda: Sequential.load(path), ValueError, "holds a 'Doubled'", "load method of")
    np.testing.assert_array_equal(Doubled.load(path)(x), model(x))
