"""Getting one file from the first mirror that gives the right bytes.

A mirror is a folder or a URL that holds `<file name>.gz`. Nothing that it does is trusted: what it sends is
unpacked as it comes, no further than to the file's size, and gets its name only once its SHA-256 is right.
URLs are https; http is for servers on this very machine, whose bytes no network carries.
"""

import hashlib
import queue
import re
import threading
import time
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipeline.common.datasets import IdxFile
from pipeline.common.errors import PipelineError
from pipeline.common.files import naming

if TYPE_CHECKING:
    import requests

_PIECE = 2**16  # bytes
_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, before a mirror is given up for the rest of the run."""

    silence: float = 10.0
    """Without a byte of the file, the look-up of the mirror's name and all connecting included."""
    deadline: float = 300.0
    """For one file: the largest has 26 MB, which take as long at 0.7 Mbit/s."""


@dataclass(frozen=True)
class Attempt:
    """What came of asking a mirror for a file: its fault, or None if it gave the right bytes."""

    file: str
    mirror: str
    seconds: float
    fault: str | None


class _MirrorError(Exception):
    """Why a mirror did not give a file."""


class _UnresponsiveError(_MirrorError):
    """Why a mirror did not give a file and is not worth being asked for another."""


class Mirrors:
    """The mirrors of one run.

    Args:
        mirrors: folders and URLs that hold `<file name>.gz`, in the order in which they are asked.
        patience: how long to wait for one.

    Raises:
        PipelineError: if a URL is neither https nor, on this machine, http.
    """

    def __init__(self, mirrors: Iterable[str | Path], patience: Patience) -> None:
        self.attempts: list[Attempt] = []
        self._responsive = list(mirrors)
        for mirror in self._responsive:
            if isinstance(mirror, str) and not _is_private(mirror):
                raise PipelineError(
                    f"{_presentable(mirror)} is given as a mirror, expected an https address (http only on "
                    "this machine, as http://localhost:8000) or a folder; change CNN_DATA_MIRROR."
                )
        self._patience = patience

    def obtain(self, file: IdxFile, folder: Path) -> bool:
        """Put a file into a folder; tell whether a mirror gave it."""
        for mirror in self._responsive.copy():
            start = time.monotonic()
            fault = None
            try:
                _download(mirror, file, folder / file.name, self._patience)
            except _MirrorError as error:
                fault = _presentable(str(error))
                if isinstance(error, _UnresponsiveError):
                    self._responsive.remove(mirror)
            seconds = round(time.monotonic() - start, 3)
            self.attempts.append(Attempt(file.name, _presentable(str(mirror)), seconds, fault))
            if fault is None:
                return True
        return False


