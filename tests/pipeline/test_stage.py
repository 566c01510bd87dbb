import json
import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.common import paths
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_bytes, write_json
from pipeline.common.machine import log_circumstances
from pipeline.common.running import run_stage


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("main", "status", "said"),
    [
        (lambda: None, None, ""),
        (lambda: 3, 3, ""),
        (raising(PipelineError("A was received, expected B.")), 1, "error: A was received, expected B.\n"),
        (raising(FloatingPointError("The loss became nan.")), 1, "error: The loss became nan.\n"),
        (
            raising(FileNotFoundError(2, "No such file or directory", "models/model.npz")),
            1,
            "error: [Errno 2] No such file or directory: 'models/model.npz'\n",
        ),
        (raising(KeyboardInterrupt()), 130, "\nstopped.\n"),
    ],
)
def test_a_stage_ends_with_its_status_and_one_sentence(
    main: Callable[[], int | None], status: int | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_stage(main)
    assert ended.value.code == status
    assert capsys.readouterr() == ("", said)


def test_an_error_in_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_stage(raising(ZeroDivisionError()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new" / "file", b"content")

    assert (tmp_path / "new" / "file").read_bytes() == b"content"
    assert names(tmp_path / "new") == ["file"]


def test_a_folder_takes_the_place_of_the_former_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "former").touch()

    with new_folder(tmp_path / "data") as folder:
        (folder / "new").touch()
        assert names(tmp_path / "data") == ["former"]

    assert names(tmp_path / "data") == ["new"]
    assert names(tmp_path) == ["data"]


def begin_and_fail(destination: Path) -> None:
    with new_folder(destination) as folder:
        (folder / "new").touch()
        raise PipelineError("A fault.")


def test_a_folder_that_is_not_completed_leaves_the_former_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "former").touch()

    with pytest.raises(PipelineError):
        begin_and_fail(tmp_path / "data")

    assert names(tmp_path / "data") == ["former"]
    assert names(tmp_path) == ["data"]


def test_json_is_readable_and_ends_with_a_line_break(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"b": [1], "a": "ø"})

    assert (tmp_path / "file").read_text(encoding="utf-8") == '{\n  "b": [\n    1\n  ],\n  "a": "ø"\n}\n'


def test_the_circumstances_of_a_run_are_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    log_circumstances("train", seconds=1.5)

    logged = json.loads((tmp_path / paths.LOGS / "train.json").read_text())
    assert (logged["python"], logged["seconds"]) == (platform.python_version(), 1.5)
    assert {"numpy", "system", "processor", "processors"} <= logged.keys()
