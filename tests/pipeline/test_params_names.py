"""Names in `params.yaml` that would lead out of a folder, into a shell, or to code of somebody else."""

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.params import load_parameters
from tests.pipeline.clone import attempt
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters

OUTSIDE = ["../x", "/x", "mnist\0"]


@pytest.mark.parametrize("command", ["x; touch y", "$(touch y)"])
def test_a_command_in_a_parameter_reaches_no_shell(tmp_path: Path, command: str) -> None:
    stages = YAML(typ="safe", pure=True).load(ROOT / "dvc.yaml")["stages"]
    assert all(re.fullmatch(r"python -m [\w.]+", stage["cmd"]) for stage in stages.values())
    data = changed(small_parameters(), "recipe", command)
    with pytest.raises(PipelineError, match=re.escape(f"there is no recipe {command!r}")):
        load_parameters(write_parameters(tmp_path, data))


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_data_set_lies_outside_its_folder(tmp_path: Path, name: str) -> None:
    data = changed(small_parameters(), "data.dataset", name)
    with pytest.raises(
        PipelineError,
        match=re.escape(f"data.dataset must be 'mnist', 'fashion-mnist' or 'folder', received {name!r}."),
    ):
        load_parameters(write_parameters(tmp_path, data))
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.slow
def test_no_run_of_the_pipeline_touches_what_lies_outside(clone: Path) -> None:
    name = "../../x"
    there = [(clone / folder / name).resolve() / "kept" for folder in (paths.RAW, paths.PROCESSED)]
    for path in there:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    write_parameters(clone, changed(small_parameters(), "data.dataset", name))

    ended = attempt(clone, "dvc", "repro")

    assert ended.returncode != 0
    assert "is specified in" in ended.stderr  # two stages that write the same path, says DVC
    assert [path.read_text(encoding="utf-8") for path in there] == ["mine", "mine"]


@pytest.mark.parametrize("name", [*OUTSIDE, "", "${data}"])
def test_no_recipe_is_named_out_of_its_folder(tmp_path: Path, name: str) -> None:
    data = small_parameters()
    data["recipes"][name] = data["recipes"]["other"]
    with pytest.raises(PipelineError) as caught:
        load_parameters(write_parameters(tmp_path, data))
    assert str(caught.value).splitlines()[1:] == [
        f"  recipes: a recipe must be named with letters, digits, - and _ only, received {name!r}."
    ]


@pytest.mark.parametrize("name", ["os.system", "__class__", "SGD"])
def test_only_layers_are_made_as_layers(tmp_path: Path, name: str) -> None:
    data = changed(small_parameters(), "recipes.small.model", [{"layer": name}])
    with pytest.raises(PipelineError, match=re.escape(f"There is no layer {name!r}")):
        load_parameters(write_parameters(tmp_path, data))
