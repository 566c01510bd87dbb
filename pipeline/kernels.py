"""Which of its kernels BLAS computes with: `portable` ones give every machine the same bits.

OpenBLAS picks kernels by the processor, and kernels that add in another order round differently. Pinning
the AVX2 kernels ("Haswell") gives the same bits on every x86-64-v3 processor; `native` takes the fastest
that the processor can run.
"""

import os
from pathlib import Path
from typing import Literal

import archspec.cpu
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import PipelineError
from pipeline.paths import PARAMETERS

Kernels = Literal["portable", "native"]
VARIABLE = "OPENBLAS_CORETYPE"


def core_type(kernels: Kernels) -> str | None:
    """Return OpenBLAS's name for the kernels to use on this machine, or None to leave it the choice.

    Args:
        kernels: `"portable"` or `"native"`.

    Example:
        >>> core_type("portable") in {"Haswell", None}
        True
    """
    processor = archspec.cpu.host()
    if not processor >= archspec.cpu.TARGETS["x86_64_v3"]:
        return None
    if kernels == "native" and processor >= archspec.cpu.TARGETS["x86_64_v4"]:
        return "SkylakeX"
    return "Haswell"


def pin_kernels(parameters: Path = PARAMETERS) -> None:
    """Put the kernels that `params.yaml` asks for into the environment; a bad file is left to its validation.

    Args:
        parameters: the file; without it nothing is pinned.
    """
    try:
        runtime = YAML(typ="safe", pure=True).load(parameters)["runtime"]
        kernels: Kernels = "native" if runtime["kernels"] == "native" else "portable"
    except (OSError, YAMLError, KeyError, TypeError, ValueError):
        return
    name = core_type(kernels)
    if name is not None:
        os.environ[VARIABLE] = name


def check_kernels(kernels: Kernels) -> str:
    """Return the architecture that BLAS computes for, once it is known to be the one asked for.

    Raises:
        PipelineError: if BLAS was loaded before its kernels could be chosen.
    """
    import numpy as np  # noqa: F401 - loads BLAS, which must not happen before it is pinned
    from threadpoolctl import threadpool_info

    found = {
        library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"
    }
    wanted = core_type(kernels)
    if wanted is not None and found - {wanted}:
        raise PipelineError(
            f"BLAS computes with its {', '.join(sorted(found))} kernels, but runtime.kernels is {kernels} "
            f"({wanted}): NumPy was loaded before `import pipeline` could choose; import pipeline first."
        )
    return ", ".join(sorted(found)) or "unknown"
