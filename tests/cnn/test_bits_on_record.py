"""The recorded bits: a short training in processes of its own, in all kinds of surroundings."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.common.kernels import CHOICE, VARIABLE
from tests.cnn.short_training import RECORD, fault, loops, promised
from tests.cnn.tiny import ROOT

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


def train(folder: Path, **variables: str) -> dict[str, Any]:
    """Return what the short training gives in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    command = [sys.executable, "-m", "tests.cnn.short_training"]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
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


def test_the_bits_are_those_on_record_or_the_accuracy_is_nearly(
    here: dict[str, Any], recorded: dict[str, Any]
) -> None:
    found = fault(here, recorded, bits=promised())
    assert found is None, found


@pytest.mark.slow
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_make_no_difference(here: dict[str, Any], tmp_path: Path, name: str) -> None:
    folder = tmp_path / ("ein anderer Ördner" if name == "another-folder" else "here")
    folder.mkdir()

    found = train(folder, **PORTABLE, **SURROUNDINGS[name])

    assert bits(found) == bits(here)
    if name == "without-avx-512":
        assert not set(found["circumstances"]["NumPy's loops"].split()) & set(BEYOND_AVX2)


@pytest.mark.slow
def test_other_kernels_give_other_bits_and_nearly_the_same_accuracy(
    recorded: dict[str, Any], tmp_path: Path
) -> None:
    found = train(tmp_path, **{VARIABLE: "Nehalem"})

    assert fault(found, recorded, bits=False) is None
    if promised():  # elsewhere there may be no such kernels to choose
        told = fault(found, recorded, bits=True)
        assert told is not None
        for part in ("other bits than those on record", "Haswell kernels on record", "Nehalem kernels here"):
            assert part in told
