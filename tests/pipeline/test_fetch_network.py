"""Mirrors with every fault of the network: the next mirror is asked, and nothing wrong is accepted."""

import errno
import os
import re
import socket
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import pipeline.fetch
from pipeline.common.errors import PipelineError
from pipeline.fetch import Attempt, fetch
from tests.pipeline.certificates import issue
from tests.pipeline.faulty_answers import BOMB
from tests.pipeline.faulty_server import serving
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has its own words for the faults of a network"
)
FILES = list(CONTENTS)


class Fault(NamedTuple):
    reason: str
    """What is part of the sentence about it."""
    asked_again: bool = True
    """Whether the mirror is asked for the next file."""


SILENT = Fault("silent for", asked_again=False)

FAULTS = {
    "refused": Fault("Connection refused", asked_again=False),
    "another-protocol": Fault("SSH-2.0", asked_again=False),
    "hang": SILENT,
    "hang-in-the-handshake": SILENT,
    "hang-in-the-body": SILENT,
    "trickle-the-header": SILENT,
    "trickle-a-chunk-header": SILENT,
    "continue-for-ever": SILENT,
    "trickle-the-body": SILENT,
    "empty-blocks": Fault("not complete after", asked_again=False),
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
    "chunk-header-for-ever": Fault("chunk size line"),
    "redirect-for-ever": Fault("Exceeded 30 redirects"),
    "redirect-to-ftp": Fault("No connection adapters were found for 'ftp://127.0.0.1/file'"),
    "redirect-to-file": Fault("No connection adapters were found for 'file:///etc/hostname'"),
    "redirect-to-nonsense": Fault("Invalid"),
    "page": Fault("not a gzip file"),
    "page-for-ever": Fault("not a gzip file"),
    "nothing": Fault("too short (0 bytes"),
    "half": Fault("IncompleteRead"),
    "reset": Fault("reset by peer"),
    "cut": Fault("too short"),
    "without-its-end": Fault("too short"),
    "more-after-its-end": Fault("too long"),
    "damaged-gzip": Fault("invalid block type"),
    "bomb": Fault("too long"),
    "flipped-bit": Fault("other content"),
    "another-file": Fault("bytes"),
}

Mirror = Callable[[str, int], str]


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """Run mirrors with every fault; return the function that gives a mirror's address.

    It takes the name of a fault, or "good", and the mirror's number; each number has its own address.
    """
    folder = tmp_path_factory.mktemp("network")
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

        def mirror(name: str, number: int) -> str:
            match name:
                case "refused":
                    return f"https://127.0.0.1:{closed.getsockname()[1]}/{number}"
                case "hang-in-the-handshake":
                    return f"https://127.0.0.1:{deaf.getsockname()[1]}/{number}"
                case "password" | "redirect-elsewhere" | "redirect-to-file" | "redirect-to-ftp":
                    return secure["trusted"].url(f"{number}/{name}")
                case _ if name in secure:
                    return secure[name].url(f"{number}/good")
            return plain.url(f"{number}/{name}")

        yield mirror


def wait_less_if_silent(patch: pytest.MonkeyPatch, *faults: str) -> None:
    """Give up silent mirrors after a second; all others have the usual time, on a busy machine too."""
    if any(FAULTS[fault].reason in {"silent for", "not complete after"} for fault in faults):
        patch.setattr(pipeline.fetch, "SILENCE", 1.0)
        patch.setattr(pipeline.fetch, "DEADLINE", 1.0)


def assert_attempts(attempts: list[Attempt], mirrors: dict[str, str]) -> None:
    """Check that all mirrors (their addresses, each with its fault) and then the good one were asked."""
    good = list(mirrors)[-1]
    expected = [
        (file, mirror)
        for file in FILES
        for mirror, fault in mirrors.items()
        if file == FILES[0] or mirror == good or FAULTS[fault].asked_again
    ]
    assert [(attempt["file"], attempt["mirror"]) for attempt in attempts] == expected
    for attempt in attempts:
        if attempt["mirror"] == good:
            assert attempt["fault"] is None
        else:
            assert FAULTS[mirrors[str(attempt["mirror"])]].reason in str(attempt["fault"])


