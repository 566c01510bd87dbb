"""Mirrors at fault, by the names of the group's table, and what `fetch` says of each."""

import importlib
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.mirrors import Attempt, Patience
from tests.pipeline.certificates import issue
from tests.pipeline.faulty_server import serving


class Fault(NamedTuple):
    reason: str
    """What is part of the sentence about it."""
    asked_again: bool = True
    """Whether the mirror is asked for the next file."""
    waits_for: str = ""
    """Which field of `Patience` has to run out, if one has."""


SILENT = Fault("silent for", asked_again=False, waits_for="silence")
LATE = Fault("not done within", asked_again=False, waits_for="deadline")

FAULTS = {
    "refused": Fault("Connection refused", asked_again=False),
    "another-protocol": Fault("SSH-2.0", asked_again=False),
    "hang": SILENT,
    "hang-in-the-handshake": SILENT,
    "hang-in-the-body": SILENT,
    "trickle-the-header": SILENT,
    "trickle-a-chunk-header": SILENT,
    "continue-for-ever": SILENT,
    "trickle-the-body": LATE,
    "empty-blocks": LATE,
    "untrusted-certificate": Fault("certificate verify failed", asked_again=False),
    "expired-certificate": Fault("certificate has expired", asked_again=False),
    "certificate-of-another-host": Fault("not valid for '127.0.0.1'", asked_again=False),
    "403": Fault("HTTP 403 Forbidden"),
    "404": Fault("HTTP 404 Not Found"),
    "429": Fault("HTTP 429 Too Many Requests"),
    "503": Fault("HTTP 503 Service Unavailable"),
    "control-codes": Fault("HTTP 500  [2JDo run this"),
    "header-lines-for-ever": Fault("more than 100 headers", asked_again=False),
    "header-line-for-ever": Fault("more than 65536 bytes", asked_again=False),
    "chunk-header-for-ever": Fault("more than 65536 bytes"),
    "redirect-for-ever": Fault("Exceeded 5 redirects"),
    "redirect-to-http": Fault("redirect to http://127.0.0.1"),
    "redirect-to-ftp": Fault("redirect to ftp://127.0.0.1/file, which is not https"),
    "redirect-to-file": Fault("redirect to file:///etc/hostname, which is not https"),
    "redirect-to-nonsense": Fault("Invalid"),
    "page": Fault("no gzip file"),
    "page-for-ever": Fault("no gzip file"),
    "nothing": Fault("too short (0 bytes"),
    "half": Fault("IncompleteRead"),
    "reset": Fault("reset by peer"),
    "cut": Fault("too short"),
    "without-its-end": Fault("too short"),
    "damaged-gzip": Fault("invalid block type"),
    "bomb": Fault("too long"),
    "flipped-bit": Fault("other content"),
    "another-file": Fault("bytes"),
}

Mirror = Callable[[str, int], str]


def patience_with(*names: str, silence: float, deadline: float) -> Patience:
    """Return the usual patience, cut short where one of the faults would use it up."""
    shortened = {"silence": silence, "deadline": deadline}
    return Patience(**{FAULTS[name].waits_for: shortened[FAULTS[name].waits_for] for name in waiting(names)})


def waiting(names: Iterable[str]) -> list[str]:
    """Choose the faults that take as long as patience lasts."""
    return [name for name in names if FAULTS[name].waits_for]


def assert_attempts(attempts: Sequence[Attempt], files: Sequence[str], mirrors: Mapping[str, str]) -> None:
    """Check that all mirrors, given by address with their fault, and then a good one were asked, and why."""
    good = list(mirrors)[-1]
    expected = [
        (file, mirror)
        for place, file in enumerate(files)
        for mirror, fault in mirrors.items()
        if place == 0 or mirror == good or FAULTS[fault].asked_again
    ]
    assert [(attempt.file, attempt.mirror) for attempt in attempts] == expected
    for attempt in attempts:
        if attempt.mirror == good:
            assert attempt.fault is None
        else:
            assert FAULTS[mirrors[attempt.mirror]].reason in str(attempt.fault)


@contextmanager
def in_little_memory(megabytes: float) -> Iterator[None]:
    """Check that the block never holds more than that, the server's memory included."""
    for module in ("requests", "tqdm"):
        importlib.import_module(module)  # so that its memory does not count
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / 2**20 < megabytes, f"{peak / 2**20} MiB"


@contextmanager
def soon(patience: Patience, names: Sequence[str]) -> Iterator[None]:
    """Check that the block takes as long as mirrors with these faults use up patience, and not much more."""
    expected = sum(getattr(patience, FAULTS[name].waits_for) for name in waiting(names))
    start = time.monotonic()
    yield
    assert expected <= time.monotonic() - start < expected + 8  # less than the usual silence


@contextmanager
def network(folder: Path) -> Iterator[Mirror]:
    """Run mirrors with every fault while the block runs; give the function to a mirror's address.

    It takes a fault's name, or "good", and the mirror's place among all; each place has its own address.
    """
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        certificates = {
            "trusted": issue(folder / "trusted.pem"),
            "expired-certificate": issue(folder / "expired.pem", valid_for=timedelta(days=-1)),
            "certificate-of-another-host": issue(folder / "another.pem", address="127.0.0.2"),
        }
        bundle = folder / "bundle.pem"
        bundle.write_bytes(b"".join(path.read_bytes() for path in certificates.values()))
        patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        patch.setenv("no_proxy", "*")
        certificates["untrusted-certificate"] = issue(folder / "untrusted.pem")

        plain = stack.enter_context(serving())
        secure = {name: stack.enter_context(serving(path)) for name, path in certificates.items()}
        secure["trusted"].elsewhere = plain.url("good")
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens

        def mirror(name: str, place: int) -> str:
            match name:
                case "refused":
                    return f"https://127.0.0.1:{closed.getsockname()[1]}/{place}"
                case "hang-in-the-handshake":
                    return f"https://127.0.0.1:{deaf.getsockname()[1]}/{place}"
                case "redirect-to-http":
                    return secure["trusted"].url(f"{place}/redirect-elsewhere")
                case "redirect-to-ftp" | "redirect-to-file":
                    return secure["trusted"].url(f"{place}/{name}")
                case _ if name in secure:
                    return secure[name].url(f"{place}/good")
            return plain.url(f"{place}/{name}")

        yield mirror
