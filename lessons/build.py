"""Writes docs/built/ before MkDocs runs: what `from_repository` of each lesson returns.

Each page is filled in once, so that a name, a piece of code or a file that is missing is reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lessons.contents import LESSONS
from lessons.kit.pages import BUILT, Values, read_values, render
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.running import run_stage

DOCS = Path("docs")

PICTURE = re.compile(r"\]\((?:\.\./)*((?:built|generated)/[^)#\s]+)")
TRACE = re.compile(r'<(?:step-player|predict-value) layer="([^"]+)"')
CURVE = re.compile(r'<curve-slider curve="([^"]+)"')


def build() -> dict[str, bytes]:
    """Return the files of docs/built/ by their names."""
    files: dict[str, bytes] = {}
    for name, lesson in LESSONS.items():
        if hasattr(lesson, "from_repository"):
            files |= lesson.from_repository().as_files(name)
    return files


def write(files: Mapping[str, bytes]) -> None:
    """Make docs/built/ hold exactly these files; those that stay the same are not touched."""
    wanted = {BUILT / name: content for name, content in files.items()}
    for path in [path for path in BUILT.rglob("*") if path.is_file()]:
        if path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)


def check(pages: Mapping[Path, str], values: Values) -> None:
    """Fill in pages, and look for the files that they show.

    Args:
        pages: the pages' Markdown, by file.
        values: the values of each lesson by its name.

    Raises:
        PipelineError: if the pages name values, code or files that are not there; it lists them all.
    """
    faults = [f"{page}: {fault}" for page, text in pages.items() for fault in _faults(text, values)]
    if faults:
        raise PipelineError("The site cannot be built:\n  " + "\n  ".join(dict.fromkeys(faults)))


def read_pages() -> dict[Path, str]:
    """Return the pages that people write."""
    return {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}


def _faults(text: str, values: Values) -> Iterator[str]:
    filled, unknown = render(text, values)
    yield from unknown
    shown = [
        *PICTURE.findall(filled),
        *(f"built/traces/{layer}.json" for layer in TRACE.findall(filled)),
        *(f"built/curves/{curve}.json" for curve in CURVE.findall(filled)),
    ]
    absent = [file for file in dict.fromkeys(shown) if not (DOCS / file).is_file()]
    for folder, remedy in {"built": "no lesson makes it", "generated": "run `dvc repro figures`"}.items():
        for file in absent:
            if file.startswith(folder):
                yield f"there is no {DOCS}/{file}: {remedy}."


def main() -> None:
    """Write docs/built/, and check the pages."""
    write(build())
    check(read_pages(), read_values())


if __name__ == "__main__":
    run_stage(main)
