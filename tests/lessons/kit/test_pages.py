"""How pages are filled in, and what is said of names that mean nothing."""

from types import SimpleNamespace

import pytest
from markdown import Markdown

from lessons.kit.code_blocks import code_block
from lessons.kit.pages import render
from tests.texts.texts import PAGES, read

FORWARD = "cnn.layers.flatten.Flatten.forward_pass"
VALUES = {"net": SimpleNamespace(size="12", table="| a |\n| b |", layers=[])}


def filled(text: str) -> str:
    page, faults = render(text, VALUES)
    assert faults == []
    return page


def test_values_are_filled_in_and_a_table_in_an_admonition_is_indented() -> None:
    assert filled("of {{ net.size }}\n\n    {{ net.table }}\n") == "of 12\n\n    | a |\n    | b |\n"
    assert filled("    {{ net.size }} and {{ net.size }}\n") == "    12 and 12\n"


def test_a_page_says_what_is_not_there_and_leaves_no_line_behind() -> None:
    page = "{% if net.layers %}\nsome\n{% else %}\nnone\n{% endif %}\n"
    assert filled(page) == "none\n"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_to_be_filled_in_stays_as_it_is(page: str) -> None:
    lines = [line for line in read(page).splitlines(keepends=True) if "{{" not in line and "{%" not in line]
    text = "".join(lines)
    assert filled(text) == text


def test_code_stands_where_a_page_asks_for_it() -> None:
    page, faults = render(f'    {{{{ code("{FORWARD}") }}}}\n', VALUES, show=lambda path: f"<{path}>")
    assert (page, faults) == (f"    <{FORWARD}>\n", [])


def test_code_in_an_admonition_is_left_as_it_is() -> None:
    text = f'!!! note\n\n    {{{{ code("{FORWARD}") }}}}\n'
    html = Markdown(extensions=["admonition", "lessons.kit.pages"]).convert(text)
    assert f"\n{code_block(FORWARD)}\n" in html


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f'{{{{ code("{FORWARD[:-1]}") }}}}', "flatten.py has no forward_pas: did you mean 'forward_pass'?"),
        ('{{ code("nowhere.at_all") }}', "there is no module nowhere"),
        ('{{ code("cnn.layers.flatten") }}', "is a whole module"),
        (
            "{{ net.sizes }}",
            "the lesson 'net' gives no value 'sizes': did you mean 'size'? If it is new, run `make site",
        ),
        ("{% if net.absent.part %}{% endif %}", "the lesson 'net' gives no value 'absent'."),
        ("{{ nett.size }}", "there is no lesson 'nett': did you mean 'net'?"),
        ("a\n{{ net.size }", "line 2 cannot be filled in: unexpected '}'"),
    ],
)
def test_a_name_that_means_nothing_is_a_fault(text: str, complaint: str) -> None:
    _, [fault] = render(text, VALUES)
    assert complaint in fault


def test_all_faults_are_told_at_once() -> None:
    assert len(render("{{ net.one }} {{ two.one }} {{ code('three') }}", VALUES)[1]) == 3
