"""Where a statement of the library stands: the traces and the site show the code that ran."""

import ast
import inspect
import pkgutil
import textwrap

from pipeline.errors import PipelineError


def source_lines(path: str) -> list[str]:
    """Return the source of an object, line by line, as it stands in its file.

    Args:
        path: where the object is, such as `cnn.layers.dense.Dense.forward_pass`.

    Raises:
        PipelineError: if there is no such object.

    Example:
        >>> source_lines("cnn.optimisers.SGD.kinds.fget")[1]
        '    def kinds(self) -> tuple[str, ...]:'
    """
    try:
        lines, _ = inspect.getsourcelines(pkgutil.resolve_name(path))
    except (ImportError, AttributeError) as error:
        raise PipelineError(f"There is no {path}: name the object as it stands in the source.") from error
    return [line.rstrip("\n") for line in lines]


def line_of(path: str, statement: str) -> int:
    """Return which line of an object a statement begins on, counted from 0.

    Args:
        path: where the object is.
        statement: its text; how it is broken into lines does not matter.

    Raises:
        PipelineError: if there is no such object, or not exactly one such statement in it.

    Example:
        >>> line_of("cnn.layers.flatten.Flatten.backward_pass", "dx = dy.reshape(cache)")
        2
    """
    tree = ast.parse(textwrap.dedent("\n".join(source_lines(path))))
    wanted = ast.unparse(ast.parse(statement))
    found = [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt) if ast.unparse(node) == wanted
    ]
    if len(found) != 1:
        raise PipelineError(
            f"{path} has the statement `{statement}` {len(found)} times, expected once: "
            "name a statement as the source has it now."
        )
    return found[0] - 1
