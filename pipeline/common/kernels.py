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

from pipeline.common.errors import PipelineError
from pipeline.common.paths import PARAMETERS

Kernels = Literal["portable", "native"]
VARIABLE = "OPENBLAS_CORETYPE"
CHOICE = "CNN_KERNELS"  # set in the environment, it stands in for `runtime.kernels` of params.yaml


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
    """Put the kernels that `CNN_KERNELS` or else `params.yaml` asks for into the environment.

    Args:
        parameters: the file; if it is missing or bad, which its validation tells, nothing is pinned.
    """
    try:
        asked = os.environ.get(CHOICE) or YAML(typ="safe", pure=True).load(parameters)["runtime"]["kernels"]
    except (OSError, YAMLError, KeyError, TypeError, ValueError):
        return
    name = core_type("native" if asked == "native" else "portable")
    if name is not None:
        os.environ[VARIABLE] = name


def check_kernels(kernels: Kernels) -> str:
    """Return the architecture that BLAS computes for, once it is known to be the one asked for.

    Raises:
        PipelineError: if `CNN_KERNELS` is another, or BLAS was loaded before its kernels could be chosen.
    """
    chosen = os.environ.get(CHOICE) or kernels
    if chosen != kernels:
        raise PipelineError(
            f"{CHOICE} is {chosen!r} in the environment, but runtime.kernels is {kernels}: "
            "unset the one or change the other."
        )
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
