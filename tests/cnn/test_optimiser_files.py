"""An optimiser's file, with which a training goes on later."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import SGD, Adam, AdamW, CosineDecay, Dense, OneCycle, Optimiser, RMSProp, Sequential, StepDecay
from cnn.storage import write_arrays
from cnn.types import Array
from tests.cnn.own import Halving, Line
from tests.cnn.tiny import built, convolutional, digests, images, run_python
from tests.refusals import assert_refuses


def fit(model: Sequential, optimiser: Optimiser, epochs: int, seed: int) -> None:
    model.fit(*images(41), epochs=epochs, optimiser=optimiser, batch_size=20, seed=seed)


GOES_ON = """
import sys
from cnn import Optimiser, Sequential
from tests.cnn.own import Halving
from tests.cnn.test_optimiser_files import fit

model = Sequential.load(f"{sys.argv[1]}/model.npz")
optimiser = Optimiser.load(f"{sys.argv[1]}/optimiser.npz", custom=[Halving])
fit(model, optimiser, epochs=2, seed=1)
model.save(f"{sys.argv[1]}/model.npz")
optimiser.save(f"{sys.argv[1]}/optimiser.npz")
"""


@pytest.mark.parametrize(
    "optimiser",
    [
        SGD(learning_rate=0.1),
        SGD(learning_rate=CosineDecay(0.1), momentum=0.9),
        RMSProp(learning_rate=StepDecay(0.01)),
        AdamW(learning_rate=OneCycle(0.01), clip_norm=1.0),
    ],
    ids=lambda optimiser: type(optimiser).__name__,
)
def test_a_training_goes_on_in_another_process_to_the_same_bits(optimiser: Optimiser, tmp_path: Path) -> None:
    model, path = built(convolutional()), tmp_path / "optimiser.npz"
    fit(model, optimiser, epochs=3, seed=0)
    model.save(tmp_path / "model.npz")
    optimiser.save(path)
    child = run_python(GOES_ON, tmp_path)
    assert child.returncode == 0, child.stderr
    fit(model, optimiser, epochs=2, seed=1)
    there = Optimiser.load(path)
    assert repr(there) == repr(optimiser)
    assert there.steps == optimiser.steps == 10  # 41 samples are two steps an epoch
    assert {slot: digests(held) for slot, held in there.state.items()} == {
        slot: digests(held) for slot, held in optimiser.state.items()
    }
    other = Sequential.load(tmp_path / "model.npz")
    assert digests(other.params | other.state) == digests(model.params | model.state)


def test_an_own_schedule_is_given_when_the_optimiser_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "optimiser.npz"
    with pytest.warns(UserWarning, match=r"load the file by Optimiser\.load\('.*', custom=\[Line\]\)"):
        SGD(learning_rate=Line(0.1)).save(path)
    assert Optimiser.load(path, custom=[Line]).learning_rate == Line(0.1)
    assert_refuses(lambda: Optimiser.load(path), ValueError, "Optimiser.load(", "custom=[Line]")
    unkept = SGD(learning_rate=Halving(0.1, 0.5))
    assert_refuses(lambda: unkept.save(path), TypeError, "Halving has no attribute every", "to_config")


def test_an_optimiser_of_another_class_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "adam.npz"
    AdamW(learning_rate=0.1).save(path)
    assert isinstance(Adam.load(path), AdamW)
    assert_refuses(lambda: SGD.load(path), ValueError, "adam.npz", "AdamW, expected SGD", "Optimiser.load")


def test_an_optimisers_file_that_is_damaged_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    path, model = tmp_path / "optimiser.npz", tmp_path / "model.npz"
    optimiser = Adam(learning_rate=0.1)
    optimiser.update({"w": np.ones(3)}, {"w": np.ones(3)})
    optimiser.save(path)
    whole = path.read_bytes()
    built([Dense(3)], (2,)).save(model)
    assert_refuses(lambda: Optimiser.load(model), ValueError, str(model), "is a cnn model file, expected")
    for kept in (0, len(whole) // 2, -1):
        path.write_bytes(whole[:kept])
        assert_refuses(lambda: Optimiser.load(path), ValueError, str(path), "or a damaged one")
    config, array = optimiser.to_config(), np.ones(3)
    cases: list[tuple[dict[str, Any], dict[str, Array]]] = [
        ({}, {}),
        ({"optimiser": config, "steps": -1}, {}),
        ({"optimiser": {"optimiser": "Dense"}, "steps": 1}, {}),
        ({"optimiser": config, "steps": 1}, {"mean/w": array}),
        ({"optimiser": config, "steps": 1}, {"mean/w": array, "square/w": np.ones(2)}),
        ({"optimiser": config, "steps": 1}, {"mean/w": array, "square/v": array}),
        ({"optimiser": config, "steps": 1}, {"velocity/w": array}),
    ]
    for header, arrays in cases:
        write_arrays(path, "cnn optimiser", header, arrays)
        assert_refuses(lambda: Optimiser.load(path), ValueError, str(path), "does not hold a whole optimiser")
