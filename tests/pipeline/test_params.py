"""What the pipeline takes from `params.yaml`; faults in it are tried elsewhere."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.common import paths
from pipeline.common.params import load_parameters
from tests.pipeline.workspace import ROOT, changed, small_parameters, write_parameters

SMALL = small_parameters()


@pytest.mark.parametrize("workers", [None, 1, 8])
def test_workers_may_be_null_or_a_number(tmp_path: Path, workers: int | None) -> None:
    runtime = {"kernels": "portable", "workers": workers}

    read = load_parameters(write_parameters(tmp_path, changed(SMALL, "runtime", runtime)))

    assert read.runtime.workers == workers


def test_augmentation_and_weight_average_may_be_null(tmp_path: Path) -> None:
    recipe = SMALL["recipes"]["small"]
    train = recipe["train"] | {"weight_average": None}
    data = changed(SMALL, "recipes.small", recipe | {"augmentation": None, "train": train})

    read = load_parameters(write_parameters(tmp_path, data)).chosen

    assert (read.augmentation, read.train.weight_average) == (None, None)


def test_exponents_are_read_as_numbers(tmp_path: Path) -> None:
    text = (ROOT / paths.PARAMETERS).read_text(encoding="utf-8")
    assert "peak: 0.002}" in text
    (tmp_path / "params.yaml").write_text(text.replace("peak: 0.002}", "peak: 2e-3}"), encoding="utf-8")

    assert load_parameters(tmp_path / "params.yaml") == load_parameters(ROOT / paths.PARAMETERS)


@pytest.mark.parametrize("figures", [{"digit": -1}, None])
def test_the_pipeline_does_not_look_into_the_figures_part(tmp_path: Path, figures: Any) -> None:
    data = SMALL | {"figures": figures}

    assert load_parameters(write_parameters(tmp_path, data)).figures == figures
