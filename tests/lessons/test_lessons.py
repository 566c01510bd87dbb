"""What holds for every lesson: what feeds each page, and the form of what it gives."""

import ast
import re
from pathlib import Path

import pytest

from lessons.contents import LESSONS
from lessons.kit.shown import Shown
from tests.lessons.shown import CURVES, SHOWN
from tests.pipeline.workspace import ROOT

LEARN = sorted((ROOT / "docs/learn").glob("*.md"))
PIPELINE = sorted((ROOT / "docs/pipeline").glob("*.md"))
CHECKS = {
    name: value
    for lesson, shown in SHOWN.items()
    for key, value in shown.values.items()
    if key.startswith("gradient_check") and (name := f"{lesson}.{key}")
}
WITHOUT_MISTAKE = {"sequential.gradient_check"}


@pytest.mark.parametrize("page", [ROOT / "docs/index.md", *LEARN, *PIPELINE], ids=lambda page: page.stem)
def test_a_page_shows_all_that_its_own_lesson_gives_and_nothing_else(page: Path) -> None:
    text = page.read_text("utf-8")
    own = {"docs": "home", "learn": "learn"}[page.parent.name] if page.stem == "index" else lesson_of(page)
    given = SHOWN.get(own, Shown())
    named = set(re.findall(r"\{[{%][^{}]*?\b(\w+)\.(\w+)", text))
    assert {lesson for lesson, _ in named} & set(LESSONS) <= {own}
    assert {value for lesson, value in named if lesson == own} >= set(given.values)
    assert set(re.findall(r"\]\(\S*(?:built|generated)/(.+?)\.svg", text)) == drawings(own)
    played = re.findall(r'<(?:step-player|predict-value) layer="(.+?)"', text)
    slid = re.findall(r'<curve-slider curve="(.+?)"', text)
    assert {*(f"traces/{name}.json" for name in played), *(f"curves/{name}.json" for name in slid)} == set(
        given.files
    )


def lesson_of(page: Path) -> str:
    return page.stem.replace("-", "_")


def drawings(lesson: str) -> set[object]:
    """Return the names of a lesson's drawings as its source gives them, also those of the trained network."""
    given = [node for node in ast.walk(ast.parse(source(lesson))) if isinstance(node, ast.keyword)]
    dicts = [node for one in given if one.arg == "drawings" for node in ast.walk(one)]
    keys = [key for node in dicts if isinstance(node, ast.Dict) for key in node.keys]
    return {key.value for key in keys if isinstance(key, ast.Constant)}


def source(lesson: str) -> str:
    return Path(str(LESSONS[lesson].__file__)).read_text(encoding="utf-8")


@pytest.mark.parametrize("lesson", sorted(LESSONS))
def test_a_lesson_imports_the_kit_and_no_other_lesson(lesson: str) -> None:
    modules = re.findall(r"^ *(?:from|import) (lessons[\w.]*|\.[\w.]*)", source(lesson), re.MULTILINE)
    assert {module for module in modules if not module.startswith("lessons.kit")} <= {"lessons.params"}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_has_a_row_of_heights_for_each_of_its_parameters_values(name: str) -> None:
    curve = CURVES[name]
    assert {line["role"] for line in curve["lines"]} <= {"input", "parameter", "output", "gradient", "none"}
    for line in curve["lines"]:
        assert len(line["y"]) == len(curve["parameter"]["values"])
        assert {len(row) for row in line["y"]} == {len(curve["x"])}
    assert curve["x"] == sorted(curve["x"])


@pytest.mark.parametrize("name", CHECKS)
def test_a_gradient_check_finds_the_mistake_and_nothing_else(name: str) -> None:
    head, _, *rows = CHECKS[name].splitlines()
    column = "with a mistake" in head
    mistakes = [row for row in rows if "**" in row]
    assert bool(mistakes) == (name not in WITHOUT_MISTAKE)
    for row in mistakes:
        *right, _ = row.split(" | ")
        assert "**" not in "".join(right)
        assert column or row.startswith("| with a mistake")
