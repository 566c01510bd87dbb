"""The code stage: for each stage a digest of the code behind it, without docstrings and comments.

DVC does not follow imports, and it would rerun a stage for every comment in a file that the stage depends on.
This stage therefore writes a small text file for each other one, with a line for each module that the stage
imports, directly or not. The other stages depend on these files; DVC goes on only where one has changed.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from functools import cache
from pathlib import Path

from pipeline.common import paths
from pipeline.common.files import new_folder
from pipeline.common.running import run_stage

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    "preprocess": "pipeline.preprocess",
    "train": "pipeline.train",
    "evaluate": "pipeline.evaluate",
    "figures": "lessons.figures",
}
"""The stages that depend on such a digest, and the module that each of them runs."""


def main() -> None:
    """Write the digests of all stages."""
    with new_folder(paths.CODE) as folder:
        for stage, module in PROGRAMS.items():
            (folder / f"{stage}.txt").write_text(digests(module), encoding="utf-8", newline="\n")


def code_behind(module: str) -> dict[str, Path]:
    """Return the modules of this repository that a module imports, directly or not, with their files.

    An import inside a function counts too, and so do the packages that a module lies in.

    Args:
        module: the name, such as `pipeline.train`.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = file_of(name)
        if path and name not in found:
            found[name] = path
            waiting += [name.rpartition(".")[0], *imports(path.read_text(encoding="utf-8"))]
    return found


def file_of(module: str) -> Path | None:
    """Return the file of a module or package of this repository, or None."""
    base = ROOT.joinpath(*module.split("."))
    candidates = base.with_suffix(".py"), base / "__init__.py"
    return next((path for path in candidates if module and path.is_file()), None)


@cache
def imports(source: str) -> frozenset[str]:
    """Return all names that a module imports: of modules, and of what is inside them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return frozenset(names)


@cache
def code_only(source: str) -> str:
    """Return a module's source without docstrings, comments and blank lines.

    The result is the same text under Python 3.11 to 3.14, although these divide f-strings into other tokens.
    """
    lines: dict[int, str] = dict(enumerate(source.split("\n"), start=1))
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row] = lines[row][:column].rstrip()
        elif token.type == tokenize.NL:
            if not lines[row].strip():
                del lines[row]
        elif token.type == tokenize.NEWLINE:
            if statement and all(part.type == tokenize.STRING for part in statement):
                for docstring_row in range(statement[0].start[0], row + 1):
                    del lines[docstring_row]
            statement = []
        elif token.type not in {tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}:
            statement.append(token)
    return "\n".join(lines.values()).rstrip("\n")


def digests(module: str) -> str:
    """Return a line for each module behind a module: the SHA-256 of its code, and its path."""
    lines = []
    for path in sorted(code_behind(module).values()):
        code = code_only(path.read_text(encoding="utf-8"))
        lines.append(f"{hashlib.sha256(code.encode()).hexdigest()}  {path.relative_to(ROOT).as_posix()}\n")
    return "".join(lines)


def code_digest(module: str) -> str:
    """Return a short digest of the code behind a module, without docstrings and comments."""
    return hashlib.sha256(digests(module).encode()).hexdigest()[:16]


if __name__ == "__main__":
    run_stage(main, stage="code")
