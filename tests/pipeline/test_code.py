"""The digests of the code behind each stage, and which way the packages import each other."""

import shutil
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from pipeline import code
from pipeline.code import PROGRAMS, code_behind, code_only, digests, file_of, imports
from tests.pipeline.workspace import ROOT

SOURCE = '''
"""A module."""
import math  # for pi


class Circle:
    """A circle.

    On several lines.
    """

    # A comment on its own line.
    def area(self):
        return (
            math.pi  # a comment

            * self.radius**2
        )


TEXT = """not a docstring # not a comment

"""
SHOWN = f"{TEXT!r}# not a comment"  # a comment
'''
CODE = '''import math
class Circle:
    def area(self):
        return (
            math.pi
            * self.radius**2
        )
TEXT = """not a docstring # not a comment

"""
SHOWN = f"{TEXT!r}# not a comment"'''


def test_docstrings_comments_and_blank_lines_are_left_out_and_nothing_else() -> None:
    assert code_only(SOURCE) == CODE
    assert code_only(CODE) == CODE


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages, from which digests are made."""
    for package in ("cnn", "lessons", "pipeline"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "ROOT", tmp_path)
    return tmp_path


def test_imports_are_followed_into_functions_packages_and_the_packages_around_them(tree: Path) -> None:
    files = {
        "one/__init__.py": "",
        "one/a.py": "def f():\n    from two import b, number",
        "two/__init__.py": "import two.c\nnumber = 1",
        "two/b.py": "import numpy",
        "two/c.py": "",
        "two/unused.py": "",
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text)

    assert set(code_behind("one.a")) == {"one", "one.a", "two", "two.b", "two.c"}


def changed_by(tree: Path, file: str, old: str, new: str) -> set[str]:
    """Return the stages whose digests change when a file is edited."""
    before = {stage: digests(module) for stage, module in PROGRAMS.items()}
    text = (tree / file).read_text(encoding="utf-8")
    assert old in text
    (tree / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return {stage for stage, module in PROGRAMS.items() if digests(module) != before[stage]}


EDITS = {
    "a docstring": ("pipeline/train.py", '"""The train stage', '"""A train stage', set()),
    "a type of the figures": ("lessons/params.py", "le=1000", "le=999", {"figures"}),
    "the training": ("pipeline/train.py", "seconds = ", "duration = ", {"train"}),
    "the library": ("cnn/training.py", "\nfrom cnn", "\nimport math\nfrom cnn", set(PROGRAMS)),
}


@pytest.mark.parametrize(("file", "old", "new", "stages"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_changes_the_digests_of_the_stages_that_run_it(
    tree: Path, file: str, old: str, new: str, stages: set[str]
) -> None:
    assert changed_by(tree, file, old, new) == stages


PACKAGES = ("cnn", "pipeline", "lessons", "benchmarks")


def imported() -> Iterator[tuple[str, set[str]]]:
    """Go through all modules with the modules of this repository that each of them imports."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield (
                name,
                {
                    other
                    for other in imports(path.read_text(encoding="utf-8"))
                    if file_of(other) and other != name
                },
            )


def test_packages_import_one_way_and_no_modules_import_each_other_in_a_circle() -> None:
    graph = dict(imported())

    for name, others in graph.items():
        package = PACKAGES.index(name.partition(".")[0])
        later = {other for other in others if other.partition(".")[0] in PACKAGES[package + 1 :]}
        assert not later, f"{name} imports {later}"
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
