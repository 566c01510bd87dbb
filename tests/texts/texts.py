"""The texts that people write, and the blocks of code in them."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [page.relative_to(ROOT).as_posix() for page in sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = ["README.md", "CONTRIBUTING.md", *PAGES]

FENCE = re.compile(r"^ *(?:```|~~~)", re.MULTILINE)
BLOCK = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<head>.*)\n(?P<code>(?:.*\n)*?)(?P=indent)(?P=fence) *$",
    re.MULTILINE,
)
# Between words a command may be a mere mention, which lacks what it would need: `dvc exp apply`.
INLINE = re.compile(r"(?<!`)`((?:dvc repro|git|make|pip|pytest|python|\.venv/bin/\w+)\s[^`<]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block, which may stand inside an admonition, and the number of its first line of code."""

    language: str
    code: str
    line: int


def read(text: str) -> str:
    return (ROOT / text).read_text(encoding="utf-8")


def blocks(markdown: str, *languages: str) -> list[Block]:
    """Return the blocks of some languages, or else all."""
    found = [_block(markdown, match) for match in BLOCK.finditer(markdown)]
    return [block for block in found if not languages or block.language in languages]


def _block(markdown: str, match: re.Match[str]) -> Block:
    language = "".join(re.findall(r"\w+", match["head"])[:1])
    return Block(language, textwrap.dedent(match["code"]), markdown.count("\n", 0, match.start("code")) + 1)


def commands(markdown: str) -> Iterator[tuple[int, str]]:
    """Go through the commands of the blocks for a shell, and through those in the lines of the text."""
    for block in blocks(markdown, "sh", "bat"):
        yield from enumerate(block.code.splitlines(), block.line)
    for match in INLINE.finditer(markdown):
        yield markdown.count("\n", 0, match.start()) + 1, " ".join(match[1].split())
