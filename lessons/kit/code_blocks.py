"""Blocks of code on the pages: pieces of the source with folds, and examples that can be copied."""

from __future__ import annotations

import re
from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from lessons.kit.source import find_piece

_EXAMPLE = re.compile(r'<code>((?:(?!</code>).)*?<span class="gp">.*?)</code>', re.DOTALL)
_INPUT = re.compile(r'((?:<a [^>]*></a>)?<span class="gp">.*\n)')


def code_block(path: str, repository: str = "") -> str:
    """Return a piece of the source as HTML, with its file and line; docstrings and checks are folded.

    Args:
        path: the object's path, as for `find_piece`.
        repository: the address of the repository, to link the code to; empty links nothing.

    Raises:
        PipelineError: if there is no such object.
    """
    piece = find_piece(path)
    # The formatter closes its tags at the end of each line, so that lines can be put into folds.
    coloured = highlight(piece.text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    lines = coloured.splitlines(keepends=True)
    source = piece.text.split("\n")
    for fold in piece.folds():
        indent = re.match(" *", source[fold.first])
        summary = f"<summary>{indent[0] if indent else ''}<span>{fold.name}</span></summary>"
        lines[fold.first] = f'<details class="fold">{summary}{lines[fold.first]}'
        lines[fold.last] += "</details>"
    where = f"{piece.file.as_posix()}, line {piece.line}"
    # Material copies what stands in `data-copy`: what is folded too.
    block = (
        f'<div class="highlight" data-copy="{escape(piece.text)}"><span class="filename">{where}</span>'
        f"<pre><code>{''.join(lines)}</code></pre></div>"
    )
    if not repository:
        return block
    address = f"{repository.rstrip('/')}/blob/main/{piece.file.as_posix()}#L{piece.line}"
    return f'{block}\n<p><a class="source-link" href="{address}">{where}, in the repository</a></p>'


def enclose_outputs(html: str) -> str:
    r"""Enclose what each example prints, ends of lines too: a copy of the inputs then has no empty lines.

    Args:
        html: a page with examples of Python that Pygments has coloured.

    Example:
        >>> enclose_outputs('<code><span class="gp">&gt;&gt;&gt; </span>x\n1\n</code>')
        '<code><span class="gp">&gt;&gt;&gt; </span>x\n<span class="printed">1\n</span></code>'
    """

    def enclose(block: re.Match[str]) -> str:
        parts = _INPUT.split(block[1])  # by turns what is printed and what is put in
        parts[::2] = [f'<span class="printed">{part}</span>' if part.strip() else part for part in parts[::2]]
        return f"<code>{''.join(parts)}</code>"

    return _EXAMPLE.sub(enclose, html)
