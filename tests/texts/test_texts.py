"""What README, CONTRIBUTING and the pages link to and name is there."""

import re

import pytest

from tests.texts.texts import FENCE, ROOT, TEXTS, blocks, read


@pytest.mark.parametrize("text", TEXTS)
def test_every_block_is_closed_and_of_a_language_that_is_checked(text: str) -> None:
    markdown = read(text)
    found = blocks(markdown)
    assert len(FENCE.findall(markdown)) == 2 * len(found)
    assert {block.language for block in found} <= {"bat", "js", "pycon", "python", "sh", "yaml"}


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md"])  # mkdocs checks those of the pages
def test_links_lead_to_files(text: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", read(text))
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.parametrize("text", TEXTS)
def test_tests_that_are_named_exist(text: str) -> None:
    tests = {file.relative_to(ROOT).as_posix(): file for file in (ROOT / "tests").rglob("*.py")}
    sources = "".join(file.read_text(encoding="utf-8") for file in tests.values())
    named = set(re.findall(r"`(test_\w+)`", read(text)))
    assert set(re.findall(r"tests/[\w/]+\.py", read(text))) <= set(tests)
    assert named <= set(re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE))
