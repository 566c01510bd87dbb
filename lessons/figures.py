"""The stage `figures`: what the lessons show of the trained network, for the site and the README."""

from __future__ import annotations

from collections.abc import Mapping

from lessons import what_it_sees
from lessons.contents import LESSONS
from lessons.kit.subject import load_subject
from lessons.params import load_all_parameters
from pipeline.common import paths
from pipeline.common.files import new_folder, write_bytes
from pipeline.common.kernels import kernels_in_use
from pipeline.common.machine import log_circumstances
from pipeline.common.running import run_stage


def figures() -> tuple[dict[str, bytes], bytes]:
    """Draw all figures.

    Returns:
        The site's files by their names, and the README's PNG.

    Raises:
        PipelineError: if an earlier stage has not been run, or there is no such test image.
    """
    subject = load_subject()
    files: dict[str, bytes] = {}
    for name, lesson in LESSONS.items():
        if hasattr(lesson, "from_network"):
            files |= lesson.from_network(subject).as_files(name)
    return files, what_it_sees.readme_figure(subject)


def write(files: Mapping[str, bytes], for_readme: bytes) -> None:
    """Write the figures, and remove all that were there."""
    with new_folder(paths.FIGURES) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    write_bytes(paths.README_FIGURE, for_readme)


def main() -> None:
    """Run the stage."""
    kernels = kernels_in_use(load_all_parameters().runtime.kernels)
    write(*figures())
    log_circumstances("figures", kernels=kernels)


if __name__ == "__main__":
    run_stage(main, stage="figures")
