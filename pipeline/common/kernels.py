"""The kernels that BLAS computes with.

OpenBLAS picks its kernels by the processor, and kernels that add in another order round differently.
`portable` pins the AVX2 kernels ("Haswell"), which give the same bits on every x86-64-v3 processor; `native`
takes the fastest that the processor can run.
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
# The variable of the environment that is read instead of `runtime.kernels` in params.yaml.
CHOICE = "CNN_KERNELS"


def core_type(kernels: Kernels) -> str | None:
    """Return OpenBLAS's name for the kernels to use on this machine, or None to let OpenBLAS choose.

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
    """Set in the environment which kernels are used: those of `CNN_KERNELS`, or else of `params.yaml`.

    Args:
        parameters: the file. If it is missing or wrong, nothing is set; its check will say so.
    """
    try:
        asked = os.environ.get(CHOICE) or YAML(typ="safe", pure=True).load(parameters)["runtime"]["kernels"]
    except (OSError, YAMLError, KeyError, TypeError, ValueError):
        return
    name = core_type("native" if asked == "native" else "portable")
    if name is not None:
        os.environ[VARIABLE] = name


def kernels_in_use(kernels: Kernels) -> str:
    """Return BLAS's name for its kernels, which must be these.

    Raises:
        PipelineError: if `CNN_KERNELS` is another, or BLAS was loaded before its kernels could be chosen.
    """
    chosen = os.environ.get(CHOICE) or kernels
    if chosen != kernels:
        raise PipelineError(
            f"{CHOICE} is {chosen!r} in the environment, but runtime.kernels is {kernels}: "
            "unset the variable or change the parameter."
        )
    import numpy as np  # noqa: F401 - loads BLAS, whose kernels must have been chosen before
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
