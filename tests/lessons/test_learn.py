import pytest

from lessons.learn import AFTERWARDS, minutes
from tests.lessons.shown import SHOWN
from tests.pipeline.workspace import ROOT

PARTS = SHOWN["learn"].values["parts"]
LESSONS = [lesson for part in PARTS for lesson in part["lessons"]]


def test_the_map_has_every_lesson_once_in_the_order_of_the_navigation() -> None:
    pages = [lesson["page"] for lesson in LESSONS]
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    places = [navigation.index(f"{lesson['title']}: learn/{lesson['page']}\n") for lesson in LESSONS]
    assert places == sorted(places)
    assert sorted(pages) == sorted(f"{name}.md" for name in AFTERWARDS)
    assert {*pages, "index.md"} == {page.name for page in (ROOT / "docs/learn").glob("*.md")}


@pytest.mark.parametrize("folded", ["??? note\n\n    word word\n\n    word\n", '```pycon\n>>> "code"\n```\n'])
def test_what_is_folded_up_and_code_take_no_time(folded: str) -> None:
    assert minutes(folded * 1000) == 0
    assert minutes(f"{folded}\n{'word ' * 400}") == 2


def test_a_widget_and_two_formulas_take_a_minute_each() -> None:
    assert minutes('<step-player layer="flatten" way="forward"></step-player>\n') == 1
    assert minutes("$$\na\n$$\n\n$$b$$\n") == 1
