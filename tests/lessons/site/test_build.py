"""What `python -m lessons.build` writes for the pages, and what it says of names that are not there."""

import shutil
from pathlib import Path

import pytest

from lessons.kit.themes import DARK, LIGHT, Theme
from lessons.site import build
from pipeline.common.errors import PipelineError
from tests.pipeline.workspace import ROOT, run
from tests.texts.texts import PAGES

PAGE = Path("docs/learn/page.md")
FORWARD = "cnn.layers.flatten.Flatten.forward_pass"


def built(text: str, repository: str = "") -> dict[str, str]:
    return build.build({PAGE: text}, repository)


def test_code_is_included_as_it_stands_in_the_source() -> None:
    block = built(f'--8<-- "built/code/{FORWARD}.md"')[f"code/{FORWARD}.md"]
    opening, *lines, closing = block.splitlines()
    source = Path("cnn/layers/flatten.py").read_text(encoding="utf-8").splitlines()
    number = int(opening.rpartition("line ")[2].removesuffix('" }'))
    assert opening == f'``` {{ .python title="cnn/layers/flatten.py, line {number}" }}'
    assert [f"    {line}" if line else "" for line in lines] == source[number - 1 : number - 1 + len(lines)]
    assert lines[0].startswith("def forward_pass(")
    assert closing == "```"


def test_code_is_linked_where_there_is_a_repository() -> None:
    block = built(f'--8<-- "built/code/{FORWARD}.md"', "https://example.org/cnn")[f"code/{FORWARD}.md"]
    assert "(https://example.org/cnn/blob/main/cnn/layers/flatten.py#L" in block


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            '--8<-- "built/code/cnn.layers.flatten.Flatten.forward_pas.md"',
            "cnn/layers/flatten.py has no forward_pas, did you mean 'forward_pass'?",
        ),
        ('--8<-- "built/code/nowhere.at_all.md"', "there is no module nowhere"),
        ('--8<-- "built/code/cnn.layers.flatten.md"', "is a whole module"),
        ('--8<-- "built/facts/dags.md"', "has a fact 'dags', did you mean 'dag'?"),
        ("![A picture](../generated/absent-light.svg#only-light)", "there is no generated/absent-light.svg"),
        ('<step-player layer="absent" way="forward">', "there is no generated/traces/absent.json"),
        ('<curve-slider curve="absent">', "there is no generated/curves/absent.json"),
    ],
)
def test_a_name_that_is_not_there_is_a_fault_that_names_the_page(text: str, complaint: str) -> None:
    with pytest.raises(PipelineError) as fault:
        built(text)
    assert f"{PAGE}: " in str(fault.value)
    assert complaint in str(fault.value)


def test_a_renamed_function_breaks_the_build(tmp_path: Path) -> None:
    for folder in ("cnn", "pipeline"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "dvc.yaml", tmp_path)
    name = "cnn.training._sum_in_order"
    (tmp_path / PAGE).parent.mkdir(parents=True)
    (tmp_path / PAGE).write_text(f'--8<-- "built/code/{name}.md"\n')
    command = ("python", "-m", "lessons.build")
    assert run(tmp_path, *command).returncode == 0
    assert "def _sum_in_order(" in (tmp_path / build.BUILT / f"code/{name}.md").read_text(encoding="utf-8")

    module = tmp_path / "cnn/training.py"
    module.write_text(module.read_text(encoding="utf-8").replace("_sum_in_order", "_add_in_order"))
    ended = run(tmp_path, *command)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"error: The site cannot be built:\n  {PAGE}: {name}: cnn/training.py has no _sum_in_order, "
        "did you mean '_add_in_order'?\n"
    )


def test_pages_are_what_people_write() -> None:
    assert [page.as_posix() for page in build.read_pages()] == PAGES


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PipelineError) as fault:
        built('--8<-- "built/facts/one.md"\n--8<-- "built/facts/two.md"')
    assert len(str(fault.value).splitlines()) == 3


def test_the_reference_has_a_page_for_each_module_and_names_no_private_member() -> None:
    pages = built("")
    modules = {
        ".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in Path("cnn").rglob("*.py")
    }
    assert set(pages) == {f"reference/{module}.md" for module in modules}
    navigation = Path("mkdocs.yml").read_text(encoding="utf-8")
    assert all(f" built/{page}\n" in navigation for page in pages)
    assert "members: [build, output_shape, forward_pass," in pages["reference/cnn.layers.convolution.md"]
    assert "_fit_windows" not in pages["reference/cnn.layers.convolution.md"]


def test_writing_removes_what_is_no_longer_needed_and_leaves_the_rest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BUILT", tmp_path)
    build.write({"code/kept.md": "a", "code/dropped.md": "b"})
    before = (tmp_path / "code/kept.md").stat().st_mtime_ns
    build.write({"code/kept.md": "a", "facts/new.md": "c"})
    assert {file.name for file in tmp_path.rglob("*.md")} == {"kept.md", "new.md"}
    assert (tmp_path / "code/kept.md").stat().st_mtime_ns == before


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
