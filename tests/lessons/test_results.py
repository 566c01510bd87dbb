from pathlib import Path

import pytest

from lessons.kit.results import CURVES, evaluation, history
from pipeline.common import paths
from pipeline.common.errors import PipelineError
from tests.refusals import assert_refuses

FULL = "step\tloss\taccuracy\tlearning_rate\n0\t1.5\t0.5\t0.1\n1\t0.5\t0.75\t0.1\n"


def test_results_that_are_cut_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    curves = [paths.TRAINING_LOG / f"plots/metrics/{name}.tsv" for name in CURVES.values()]
    for path in curves:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FULL, encoding="utf-8")
    assert [record["loss"] for record in history()] == [1.5, 0.5]

    for cut in ("", FULL[:10], FULL[:40], FULL[:50]):
        curves[-1].write_text(cut, encoding="utf-8")
        assert_refuses(history, PipelineError, str(paths.TRAINING_LOG), "remove it and run `dvc repro`.")
    for cut in ("", '{"accuracy": 0.9'):
        paths.EVALUATION.write_text(cut, encoding="utf-8")
        assert_refuses(evaluation, PipelineError, str(paths.EVALUATION), "remove it and run `dvc repro`.")
