"""Formulas in pages become MathML, and one that cannot be drawn is refused."""

from pathlib import Path

import pytest
from markdown import Markdown

from tests.pipeline.workspace import run

CONFIG = "site_name: formulas\nmarkdown_extensions: [lessons.kit.formulas]\n"
THIN_SPACE = '<mspace width="0.167em"></mspace>'
MATHML = "http://www.w3.org/1998/Math/MathML"


def rendered(text: str) -> str:
    return Markdown(extensions=["lessons.kit.formulas", "fenced_code"]).convert(text)


def formula(display: str, content: str) -> str:
    return f'<math display="{display}" xmlns="{MATHML}"><mrow>{content}</mrow></math>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("of $x_1$ and $a$", f"of {formula('inline', '<msub><mi>x</mi><mn>1</mn></msub>')} and "),
        ("$$y$$", formula("block", "<mi>y</mi>")),
        ("$$\nu\n$$", formula("block", "<mi>u</mi>")),
        ("$$y$$ and $x$", f"{formula('block', '<mi>y</mi>')} and {formula('inline', '<mi>x</mi>')}"),
        ("$a < b$", formula("inline", "<mi>a</mi><mo>&#x0003C;</mo><mi>b</mi>")),
        (
            "$a *b* c$",
            formula("inline", "<mi>a</mi><mo>&#x0002A;</mo><mi>b</mi><mo>&#x0002A;</mo><mi>c</mi>"),
        ),
        (
            r"$\log x_1$",
            formula("inline", f"<mi>log</mi>{THIN_SPACE}<msub><mi>x</mi><mn>1</mn></msub>"),
        ),
        (
            r"$\tanh(x)$",
            formula(
                "inline",
                '<mi>tanh</mi><mo stretchy="false">&#x00028;</mo><mi>x</mi>'
                '<mo stretchy="false">&#x00029;</mo>',
            ),
        ),
    ],
)
def test_what_stands_between_dollars_becomes_mathml(text: str, expected: str) -> None:
    assert expected in rendered(text)


@pytest.mark.parametrize("text", ["`$x$`", "```\n$x$\n```", "one $ alone"])
def test_code_and_single_dollars_stay_as_they_are(text: str) -> None:
    html = rendered(text)
    assert "$" in html
    assert "<math" not in html


@pytest.mark.parametrize(
    ("latex", "complaint"),
    [
        (r"\frac{a}{b", "has a brace without its other one"),
        ("x_{i", "has a brace without its other one"),
        ("x_1_2", "is not LaTeX (DoubleSubscriptsError)"),
        ("x_", "is not LaTeX (MissingSuperScriptOrSubscriptError)"),
    ],
)
def test_what_is_not_latex_is_refused(latex: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="The formula") as refusal:
        rendered(f"A page with ${latex}$ in it.")
    assert str(refusal.value) == f"The formula {latex!r} {complaint}."


@pytest.mark.parametrize(("latex", "culprit"), [(r"\nosuch x", r"\nosuch"), ("a & b", "&")])
def test_what_cannot_be_drawn_is_refused_by_its_name(latex: str, culprit: str) -> None:
    with pytest.raises(ValueError, match="which cannot be drawn") as refusal:
        rendered(f"A page with ${latex}$ in it.")
    assert str(refusal.value) == f"The formula {latex!r} has {culprit!r} in it, which cannot be drawn."


def test_mkdocs_names_the_page_of_a_formula_that_cannot_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "docs" / "learn").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(CONFIG)
    (tmp_path / "docs" / "index.md").write_text("# Home\n\nA right one: $x$.\n")
    (tmp_path / "docs" / "learn" / "dense.md").write_text("# Dense\n\n$\\nosuch x$\n")
    ended = run(tmp_path, "python", "-m", "mkdocs", "build", "--strict")
    assert ended.returncode != 0
    assert "Error reading page 'learn/dense.md': The formula" in ended.stderr
