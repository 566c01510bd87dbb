"""The bits on record: a short training in a process of its own, in surroundings of all kinds."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.common.kernels import CHOICE, VARIABLE
from tests.faults.counting import Tried
from tests.faults.short_training import RECORD, fault, loops, promised
from tests.faults.tables import faults
from tests.pipeline.workspace import run

PORTABLE = {CHOICE: "portable"}
BEYOND_AVX2 = [name for name in loops() if name != "X86_V3"]

SURROUNDINGS = {
    "without-avx-512": {"NPY_DISABLE_CPU_FEATURES": " ".join(BEYOND_AVX2)},
    "another-cache": {"OPENBLAS_L2_SIZE": "32768"},
    "another-folder": {},
    "another-locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "another-time-zone": {"TZ": "Pacific/Kiritimati"},
    "another-hash-seed": {"PYTHONHASHSEED": "12345"},
}
ELSEWHERE = {
    "threads",
    "processes",
    "another-machine",
    "other-kernels",
    "stage-by-stage",
    "other-surroundings",
}


def train(folder: Path, **variables: str) -> dict[str, Any]:
    """Return what the short training gives in a process of its own."""
    ended = run(folder, "python", "-m", "tests.faults.short_training", **variables)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def bits(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "circumstances"}


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """What the training gave where it was recorded."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What it gives on this machine."""
    return train(tmp_path_factory.mktemp("here"), **PORTABLE)


def test_the_tests_try_what_the_table_says() -> None:
    assert SURROUNDINGS.keys() | ELSEWHERE == set(faults("same-bits"))


def test_the_bits_are_those_on_record_or_the_accuracy_is_nearly(
    here: dict[str, Any], recorded: dict[str, Any], tried: Tried
) -> None:
    found = fault(here, recorded, bits=promised())
    assert found is None, found
    tried("same-bits", "another-machine")


@pytest.mark.slow
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_make_no_difference(
    here: dict[str, Any], tmp_path: Path, name: str, tried: Tried
) -> None:
    folder = tmp_path / ("ein anderer Ördner" if name == "another-folder" else "here")
    folder.mkdir()

    found = train(folder, **PORTABLE, **SURROUNDINGS[name])

    assert bits(found) == bits(here)
    if name == "without-avx-512":
        assert not set(found["circumstances"]["NumPy's loops"].split()) & set(BEYOND_AVX2)
    tried("same-bits", name)


def test_other_kernels_give_other_bits_and_nearly_the_same_accuracy(
    recorded: dict[str, Any], tmp_path: Path, tried: Tried
) -> None:
    found = train(tmp_path, **{VARIABLE: "Nehalem"})

    assert fault(found, recorded, bits=False) is None
    if promised():  # elsewhere there may be no such kernels to choose
        told = fault(found, recorded, bits=True)
        assert told is not None
        first, *rows, advice = told.splitlines()
        assert first.startswith("The short training gave other bits than those on record, in ")
        digests = recorded["arrays"]["0.weight"], found["arrays"]["0.weight"]
        assert f"  digest of 0.weight: {digests[0]} on record, {digests[1]} here" in rows
        for name, facts in recorded["circumstances"].items():
            assert f"  {name}: {facts} on record, {found['circumstances'][name]} here" in rows
        assert "Haswell kernels on record" in told
        assert "Nehalem kernels here" in told
        assert "requirements.lock" in advice
        assert "tests.faults.short_training --record" in advice
    tried("same-bits", "other-kernels")


@pytest.mark.parametrize(("points", "refused"), [(-0.3, True), (-0.1, False), (0.1, False), (0.3, True)])
def test_an_accuracy_further_than_a_fifth_of_a_point_away_is_told(
    recorded: dict[str, Any], points: float, refused: bool
) -> None:
    found = copy.deepcopy(recorded)
    found["history"][-1]["validation_accuracy"] += points / 100

    told = fault(found, recorded, bits=False)

    assert (told is not None) is refused
    if told is not None:
        assert "more than 0.2 points" in told
        assert f"{found['history'][-1]['validation_accuracy']:.2%} here" in told
