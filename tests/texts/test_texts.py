"""How blocks and commands are found in README, CONTRIBUTING and the pages, and what stands there in all."""

import re

import pytest

from tests.texts.texts import FENCE, ROOT, TEXTS, Block, blocks, commands, read

MARKDOWN = """\
Text with `make help` in it.

```pycon
>>> 1 + 1
2
```

??? success "Solution"

    ``` { .python title="A title" }
    if True:

        print(1)
    ```

    ~~~sh
    make test  # all
    ~~~
"""


def test_blocks_are_found_where_they_stand_inside_admonitions_too() -> None:
    assert blocks(MARKDOWN) == [
        Block("pycon", ">>> 1 + 1\n2\n", 4),
        Block("python", "if True:\n\n    print(1)\n", 11),
        Block("sh", "make test  # all\n", 17),
    ]


def test_commands_are_found_in_blocks_and_between_words() -> None:
    assert list(commands(MARKDOWN)) == [(17, "make test  # all"), (1, "make help")]


@pytest.mark.parametrize("text", TEXTS)
def test_every_block_is_closed_and_of_a_language_that_is_checked(text: str) -> None:
    markdown = read(text)
    found = blocks(markdown)
    assert len(FENCE.findall(markdown)) == 2 * len(found)
    assert {block.language for block in found} <= {"pycon", "python", "sh", "yaml"}


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


def test_the_first_commands_of_the_readme_are_run_in_a_fresh_clone() -> None:
    first, *_ = blocks(read("README.md"), "sh")
    script = read(".ci/run")
    assert first.code.splitlines() == ["make repro", "make test"]
    for command in ("make repro", "make test-slow"):  # the tests of `make test`, and more
        assert re.search(rf"^(\w+=\w+ )*{command}( |$)", script, re.MULTILINE), command
