import errno
import gzip
import socket
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.errors import PipelineError
from pipeline.fetch import fetch
from pipeline.mirrors import Patience
from tests.pipeline.faulty_server import CONTENTS, TINY, FaultyServer, fill, serving

FILES = list(CONTENTS)


class Fault(NamedTuple):
    behaviour: str
    reason: str
    patience: Patience = Patience()
    asked_again: bool = True


SILENT = "silent for 0.3 s", Patience(silence=0.3), False
LATE = "not done within 0.5 s", Patience(deadline=0.5), False

FAULTS = [
    Fault("hang", *SILENT),
    Fault("hang-in-the-body", *SILENT),
    Fault("trickle-the-header", *SILENT),
    Fault("trickle-a-chunk-header", *SILENT),
    Fault("trickle-the-body", *LATE),
    Fault("empty-blocks", *LATE),
    Fault("bomb", "too long"),
    Fault("page", "no gzip file"),
    Fault("half", "IncompleteRead"),
    Fault("cut", "too short"),
    Fault("without-its-end", "too short"),
    Fault("nothing", "too short (0 bytes"),
    Fault("another-protocol", "SSH-2.0", asked_again=False),
    Fault("reset", "reset by peer"),
    Fault("flipped-bit", "other content"),
    Fault("another-file", ""),
    Fault("403", "HTTP 403 Forbidden"),
    Fault("404", "HTTP 404 Not Found"),
    Fault("429", "HTTP 429 Too Many Requests"),
    Fault("503", "HTTP 503 Service Unavailable"),
    Fault("control-codes", "HTTP 500  [2JDo run this"),
    Fault("redirect-for-ever", "Exceeded 5 redirects"),
    Fault("redirect-to-a-file", "No connection adapters were found for 'file:///"),
    Fault("redirect-to-nonsense", "Invalid"),
]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with serving() as server:
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Issue a certificate for 127.0.0.1, together with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name,
        name,
        key.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=1),
        now + timedelta(days=1),
    )
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "provenance.json"}


@pytest.mark.parametrize("behaviour", ["good", "redirect", "redirect-with-an-endless-body"])
def test_a_web_server_gives_the_files(tmp_path: Path, server: FaultyServer, behaviour: str) -> None:
    mirror = server.url(behaviour)

    fetched = fetch(TINY, tmp_path / "tiny", [mirror], "none")

    assert contents_of(tmp_path / "tiny") == CONTENTS
    assert [(attempt.file, attempt.mirror, attempt.fault) for attempt in fetched.attempts] == [
        (file, mirror, None) for file in FILES
    ]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.behaviour)
def test_the_second_mirror_makes_up_for_the_first(tmp_path: Path, server: FaultyServer, fault: Fault) -> None:
    first, second = server.url(fault.behaviour), fill(tmp_path / "mirror")

    fetched = fetch(TINY, tmp_path / "raw" / "tiny", [first, second], "none", fault.patience)

    assert contents_of(tmp_path / "raw" / "tiny") == CONTENTS
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["tiny"]
    failed = [attempt for attempt in fetched.attempts if attempt.fault is not None]
    assert [attempt.file for attempt in failed] == (FILES if fault.asked_again else FILES[:1])
    assert {attempt.mirror for attempt in failed} == {first}
    assert all(fault.reason in str(attempt.fault) for attempt in failed)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.behaviour)
def test_a_fault_leaves_nothing_behind(tmp_path: Path, server: FaultyServer, fault: Fault) -> None:
    mirror = server.url(fault.behaviour)

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", [mirror], "none", fault.patience)

    assert f"({mirror}: {FILES[0]}: " in str(caught.value)
    assert fault.reason in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    bomb = tmp_path / f"{FILES[0]}.gz"
    bomb.write_bytes(gzip.compress(bytes(2**26)))

    tracemalloc.start()
    with pytest.raises(PipelineError, match="too long"):
        fetch(TINY, tmp_path / "tiny", [tmp_path], "none")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert bomb.stat().st_size < 2**17
    assert peak < 2**23


def test_a_mirror_that_refuses_is_asked_once(tmp_path: Path, server: FaultyServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    refusing = f"https://127.0.0.1:{port}/mnist"

    fetched = fetch(TINY, tmp_path / "tiny", [refusing, server.url("good")], "none")

    assert contents_of(tmp_path / "tiny") == CONTENTS
    faults = [(attempt.mirror, attempt.fault) for attempt in fetched.attempts if attempt.fault]
    assert faults == [(refusing, str(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")))]


def test_a_name_that_is_unknown_is_asked_once(tmp_path: Path) -> None:
    unknown = "https://mirror.invalid/mnist"

    fetched = fetch(TINY, tmp_path / "tiny", [unknown, fill(tmp_path / "mirror")], "none", Patience(2))

    assert [attempt.mirror for attempt in fetched.attempts if attempt.fault] == [unknown]


def test_https_is_served_by_a_host_that_proves_who_it_is(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(certificate) as server:
        with pytest.raises(PipelineError, match="certificate verify failed"):
            fetch(TINY, tmp_path / "tiny", [server.url("good")], "none")

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        fetch(TINY, tmp_path / "tiny", [server.url("good")], "none")

    assert contents_of(tmp_path / "tiny") == CONTENTS


def test_no_redirect_leaves_https(
    tmp_path: Path, certificate: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as secure:
        secure.elsewhere = server.url("good")
        with pytest.raises(PipelineError, match="No connection adapters were found for 'http://127"):
            fetch(TINY, tmp_path / "tiny", [secure.url("redirect-elsewhere")], "none")
    assert secure.asked == FILES[:1]
    assert server.asked == []


def test_a_redirect_may_lead_to_https(
    tmp_path: Path, certificate: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as secure:
        server.elsewhere = secure.url("good")
        fetch(TINY, tmp_path / "tiny", [server.url("redirect-elsewhere")], "none")
    assert contents_of(tmp_path / "tiny") == CONTENTS


def test_a_password_is_used_but_not_shown(tmp_path: Path, server: FaultyServer) -> None:
    right, wrong = (server.url("password").replace("//", f"//reader:{word}@") for word in ("secret", "guess"))

    fetched = fetch(TINY, tmp_path / "tiny", [wrong, "https://reader:secret@[bad", right], "none")

    assert contents_of(tmp_path / "tiny") == CONTENTS
    assert [attempt.mirror for attempt in fetched.attempts[:3]] == [
        server.url("password"),
        "https://[bad",
        server.url("password"),
    ]
    assert "secret" not in repr(fetched)
    assert "guess" not in repr(fetched)


def test_a_folder_without_the_file_is_passed_over(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "first", FILES[1:]), fill(tmp_path / "second")

    fetched = fetch(TINY, tmp_path / "tiny", [tmp_path / "none", first, second], "none")

    assert contents_of(tmp_path / "tiny") == CONTENTS
    assert [
        (Path(attempt.mirror).name, attempt.file) for attempt in fetched.attempts if not attempt.fault
    ] == [
        ("second", FILES[0]),
        *(("first", file) for file in FILES[1:]),
    ]
