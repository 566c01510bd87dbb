"""The table of damaged files names what the tests of this group try, and nothing else."""

from tests.faults.model_files import DAMAGED
from tests.faults.mutants import KINDS
from tests.faults.tables import faults
from tests.faults.test_files_idx import MALFORMED
from tests.faults.test_files_pictures import ODD, REFUSED

OTHERS = {
    "idx-unreadable", "processed", "model-changed-byte", "model-and-checkpoint", "model-for-other-pictures",
    "picture-unreadable", "picture-of-the-largest-size", "results",
}  # fmt: skip


def test_the_table_names_what_is_tried() -> None:
    assert set(faults("files")) == {*MALFORMED, *DAMAGED, *REFUSED, *ODD, *KINDS, *OTHERS}
