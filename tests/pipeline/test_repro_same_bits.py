"""A fresh clone, with other ways to run `dvc repro`: what git has stays as it is."""

from importlib import import_module
from pathlib import Path

import pytest

from pipeline.common import paths
from tests.pipeline.clone import PARAMETERS, call, git_status, stages_run
from tests.pipeline.test_dvc import STAGES
from tests.pipeline.workspace import changed, write_parameters

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

    # By force, because git has the metrics, so that DVC would not evaluate again.
    force = ("--force", "--single-item")
    ran = [stages_run(call(other, "dvc", "repro", *force, stage, **SURROUNDINGS)) for stage in STAGES]

    assert ran == [[stage] for stage in STAGES]
    assert git_status(other) == f" M {paths.PARAMETERS}\n"
