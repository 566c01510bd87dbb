from pathlib import Path

import pytest

from cnn import Conv2D, Dense, Flatten
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.model import load_model
from tests.cnn.tiny import built
from tests.refusals import assert_refuses


def test_a_model_that_is_missing_damaged_or_for_other_pictures_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.MODEL.parent.mkdir()
    assert_refuses(load_model, PipelineError, f"no trained model at {paths.MODEL}: run `dvc repro`")
    paths.MODEL.write_bytes(b"hello")
    damaged = f"{paths.MODEL} is not a cnn model file, or a damaged one: "
    assert_refuses(load_model, PipelineError, damaged, "Remove it and run `dvc repro`.")
    for model, named in [
        (built([Flatten(), Dense(10)]), "from (6, 6, 1) to (10,)"),
        (built([Flatten(), Dense(3)], (28, 28, 1)), "from (28, 28, 1) to (3,)"),
        (built([Conv2D(10, 3)], (28, 28, 1)), "from (28, 28, 1) to (26, 26, 10)"),
    ]:
        model.save(paths.MODEL)
        assert_refuses(load_model, PipelineError, f"{paths.MODEL} holds a model {named}, expected one")
    built([Flatten(), Dense(10)], (28, 28, 1)).save(paths.MODEL)
    assert load_model().input_shape == (28, 28, 1)
