"""Files that the stages write; that they are whole or not at all is tried in `test_interruption.py`."""

from pathlib import Path

from pipeline.common.files import remove_parts, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_json_is_written_into_a_folder_that_is_not_there_yet_and_ends_with_a_line_break(
    tmp_path: Path,
) -> None:
    write_json(tmp_path / "new" / "file", {"b": [1], "a": "ø"})

    assert names(tmp_path / "new") == ["file"]
    text = '{\n  "b": [\n    1\n  ],\n  "a": "ø"\n}\n'
    assert (tmp_path / "new" / "file").read_text(encoding="utf-8") == text


def test_the_parts_that_killed_stages_have_left_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".model.npz.123.part").touch()
    (tmp_path / ".generated.ab.part").mkdir()
    (tmp_path / ".other.123.part").touch()

    remove_parts([tmp_path / "model.npz", tmp_path / "generated"])

    assert names(tmp_path) == [".other.123.part"]
