"""What the pipeline takes from `params.yaml`; faults in it are tried elsewhere."""

from pathlib import Path

import pytest

from pipeline.common import paths
from pipeline.common.params import load_parameters
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters

SMALL = small_parameters()


@pytest.mark.parametrize("workers", [None, 8])
def test_what_may_be_null(tmp_path: Path, workers: int | None) -> None:
    data = changed(SMALL, "runtime", {"kernels": "portable", "workers": workers})
    recipe = SMALL["recipes"]["small"]
    train = recipe["train"] | {"weight_average": None}
    data = changed(data, "recipes.small", recipe | {"augmentation": None, "train": train})

    read = load_parameters(write_parameters(tmp_path, data))

    assert read.runtime.workers == workers
    assert (read.chosen.augmentation, read.chosen.train.weight_average) == (None, None)


def test_exponents_are_read_as_numbers(tmp_path: Path) -> None:
    text = (ROOT / paths.PARAMETERS).read_text(encoding="utf-8")
    assert "peak: 0.002}" in text
    (tmp_path / "params.yaml").write_text(text.replace("peak: 0.002}", "peak: 2e-3}"), encoding="utf-8")

    assert load_parameters(tmp_path / "params.yaml") == load_parameters(ROOT / paths.PARAMETERS)


def test_the_pipeline_does_not_look_into_the_figures_part(tmp_path: Path) -> None:
    wrong = {"digit": -1}

    assert load_parameters(write_parameters(tmp_path, SMALL | {"figures": wrong})).figures == wrong
