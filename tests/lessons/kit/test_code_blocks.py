"""Code on the pages is the shipped code, with docstrings and checks folded."""

import re
from html import unescape

import pytest

from lessons.kit.code_blocks import code_block
from lessons.kit.source import find_piece
from tests.texts.texts import PAGES, read

SHOWN = sorted({path for page in PAGES for path in re.findall(r'\{\{ code\("([^"]+)"\)', read(page))})
FORWARD = "cnn.layers.dense.Dense.forward_pass"


def text_of(html: str) -> str:
    return unescape(re.sub("<[^>]+>", "", html))


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_visible_and_what_is_folded_are_the_source(path: str) -> None:
    block, piece = code_block(path), find_piece(path)
    code = re.sub("<summary>.*?</summary>", "", block[block.index("<code>") :])
    indent = "    " * len(re.findall(r"\.(?=[A-Z])[^.]+\.", path))
    source = piece.file.read_text(encoding="utf-8").splitlines()[piece.line - 1 :]
    lines = text_of(code).splitlines()
    assert [indent + line if line else "" for line in lines] == source[: len(lines)]
    copied = re.search(r'data-copy="([^"]*)"', block)
    assert copied is not None
    assert unescape(copied[1]).splitlines() == lines


def test_the_lines_that_compute_are_visible() -> None:
    block = code_block(FORWARD)
    visible = text_of(re.sub("<details.*?</details>", "…\n", block[block.index("<code>") :], flags=re.DOTALL))
    signature, lines = visible.split(":\n…\n")
    assert signature.startswith("def forward_pass(")
    assert [line.strip() for line in lines.splitlines()] == [
        'weight, bias = self.param("weight", like=x), self.param("bias", like=x)',
        "…",
        "y = x @ weight + bias",
        "return y, x",
    ]
    assert re.findall("<summary> *<span>(.*?)</span>", block) == ["docstring and checks", "checks"]


@pytest.mark.parametrize(
    ("path", "folded"),
    [
        ("cnn.checks.check_samples", ["docstring"]),  # whose checks are what it computes
        ("cnn.optimisers.Optimiser.update", ["docstring and checks"]),  # loops that only check, too
        (
            "cnn.layers.dropout.Dropout.forward_pass",
            ["docstring and checks", "checks"],
        ),  # not an early return
        ("cnn.training.run_micro_batch", ["docstring", "checks"]),  # inside a with statement
        ("cnn.sequential.Sequential._back_to", []),
    ],
)
def test_docstrings_and_checks_are_folded_and_nothing_else(path: str, folded: list[str]) -> None:
    assert [fold.name for fold in find_piece(path).folds()] == folded


def test_code_names_its_file_and_line_and_links_there() -> None:
    piece = find_piece(FORWARD)
    where = f"cnn/layers/dense.py, line {piece.line}"
    assert f'<span class="filename">{where}</span>' in code_block(FORWARD)
    address = f"https://example.org/cnn/blob/main/cnn/layers/dense.py#L{piece.line}"
    assert f'href="{address}"' in code_block(FORWARD, "https://example.org/cnn")
