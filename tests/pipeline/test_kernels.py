import json
import os
from pathlib import Path

import pytest

from pipeline.common.errors import PipelineError
from pipeline.common.kernels import CHOICE, VARIABLE, kernels_in_use, pin_kernels
from tests.pipeline.workspace import changed, run, small_parameters, write_parameters
from tests.refusals import assert_refuses

BLAS = """
from threadpoolctl import threadpool_info

def architectures():
    import numpy
    return sorted({blas["architecture"] for blas in threadpool_info() if blas["internal_api"] == "openblas"})
"""

IN_WORKERS = """
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import blas

if __name__ == "__main__":
    import pipeline
    import scipy.linalg  # which brings a BLAS of its own
    found = {"here": blas.architectures()}
    # macOS has fork, but what runs threads, as BLAS does, may crash in the child.
    for method in ["spawn"] if sys.platform in {"darwin", "win32"} else ["spawn", "fork"]:
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            found[method] = pool.submit(blas.architectures).result()
    print(json.dumps(found))
"""

HERE = """
import json, blas, numpy
architectures = blas.architectures()
has = numpy._core._multiarray_umath.__cpu_features__.get
print(json.dumps([architectures, has("AVX2") and has("FMA3"), has("AVX512_SKX")]))
"""

CHECK = "from pipeline.common.kernels import kernels_in_use; print(kernels_in_use({kernels!r}))"

OTHER = {VARIABLE: "Nehalem"}
"""A choice in the environment that is neither of ours."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose parameters ask for the portable kernels."""
    folder = tmp_path_factory.mktemp("kernels")
    write_parameters(folder, changed(small_parameters(), "runtime.kernels", "portable"))
    (folder / "blas.py").write_text(BLAS)
    (folder / "in_workers.py").write_text(IN_WORKERS)
    return folder


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, list[str]]:
    """What a stage must compute with on this machine; nothing can be chosen without AVX2 or OpenBLAS."""
    by_itself, x86_64_v3, x86_64_v4 = json.loads(run(folder, "python", "-c", HERE).stdout)
    if not (x86_64_v3 and by_itself):
        return {"portable": by_itself, "native": by_itself}
    return {"portable": ["Haswell"], "native": ["SkylakeX" if x86_64_v4 else "Haswell"]}


def test_a_stage_and_its_workers_compute_with_the_kernels_asked_for(
    folder: Path, expected: dict[str, list[str]]
) -> None:
    variables = OTHER if expected["portable"] == ["Haswell"] else {}

    found = json.loads(run(folder, "python", "in_workers.py", **variables).stdout)

    assert {"here", "spawn"} <= found.keys()
    assert found == dict.fromkeys(found, expected["portable"])


def test_numpy_loaded_before_the_kernels_were_chosen_is_refused(
    folder: Path, expected: dict[str, list[str]]
) -> None:
    program = f"import numpy; {CHECK.format(kernels='portable')}"

    ended = run(folder, "python", "-c", program, **OTHER)

    if expected["portable"] == ["Haswell"]:
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1] == (
            "pipeline.common.errors.PipelineError: BLAS computes with its Nehalem kernels, but "
            "runtime.kernels is portable (Haswell): NumPy was loaded before `import pipeline` could choose; "
            "import pipeline first."
        )
    else:
        assert ended.returncode == 0


def test_the_kernels_in_use_are_told_and_the_environment_chooses_before_the_parameters(
    folder: Path, expected: dict[str, list[str]]
) -> None:
    told = run(folder, "python", "-c", CHECK.format(kernels="native"), **{CHOICE: "native"}).stdout.strip()

    assert told == (", ".join(expected["native"]) or "unknown")


def test_another_choice_in_the_environment_than_the_parameters_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CHOICE, "native")

    assert_refuses(
        lambda: kernels_in_use("portable"),
        PipelineError,
        "CNN_KERNELS is 'native' in the environment, but runtime.kernels is portable: ",
        "unset the variable or change the parameter.",
    )


@pytest.mark.parametrize(
    "content",
    [None, b"", b"runtime: [portable", b"\xff\xfa", b"runtime: [kernels]", b"runtime: {workers: 1}"],
)
def test_without_usable_parameters_nothing_is_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setenv(VARIABLE, "as it was")
    if content is not None:
        (tmp_path / "params.yaml").write_bytes(content)

    pin_kernels(tmp_path / "params.yaml")

    assert os.environ[VARIABLE] == "as it was"
