"""The pages of the API reference: one for each module of `cnn`, every member named."""

from __future__ import annotations

import ast
from pathlib import Path

from lessons.kit.source import definitions

SPECIAL = ("__call__",)  # the special methods that a reader calls
MODULE = """::: {module}
    options:
      heading_level: 1
      show_root_full_path: true
      show_source: false
"""


def reference_pages() -> dict[str, str]:
    """Return the Markdown of each module's page, by the module's name."""
    return {_name(file): _page(file) for file in sorted(Path("cnn").rglob("*.py"))}


def _name(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _page(file: Path) -> str:
    module = _name(file)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    objects = {name: node for name, node in definitions(tree).items() if _is_public(name)}
    blocks = [MODULE.format(module=module) + _members(_constants(tree))]
    if file.name == "__init__.py":
        blocks.append(_contents(tree))
    for name, node in objects.items():
        methods = [inner for inner in definitions(node) if _is_public(inner)]
        chosen = methods if isinstance(node, ast.ClassDef) else []
        blocks.append(f"::: {module}.{name}\n    options:\n" + _members(chosen))
    return "\n".join(blocks)


def _members(names: list[str]) -> str:
    return f"      members: [{', '.join(names)}]\n" if names else "      members: false\n"


def _contents(tree: ast.Module) -> str:
    """Return links to what a package re-exports."""
    lines = [
        f"- [`{alias.name}`][{node.module}.{alias.name}]"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    ]
    return "\n".join(lines) + "\n"


def _constants(tree: ast.Module) -> list[str]:
    """Return the public names that a module assigns and explains by a string below."""
    names = []
    for node, following in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(following, ast.Expr):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _is_public(target.id):
                names.append(target.id)
    return names


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name in SPECIAL
