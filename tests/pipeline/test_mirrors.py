from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.fetch import fetch
from tests.pipeline.certificates import issue
from tests.pipeline.faulty_server import FaultyServer, serving
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill

FILES = list(CONTENTS)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        yield server


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """Serve by https, with a certificate that is trusted."""
    certificate = issue(tmp_path / "certificate.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(certificate) as server:
        yield server


@pytest.mark.parametrize("behaviour", ["good", "redirect"])
def test_a_web_server_gives_the_files(tmp_path: Path, server: FaultyServer, behaviour: str) -> None:
    mirror = server.url(behaviour)

    fetched = fetch(TINY, tmp_path / "tiny", [mirror], "none")

    assert_holds(tmp_path / "tiny", TINY)
    assert [(attempt.file, attempt.mirror, attempt.fault) for attempt in fetched.attempts] == [
        (file, mirror, None) for file in FILES
    ]


def test_a_server_of_this_machine_may_redirect_to_https(
    tmp_path: Path, server: FaultyServer, secure: FaultyServer
) -> None:
    server.elsewhere = secure.url("good")

    fetch(TINY, tmp_path / "raw" / "tiny", [server.url("redirect-elsewhere")], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert secure.asked == FILES


def test_a_password_is_used(tmp_path: Path, secure: FaultyServer) -> None:
    mirror = secure.url("password").replace("//", "//reader:secret@")

    fetched = fetch(TINY, tmp_path / "raw" / "tiny", [mirror], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert {attempt.mirror for attempt in fetched.attempts} == {secure.url("password")}


def test_a_folder_may_hold_some_of_the_files(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "first", FILES[1:]), fill(tmp_path / "second")

    fetched = fetch(TINY, tmp_path / "raw" / "tiny", [first, second], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert [
        (Path(attempt.mirror).name, attempt.file) for attempt in fetched.attempts if not attempt.fault
    ] == [
        ("second", FILES[0]),
        *(("first", file) for file in FILES[1:]),
    ]