def _download(mirror: str | Path, file: IdxFile, target: Path, patience: Patience) -> None:
    from tqdm import tqdm

    if isinstance(mirror, Path):
        packed = _read(mirror / f"{file.name}.gz")
    else:
        packed = _receive(f"{mirror}/{file.name}.gz", patience)
    temporary = target.with_name(f"{target.name}.part")
    digest = hashlib.sha256()
    bar = tqdm(desc=file.name, total=file.size, unit="B", unit_scale=True, leave=False, disable=None)
    try:
        with naming(target), closing(packed), bar, temporary.open("wb") as stream:
            for piece in _unpack(packed, file.size):
                stream.write(piece)
                digest.update(piece)
                bar.update(len(piece))
        if digest.hexdigest() != file.sha256:
            raise _MirrorError(f"other content (SHA-256 {digest.hexdigest()[:8]}…, not {file.sha256[:8]}…)")
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _unpack(packed: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Unpack gzip as it comes, in small pieces, and not beyond the size that is expected."""
    unpacker = zlib.decompressobj(wbits=31)
    left = size
    for piece in packed:
        rest = piece
        while rest:  # a piece can unpack to a thousand times its size
            try:
                unpacked = unpacker.decompress(rest, _PIECE)
            except zlib.error as error:
                raise _MirrorError(f"no gzip file, or a damaged one ({error})") from error
            left -= len(unpacked)
            if left < 0:
                raise _MirrorError(f"too long (more than {size} bytes)")
            yield unpacked
            rest = unpacker.unconsumed_tail
        if unpacker.eof:
            break
    if left:
        raise _MirrorError(f"too short ({size - left} bytes, not {size})")


def _read(path: Path) -> Generator[bytes, None, None]:
    try:
        with path.open("rb") as file:
            yield from iter(partial(file.read, _PIECE), b"")
    except OSError as error:
        raise _MirrorError(str(error.strerror)) from error


def _receive(url: str, patience: Patience) -> Generator[bytes, None, None]:
    """Yield the body of a URL as it comes.

    A thread of its own talks to the mirror, because a socket's time-out bounds neither the look-up of a name,
    nor the sum over the addresses of a host, nor a header that comes byte by byte.
    """
    arrived: queue.Queue[bytes | _MirrorError] = queue.Queue(maxsize=4)
    threading.Thread(target=_talk, args=(url, patience.silence, arrived), daemon=True).start()
    end = time.monotonic() + patience.deadline
    while (left := end - time.monotonic()) > 0:
        try:
            piece = arrived.get(timeout=min(patience.silence, left))
        except queue.Empty:
            if left > patience.silence:
                raise _UnresponsiveError(f"silent for {patience.silence:g} s") from None
            break
        if isinstance(piece, _MirrorError):
            raise piece
        if not piece:
            return
        yield piece
    raise _UnresponsiveError(f"not done within {patience.deadline:g} s")


def _talk(url: str, silence: float, arrived: "queue.Queue[bytes | _MirrorError]") -> None:
    """Put the body of a URL into a queue, piece by piece, then either nothing (b"") or what went wrong."""
    import requests

    end: bytes | _MirrorError = b""
    try:
        for piece in _body(url, silence):
            arrived.put(piece, timeout=silence)
    except queue.Full:  # nobody listens any more
        return
    except requests.ConnectionError as error:
        end = _UnresponsiveError(_cause(error))
    except Exception as error:  # whatever it is, another mirror may do better
        end = _MirrorError(_cause(error))
    with suppress(queue.Full):
        arrived.put(end, timeout=silence)


def _body(url: str, silence: float) -> Iterator[bytes]:
    import requests

    with requests.Session() as session:
        session.max_redirects = 5
        session.hooks["response"].append(_check_redirect)
        headers = {"Accept-Encoding": "identity"}  # the file is packed already
        # The one who waits for the pieces gives up first; this time-out is for the thread to end, too.
        with session.get(url, headers=headers, stream=True, timeout=2 * silence) as response:
            if response.status_code != requests.codes.ok:
                raise _MirrorError(f"HTTP {response.status_code} {response.reason}")
            while piece := response.raw.read1(_PIECE):
                yield piece


def _check_redirect(response: "requests.Response", **_: object) -> None:
    """Refuse a redirect that does not lead to https, unless it stays on a server of this machine."""
    if response.is_redirect:
        response.close()  # else requests reads the body of the redirect to its end, which may never come
        target = urljoin(response.url, response.headers["location"])
        if urlsplit(target).scheme != "https" and urlsplit(target)[:2] != urlsplit(response.url)[:2]:
            raise _MirrorError(f"redirect to {target}, which is not https")


def _is_private(url: str) -> bool:
    """Tell whether nobody on the way can read or change what is sent."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        return False
    return bool(host) and (scheme == "https" or (scheme == "http" and host in _THIS_MACHINE))


def _cause(error: BaseException) -> str:
    """Name what lies under the layers of requests and urllib3."""
    while error.__context__:
        error = error.__context__
    return str(error) or type(error).__name__


def _presentable(text: str) -> str:
    """Make text that others had a hand in fit for screen and log: short, no control codes, no password."""
    without_password = re.sub("//[^/]*@", "//", text)
    return "".join(character if character.isprintable() else " " for character in without_password[:200])
