"""Addresses that lead nowhere, elsewhere, or say too much."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.common.errors import PipelineError
from pipeline.fetch import fetch, mirrors_of
from pipeline.mirrors import Patience
from tests.faults.counting import Tried
from tests.pipeline.faulty_server import FaultyServer, serving
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill

FILES = list(CONTENTS)
ADDRESSES = [
    "http-address",
    "unknown-host",
    "missing-folder",
    "wrong-password",
    "redirect-with-an-endless-body",
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        ("http://example.org/data", "http://example.org/data/tiny"),
        ("HTTP://example.org", "HTTP://example.org/tiny"),
        ("http://127.0.0.1.example.org", "http://127.0.0.1.example.org/tiny"),
        ("http://localhost@example.org", "http://example.org/tiny"),
        ("http://reader:secret@example.org", "http://example.org/tiny"),
        (f"http://reader:{300 * 'secret'}@example.org", "http://example.org/tiny"),
        ("ftp://example.org/data", "ftp://example.org/data/tiny"),
        ("file:///data", "file:///data/tiny"),
        ("https:///data", "https:///data/tiny"),
        ("https://reader:secret@[bad", "https://[bad/tiny"),
    ],
)
def test_a_mirror_must_be_https_or_of_this_machine(
    tmp_path: Path, tried: Tried, own: str, shown: str
) -> None:
    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", mirrors_of(TINY, own), "sample")

    assert str(caught.value) == (
        f"{shown} is given as a mirror, expected an https address (http only on this machine, "
        "as http://localhost:8000) or a folder; change CNN_DATA_MIRROR."
    )
    assert list(tmp_path.iterdir()) == []
    tried("network", "http-address")


def test_a_server_of_this_machine_may_not_redirect_to_another(
    tmp_path: Path, server: FaultyServer, tried: Tried
) -> None:
    with serving() as other:
        server.elsewhere = other.url("good")
        with pytest.raises(PipelineError) as caught:
            fetch(TINY, tmp_path / "tiny", [server.url("redirect-elsewhere")], "none")

    assert f"redirect to {other.url('good')}/{FILES[0]}.gz, which is not https)" in str(caught.value)
    assert (server.asked, other.asked) == (FILES[:1], [])
    assert list(tmp_path.iterdir()) == []
    tried("network", "redirect-to-http")


def test_a_host_that_is_unknown_is_asked_once(tmp_path: Path, tried: Tried) -> None:
    unknown = "https://mirror.invalid/mnist"
    patience = Patience(silence=2)

    fetched = fetch(TINY, tmp_path / "raw" / "tiny", [unknown, fill(tmp_path / "mirror")], "none", patience)

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert [attempt.mirror for attempt in fetched.attempts if attempt.fault] == [unknown]
    assert fetched.attempts[0].seconds < 10
    tried("network", "unknown-host")


def test_a_folder_that_is_missing_is_passed_over(tmp_path: Path, tried: Tried) -> None:
    missing, good = tmp_path / "none", fill(tmp_path / "mirror")

    fetched = fetch(TINY, tmp_path / "raw" / "tiny", [missing, good], "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert [(attempt.mirror, attempt.fault) for attempt in fetched.attempts] == 4 * [
        (str(missing), os.strerror(errno.ENOENT)),
        (str(good), None),
    ]
    tried("network", "missing-folder", 4)


def test_a_password_is_not_shown(tmp_path: Path, server: FaultyServer, tried: Tried) -> None:
    asked, good = server.url("password"), server.url("good")
    with_password = asked.replace("//", "//reader:guess@")

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "tiny", [with_password], "none")
    assert f"({asked}: {FILES[0]}: HTTP 401 Unauthorized)" in str(caught.value)
    assert "guess" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []

    fetched = fetch(TINY, tmp_path / "tiny", [with_password, good], "none")
    assert_holds(tmp_path / "tiny", TINY)
    assert [attempt.mirror for attempt in fetched.attempts] == 4 * [asked, good]
    assert "guess" not in str(fetched.attempts)
    tried("network", "wrong-password", 2)


def test_the_body_of_a_redirect_is_not_waited_for(tmp_path: Path, server: FaultyServer, tried: Tried) -> None:
    fetched = fetch(TINY, tmp_path / "tiny", [server.url("redirect-with-an-endless-body")], "none")

    assert_holds(tmp_path / "tiny", TINY)
    assert [attempt.fault for attempt in fetched.attempts] == 4 * [None]
    tried("network", "redirect-with-an-endless-body", 4)
