"""Fresh clones of a repository after its first `dvc repro`: another run leaves what git has as it is.

The runs are forced: DVC would not evaluate again, since git has the metrics and nothing that they depend on
is another.
"""

from pathlib import Path

import pytest

from pipeline.common import paths
from tests.cnn.test_bits_on_record import SURROUNDINGS
from tests.faults.counting import Tried
from tests.pipeline.clone import PARAMETERS, call, git_status, stages_run
from tests.pipeline.test_dvc import STAGES
from tests.pipeline.workspace import changed, write_parameters

pytestmark = pytest.mark.slow


def fresh_clone(clone: Path, name: str) -> Path:
    """Return another clone beside the first, with nothing in it but what git has."""
    call(clone, "git", "clone", "--quiet", ".", str(clone.with_name(name)))
    return clone.with_name(name)


def test_stage_by_stage_gives_the_same_lock(clone: Path, tried: Tried) -> None:
    other = fresh_clone(clone, "other")
    write_parameters(other, changed(PARAMETERS, "runtime.workers", 3))

    ran = [stages_run(call(other, "dvc", "repro", "--force", "--single-item", stage)) for stage in STAGES]

    assert ran == [[stage] for stage in STAGES]
    assert git_status(other) == f" M {paths.PARAMETERS}\n"
    tried("same-bits", "stage-by-stage")


def test_other_surroundings_give_the_same_lock(clone: Path, tried: Tried) -> None:
    other = fresh_clone(clone, "another folder")
    variables = {name: value for one in SURROUNDINGS.values() for name, value in one.items()}

    assert stages_run(call(other, "dvc", "repro", "--force", **variables)) == list(STAGES)
    assert git_status(other) == ""
    tried("same-bits", "other-surroundings")