@pytest.mark.parametrize("fault", FAULTS)
def test_the_second_mirror_makes_up_for_the_first(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    wait_less_if_silent(monkeypatch, fault)
    mirrors = {mirror(fault, 1): fault, mirror("good", 2): "good"}

    _, attempts = fetch(TINY, tmp_path / "tiny", list(mirrors), "none")

    assert_holds(tmp_path / "tiny", TINY)
    assert_attempts(attempts, mirrors)


PAIRS = [
    ("hang", "404"),
    ("untrusted-certificate", "expired-certificate"),
    ("page-for-ever", "bomb"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_third_mirror_makes_up_for_the_first_two(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    wait_less_if_silent(monkeypatch, first, second)
    mirrors = {mirror(first, 1): first, mirror(second, 2): second, mirror("good", 3): "good"}

    _, attempts = fetch(TINY, tmp_path / "tiny", list(mirrors), "none")

    assert_holds(tmp_path / "tiny", TINY)
    assert_attempts(attempts, mirrors)


def test_mirrors_with_faults_only_end_in_an_error_that_lists_them_and_nothing_is_kept(
    tmp_path: Path, mirror: Mirror
) -> None:
    faults = ("refused", "404", "bomb")
    mirrors = [mirror(fault, number) for number, fault in enumerate(faults)]

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", mirrors, "none")

    told, expected = str(caught.value).split("), expected a mirror ")
    attempts = told.removeprefix("tiny could not be fetched (").split("; ")
    for one, address, fault in zip(attempts, mirrors, faults, strict=True):
        assert one.startswith(f"{address}: {FILES[0]}: ")
        assert FAULTS[fault].reason in one
    assert "set CNN_DATA_MIRROR to a folder that holds its files, or a URL that holds tiny/*.gz" in expected
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_unpacked_no_further_than_the_file_s_size(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / f"{FILES[0]}.gz").write_bytes(BOMB)

    tracemalloc.start()
    with pytest.raises(PipelineError, match=rf"too long \(more than {len(CONTENTS[FILES[0]])} bytes\)"):
        fetch(TINY, tmp_path / "raw" / "tiny", [tmp_path / "mirror"], "none")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2**20  # of the 2**26 bytes that it unpacks to
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize(
    "behaviour", ["good", "encoded", "redirect", "redirect-elsewhere", "redirect-with-an-endless-body"]
)
def test_what_leads_to_the_right_bytes_is_accepted(tmp_path: Path, mirror: Mirror, behaviour: str) -> None:
    address = mirror(behaviour, 1)

    _, attempts = fetch(TINY, tmp_path / "tiny", [address], "none")

    assert_holds(tmp_path / "tiny", TINY)
    assert attempts == [{"file": file, "mirror": address, "fault": None} for file in FILES]


@pytest.mark.parametrize(
    "address", ["https://mirror.invalid/mnist", "ftp://127.0.0.1/data", "file:///data", "http://[bad"]
)
def test_an_unknown_host_and_an_address_that_is_not_of_the_web_are_passed_over(
    tmp_path: Path, address: str
) -> None:
    _, attempts = fetch(TINY, tmp_path / "raw" / "tiny", [address, fill(tmp_path / "mirror")], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert {attempt["mirror"] for attempt in attempts if attempt["fault"]} == {address}


def test_a_folder_that_is_missing_is_passed_over(tmp_path: Path) -> None:
    missing, good = tmp_path / "none", fill(tmp_path / "mirror")

    _, attempts = fetch(TINY, tmp_path / "raw" / "tiny", [missing, good], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert [(attempt["mirror"], attempt["fault"]) for attempt in attempts] == 4 * [
        (str(missing), os.strerror(errno.ENOENT)),
        (str(good), None),
    ]


PROXIES = [
    ("http_proxy", "http://", "refused", "Connection refused"),
    ("HTTP_PROXY", "http://reader:secr@t@", "refused", "Connection refused"),
    ("HTTP_PROXY", "http://reader:sec//r@t@", "refused", "a / in a password is written %2F"),
    ("http_proxy", "reader:sec/r@t@", "refused", "It is malformed"),
    ("ALL_PROXY", "http://", "refused", "Connection refused"),
    ("all_proxy", "socks5://reader:secret@", "refused", "Missing dependencies for SOCKS support"),
    ("http_proxy", "http://reader:secret@", "hang", "silent for"),
    ("http_proxy", "http://", "403", "HTTP 403 Forbidden"),
    ("http_proxy", "http://", "page", "not a gzip file"),
]


@pytest.mark.parametrize(("variable", "before", "behaviour", "reason"), PROXIES)
def test_a_proxy_and_the_variable_that_sets_it_are_named_without_the_password(
    tmp_path: Path,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    before: str,
    behaviour: str,
    reason: str,
) -> None:
    """The mirror has no address of its own: what is asked of the proxy says how it behaves."""
    monkeypatch.delenv("no_proxy")
    wait_less_if_silent(monkeypatch, behaviour)
    proxy = mirror(behaviour, 1).split("/")[2]
    monkeypatch.setenv(variable, before + proxy)
    scheme = before[: before.index("://") + 3] if "://" in before else ""

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", [f"http://mirror.invalid/{behaviour}"], "none")

    assert f": by the proxy {scheme}{proxy} (from {variable}): " in str(caught.value)
    assert reason in str(caught.value)
    assert not re.search("reader|sec", str(caught.value))


def test_a_proxy_that_is_not_asked_is_not_named(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # and no_proxy is set

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", [mirror("404", 1)], "none")

    assert "proxy" not in str(caught.value)


def test_a_password_is_used_and_not_shown(tmp_path: Path, mirror: Mirror) -> None:
    asked = mirror("password", 1)
    wrong, right = (asked.replace("//", f"//reader:{word}@") for word in ("guess", "secret"))

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", [wrong], "none")
    assert f"({asked}: {FILES[0]}: HTTP 401 Unauthorized)" in str(caught.value)

    _, attempts = fetch(TINY, tmp_path / "tiny", [wrong, right], "none")
    assert_holds(tmp_path / "tiny", TINY)
    assert {attempt["mirror"] for attempt in attempts} == {asked}
