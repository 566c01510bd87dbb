"""What `python -m lessons.build` writes and checks."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import cnn
from lessons import build
from lessons.kit.themes import DARK, LIGHT, Theme
from pipeline.common.errors import PipelineError

PAGE = Path("docs/learn/page.md")
VALUES = {"net": SimpleNamespace(size="12")}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ net.sizes }}", "the lesson 'net' gives no value 'sizes'"),
        ('{{ code("nowhere.at_all") }}', "there is no module nowhere"),
        (
            "![A picture](../generated/absent.svg)",
            "there is no docs/generated/absent.svg: run `dvc repro figures`.",
        ),
        ("![A picture](../built/absent.svg)", "docs/built/absent.svg: no lesson makes it."),
        ('<step-player layer="absent" way="forward">', "there is no docs/built/traces/absent.json"),
        ('<curve-slider curve="absent">', "there is no docs/built/curves/absent.json"),
    ],
)
def test_a_name_that_is_not_there_is_a_fault_that_names_the_page(text: str, complaint: str) -> None:
    with pytest.raises(PipelineError) as fault:
        build.check({PAGE: text}, VALUES)
    assert f"{PAGE}: " in str(fault.value)
    assert complaint in str(fault.value)


def test_the_faults_of_all_pages_are_told_at_once() -> None:
    with pytest.raises(PipelineError) as fault:
        build.check({PAGE: "{{ net.one }} {{ net.two }}", Path("docs/other.md"): "{{ one.two }}"}, VALUES)
    assert len(str(fault.value).splitlines()) == 4


def test_writing_removes_what_is_no_longer_needed_and_leaves_the_rest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BUILT", tmp_path)
    build.write({"traces/kept.json": b"a", "traces/dropped.json": b"b"})
    before = (tmp_path / "traces/kept.json").stat().st_mtime_ns
    build.write({"traces/kept.json": b"a", "curves/new.json": b"c"})
    assert {file.name for file in tmp_path.rglob("*.json")} == {"kept.json", "new.json"}
    assert (tmp_path / "traces/kept.json").stat().st_mtime_ns == before


def test_the_reference_has_every_module_and_names_all_that_cnn_gives() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in Path("docs/reference").glob("*.md"))
    modules = {
        ".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in Path("cnn").rglob("*.py")
    }
    blocks = [line.removeprefix("::: ") for line in pages.splitlines() if line.startswith("::: ")]
    assert sorted(blocks) == sorted(modules)
    assert set(re.findall(r"`(\w+)`", pages)) >= set(cnn.__all__)


@pytest.mark.parametrize(("theme", "scheme"), [(LIGHT, "default"), (DARK, "slate")])
def test_the_pages_have_the_colours_of_the_figures(theme: Theme, scheme: str) -> None:
    style = Path("docs/stylesheets/roles.css").read_text(encoding="utf-8")
    block = style.partition(f'[data-md-color-scheme="{scheme}"] {{')[2].partition("}")[0]
    colours = dict(line.strip().rstrip(";").split(": ") for line in block.strip().splitlines())
    assert colours == {
        "--page": theme.page,
        "--ink": theme.ink,
        "--quiet": theme.quiet,
        "--zero": theme.zero,
        "--negative": theme.negative,
        "--role-input": theme.activation,
        "--role-parameter": theme.parameter,
        "--role-output": theme.output,
        "--role-gradient": theme.gradient,
    }
