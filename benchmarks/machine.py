"""What the results depend on: the processor, the system and the versions."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Any

from threadpoolctl import threadpool_info

from benchmarks.process import OURS
from pipeline.common.kernels import core_type
from pipeline.common.machine import machine


def describe_machine() -> dict[str, Any]:
    """Return the machine, the date and the versions."""
    blas: dict[str, Any] = next((one for one in threadpool_info() if one["user_api"] == "blas"), {})
    return machine() | {
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "blas": f"{blas.get('internal_api', 'unknown')} {blas.get('version', '')}".strip(),
        "kernels": {kernels: core_type(kernels) for kernels in (one.setting["kernels"] for one in OURS)},
        "blas_settings": {
            name: value
            for name, value in sorted(os.environ.items())
            if re.match("OPENBLAS_(?!CORETYPE)|OMP_|MKL_", name)
        },
        "pytorch": _pytorch(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _pytorch() -> dict[str, str] | None:
    """Return PyTorch's version, and the main facts of its build; None if it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    lines = [line.strip(" -") for line in torch.__config__.show().splitlines()]
    telling = [line for line in lines if re.match("GCC|Clang|Intel|OpenMP|CPU capability", line)]
    return {"version": torch.__version__, "build": "; ".join(telling)}
