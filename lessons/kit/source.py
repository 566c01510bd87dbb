"""Pieces of the repository's own source, found by object path such as `cnn.layers.dense.Dense.build`."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cnn.habits import nearest
from pipeline.common.errors import PipelineError

Definition = ast.ClassDef | ast.FunctionDef
DOCSTRING, CHECKS = "docstring", "checks"


@dataclass(frozen=True)
class Fold:
    """Lines that a reader can do without at first.

    Attributes:
        first: its first line, counted from 0.
        last: its last line.
        name: what they are.
    """

    first: int
    last: int
    name: str


@dataclass(frozen=True)
class Piece:
    """A class or function as it stands in the source.

    Attributes:
        file: the module's file, relative to the repository's root.
        line: the number of its first line, decorators included, from 1.
        text: its lines, not indented.
    """

    file: Path
    line: int
    text: str

    def line_of(self, statement: str) -> int:
        """Return which of the lines a statement begins on, counted from 0.

        Args:
            statement: its text; how it is broken into lines does not matter.

        Raises:
            PipelineError: if there is not exactly one such statement.

        Example:
            >>> find_piece("cnn.layers.flatten.Flatten.backward_pass").line_of("dx = dy.reshape(cache)")
            2
        """
        wanted = ast.unparse(ast.parse(statement))
        statements = [node for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.stmt)]
        found = [node.lineno for node in statements if ast.unparse(node) == wanted]
        if len(found) != 1:
            raise PipelineError(
                f"The function at line {self.line} of {self.file.as_posix()} has the statement `{statement}` "
                f"{len(found)} times, expected once: name a statement as the source has it now."
            )
        return found[0] - 1

    def folds(self) -> list[Fold]:
        """Return the docstrings and checks among the lines; those that follow each other are one fold.

        Example:
            >>> find_piece("cnn.layers.dense.Dense.forward_pass").folds()[0]
            Fold(first=3, last=4, name='docstring and checks')
        """
        folds: list[Fold] = []
        for statement, name in _asides(ast.parse(self.text)):
            fold = Fold(statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1, name)
            if folds and folds[-1].last + 1 == fold.first:
                before = folds.pop()
                both = before.name if name in before.name else f"{before.name} and {name}"
                fold = Fold(before.first, fold.last, both)
            folds.append(fold)
        return folds


def find_piece(path: str) -> Piece:
    """Return the source of a class, method or function.

    Args:
        path: the module's name, a dot, and the names that lead to the object.

    Raises:
        PipelineError: if there is no such object.

    Example:
        >>> find_piece("lessons.kit.source.Piece").text.splitlines()[:2]
        ['@dataclass(frozen=True)', 'class Piece:']
    """
    module, names = _split(path)
    source = module.read_text(encoding="utf-8")
    node: ast.Module | Definition = ast.parse(source)
    for name in names:
        children = ast.iter_child_nodes(node)
        inside = {child.name: child for child in children if isinstance(child, Definition)}
        if name not in inside:
            raise PipelineError(f"{path}: {module.as_posix()} has no {name}" + (nearest(name, inside) or "."))
        node = inside[name]
    if isinstance(node, ast.Module):
        raise PipelineError(f"{path} is a whole module: name a class or function of it.")
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = source.splitlines()[first - 1 : node.end_lineno]
    return Piece(module, first, textwrap.dedent("\n".join(lines)))


def _asides(node: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the docstrings and checks inside a node, in order, each with its name."""
    statements = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
        yield statements.pop(0), DOCSTRING
    all_check = all(_is_check(statement) for statement in statements)  # then they are what there is to see
    for statement in statements:
        if _is_check(statement) and not all_check:
            yield statement, CHECKS
        elif not _is_check(statement):
            yield from _asides(statement)


def _is_check(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but refuse what is wrong."""
    if isinstance(statement, ast.If | ast.For):
        last = statement.body[-1]
        return (isinstance(last, ast.Raise) or _is_check(last)) and all(map(_is_check, statement.orelse))
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    name = ast.unparse(statement.value.func).rpartition(".")[2]
    return name.lstrip("_").startswith("check_")


def _split(path: str) -> tuple[Path, list[str]]:
    """Return the file of the longest leading part that is a module, and the names after it."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        base = Path(*parts[:length])
        for file in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            if file.is_file():
                return file, parts[length:]
    raise PipelineError(f"{path}: there is no module {parts[0]}.")
