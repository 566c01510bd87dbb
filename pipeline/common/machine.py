"""What is known of the machine that a stage runs on, and the log of it.

Such facts differ from run to run. They go into `logs/`, which neither git nor DVC tracks.
"""

import platform
from importlib.metadata import version
from typing import Any

import archspec.cpu

from cnn.parallel import processors
from pipeline.common.files import write_json
from pipeline.common.paths import LOGS


def machine() -> dict[str, Any]:
    """Return versions, system, processor, and how many processors may be used."""
    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "system": platform.platform(),
        "processor": str(archspec.cpu.brand_string() or archspec.cpu.host().name),
        "processors": processors(),
    }


def log_circumstances(stage: str, **facts: Any) -> None:
    """Write the facts about the machine, and what else is known of this run, to `logs/<stage>.json`.

    Args:
        stage: the stage's name.
        facts: what else to record, such as times.
    """
    write_json(LOGS / f"{stage}.json", machine() | facts)
