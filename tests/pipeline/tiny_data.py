"""A tiny data set, mirrors that hold it, and what a folder that holds it looks like."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.common.datasets import MNIST, Dataset, IdxFile

CONTENTS = {
    file.name: np.random.default_rng(size).bytes(size)
    for file, size in zip(MNIST.files.values(), (500, 300, 400, 200), strict=True)
}
TINY = Dataset(
    name="tiny",
    title="Tiny",
    class_names=MNIST.class_names,
    mirrors=(),
    files={
        key: IdxFile(file.name, len(CONTENTS[file.name]), hashlib.sha256(CONTENTS[file.name]).hexdigest())
        for key, file in MNIST.files.items()
    },
    sample=MNIST.sample,
)


def fill(mirror: Path, names: Iterable[str] = CONTENTS.keys()) -> Path:
    """Make a folder a mirror of the tiny data set, or of some of its files."""
    mirror.mkdir(parents=True)
    for name in names:
        (mirror / f"{name}.gz").write_bytes(gzip.compress(CONTENTS[name]))
    return mirror


def assert_holds(folder: Path, dataset: Dataset) -> None:
    """Check that a folder holds a whole data set, and that nothing else is in it or beside it."""
    digests = {file.name: file.sha256 for file in dataset.files.values()}
    provenance = json.dumps({"dataset": dataset.name, "sha256": digests}, indent=2, sort_keys=True) + "\n"
    digests["provenance.json"] = hashlib.sha256(provenance.encode()).hexdigest()
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == digests
    assert list(folder.parent.iterdir()) == [folder]
