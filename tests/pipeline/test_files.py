"""Files and folders that are written whole or not at all; a full disk is among the faults."""

from pathlib import Path

import pytest

from pipeline.common.files import new_folder, remove_parts, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_json_is_written_into_a_folder_that_is_not_there_yet_and_ends_with_a_line_break(
    tmp_path: Path,
) -> None:
    write_json(tmp_path / "new" / "file", {"b": [1], "a": "ø"})

    assert names(tmp_path / "new") == ["file"]
    text = '{\n  "b": [\n    1\n  ],\n  "a": "ø"\n}\n'
    assert (tmp_path / "new" / "file").read_text(encoding="utf-8") == text


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that holds a file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "former").touch()
    return tmp_path / "data"


def test_a_folder_takes_the_place_of_the_former_one(data: Path) -> None:
    with new_folder(data) as folder:
        (folder / "new").touch()
        assert names(data) == ["former"]

    assert names(data) == ["new"]
    assert names(data.parent) == ["data"]


def begin_and_fail(destination: Path) -> None:
    with new_folder(destination) as folder:
        (folder / "new").touch()
        raise ZeroDivisionError


def test_a_folder_that_is_not_completed_leaves_the_former_one(data: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        begin_and_fail(data)

    assert names(data) == ["former"]
    assert names(data.parent) == ["data"]


def test_the_parts_that_killed_stages_have_left_are_removed(data: Path) -> None:
    (data / ".model.npz.123.part").touch()
    (data / ".generated.ab.part").mkdir()
    (data / ".other.123.part").touch()

    remove_parts([data / "model.npz", data / "generated"])

    assert names(data) == [".other.123.part", "former"]
