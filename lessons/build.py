"""Writes docs/built/, all of the site that follows from code and results, before mkdocs builds the pages.

Pages include pieces of code by object path (`built/code/<path>.md`) and facts by name
(`built/facts/<name>.md`); the reference has a page for each module of `cnn`. Whatever a page names and is not
there is a fault; all faults are told at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cnn.config import nearest
from lessons.kit.source import find_piece
from lessons.site.facts import FACTS
from lessons.site.reference import reference_pages
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import write_bytes
from pipeline.common.running import run_stage

DOCS = Path("docs")
BUILT = DOCS / "built"  # git ignores it

INCLUDED = re.compile(r'--8<-- "built/(code|facts)/([^"]+)\.md"')
GENERATED = re.compile(r"\]\((?:\.\./)*(generated/[^)#\s]+)")
TRACED = re.compile(r'<(?:step-player|predict-value) layer="([^"]+)"')
CURVE = re.compile(r'<curve-slider curve="([^"]+)"')


def build(pages: Mapping[Path, str], repository: str) -> dict[str, str]:
    """Return the files that these pages need, as Markdown under their paths in docs/built/.

    Args:
        pages: the pages' Markdown, by file.
        repository: the address of the repository's pages, to link code to; empty links nothing.

    Raises:
        PipelineError: if the pages name code, facts or figures that are not there; it lists them all.
    """
    built = {f"reference/{module}.md": page for module, page in reference_pages().items()}
    faults = []
    for kind, name, page in _included(pages):
        file = f"{kind}/{name}.md"
        if file not in built:
            try:
                built[file] = _code(name, repository) if kind == "code" else _fact(name)
            except PipelineError as error:
                faults.append(f"{page}: {error}")
    faults += _missing_results(pages)
    if faults:
        raise PipelineError("The site cannot be built:\n  " + "\n  ".join(dict.fromkeys(faults)))
    return built


def write(built: Mapping[str, str]) -> None:
    """Make docs/built/ hold exactly these files; those that stay the same are not touched."""
    wanted = {BUILT / name: content.encode() for name, content in built.items()}
    for path in [path for path in BUILT.rglob("*") if path.is_file()]:
        if path not in wanted:
            path.unlink()
    for path, content in wanted.items():
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)


def read_pages() -> dict[Path, str]:
    """Return the pages that people write."""
    ours = (BUILT, paths.FIGURES)
    return {
        page: page.read_text(encoding="utf-8")
        for page in sorted(DOCS.rglob("*.md"))
        if not any(page.is_relative_to(folder) for folder in ours)
    }


def _included(pages: Mapping[Path, str]) -> Iterator[tuple[str, str, Path]]:
    for page, text in pages.items():
        for kind, name in INCLUDED.findall(text):
            yield kind, name, page


def _code(path: str, repository: str) -> str:
    piece = find_piece(path)
    place = f"{piece.file.as_posix()}, line {piece.line}"
    block = f'``` {{ .python title="{place}" }}\n{piece.text}\n```\n'
    if not repository:
        return block
    address = f"{repository.rstrip('/')}/blob/main/{piece.file.as_posix()}#L{piece.line}"
    return f"{block}\n[{place}, in the repository]({address}){{ .source-link }}\n"


def _fact(name: str) -> str:
    """Return a fact that is made now, or else one that the figures stage made."""
    if name in FACTS:
        return FACTS[name]().strip() + "\n"
    made = paths.FIGURES / "facts"
    if (made / f"{name}.md").is_file():
        return (made / f"{name}.md").read_text(encoding="utf-8")
    known: dict[str, object] = {**FACTS, **{file.stem: file for file in made.glob("*.md")}}
    raise PipelineError(
        f"neither lessons/site/facts nor {made} has a fact {name!r}" + (nearest(name, known) or ".")
    )


def _missing_results(pages: Mapping[Path, str]) -> list[str]:
    """Return a sentence for every page that names results which the figures stage did not write."""
    sentences = []
    for page, text in pages.items():
        named = [
            *GENERATED.findall(text),
            *(f"generated/traces/{layer}.json" for layer in TRACED.findall(text)),
            *(f"generated/curves/{curve}.json" for curve in CURVE.findall(text)),
        ]
        missing = [file for file in dict.fromkeys(named) if not (DOCS / file).is_file()]
        if missing:
            sentences.append(f"{page}: there is no {', '.join(missing)} in {DOCS}: run `dvc repro figures`.")
    return sentences


def main() -> None:
    """Write docs/built/."""
    write(build(read_pages(), os.environ.get("REPO_URL", "")))


if __name__ == "__main__":
    run_stage(main)
