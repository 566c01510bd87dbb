"""A fresh clone, with another way to run the stages: what git has stays as it is."""

from importlib import import_module
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.pipeline.clone import PARAMETERS, call, git_status
from tests.pipeline.moments import by_hand
from tests.pipeline.workspace import STAGES, changed, write_parameters

CORE = import_module("numpy._core._multiarray_umath")
BEYOND_AVX2 = [name for name in CORE.__cpu_dispatch__ if CORE.__cpu_features__[name] and name != "X86_V3"]
SURROUNDINGS = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(BEYOND_AVX2),
    "OPENBLAS_L2_SIZE": "32768",
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
    "TZ": "Pacific/Kiritimati",
    "PYTHONHASHSEED": "12345",
}


@pytest.mark.slow
def test_stage_by_stage_in_other_surroundings_gives_the_same_lock(clone: Path) -> None:
    other = clone.with_name("another folder")
    call(clone, "git", "clone", "--quiet", ".", str(other))
    write_parameters(other, changed(PARAMETERS, "runtime.workers", 3))

    for stage in STAGES:
        call(other, *by_hand(stage), **SURROUNDINGS)
    call(other, "dvc", "commit", "--force")  # which writes the digests of what is there into dvc.lock

    assert git_status(other) == f" M {paths.PARAMETERS}\n"
