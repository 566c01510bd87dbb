"""Names in a model's file that would lead out of a folder or to code of somebody else."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnn import Sequential
from tests.cnn.tiny import linear


def saved(folder: Path) -> Path:
    linear().save(folder / "model.npz")
    return folder / "model.npz"


@pytest.mark.parametrize("name", ["../x", "/tmp/x"])  # noqa: S108
def test_a_member_named_out_of_its_folder_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str
) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    model = saved(inner)
    array = io.BytesIO()
    np.save(array, np.zeros(3, np.float32), allow_pickle=False)
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr(f"{name}.npy", array.getvalue())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    with pytest.raises(ValueError, match=re.escape(f"no array named {name!r}")):
        Sequential.load(model)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("name", ["os.system", "__class__", "SGD"])
def test_only_layers_are_made_as_layers(tmp_path: Path, name: str) -> None:
    model = saved(tmp_path)
    with np.load(model, allow_pickle=False) as members:
        arrays: dict[str, Any] = {key: members[key] for key in members.files}
    header = json.loads(str(arrays.pop("header")))
    header["layers"][0] = {"layer": name}
    np.savez(model, allow_pickle=False, header=np.array(json.dumps(header)), **arrays)

    with pytest.raises(ValueError, match=re.escape(f"There is no layer {name!r}")):
        Sequential.load(model)
