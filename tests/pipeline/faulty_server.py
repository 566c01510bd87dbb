"""A tiny data set, and a web server on the loopback interface that does all that a mirror may do wrong."""

import base64
import gzip
import hashlib
import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.datasets import MNIST, Dataset, IdxFile

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


class FaultyServer(ThreadingHTTPServer):
    """Serves `/<behaviour>/<file name>.gz` and notes what is asked for."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.elsewhere = ""
        """The mirror that `redirect-elsewhere` leads to."""
        self.closing = threading.Event()
        """Ends what would go on for ever."""
        self.scheme = "http"
        if certificate:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, behaviour: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}/{behaviour}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that turns away is what the tests are about."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[FaultyServer]:
    """Run a server while the block runs, with TLS if there is a certificate."""
    with FaultyServer(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def do_GET(self) -> None:
        self.behaviour, name = PurePosixPath(self.path).parts[1:]
        self.file = name.removesuffix(".gz")
        self.server.asked.append(self.file)
        self.content = CONTENTS[self.file]
        self.packed = gzip.compress(self.content)
        with suppress(ConnectionError, TimeoutError):
            BEHAVIOURS[self.behaviour](self)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass

    def answer(self, *pieces: bytes, length: int | None = None, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(sum(map(len, pieces)) if length is None else length))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def trickle(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(piece)
            if self.server.closing.wait(0.02):
                break

    def redirect(self, location: str) -> None:
        self.answer(status=302, Location=location)


def _good(handler: _Handler) -> None:
    handler.answer(handler.packed)


def _hang(handler: _Handler) -> None:
    handler.server.closing.wait()


def _hang_in_the_body(handler: _Handler) -> None:
    handler.answer(handler.packed[:50], length=len(handler.packed))
    handler.server.closing.wait()


def _trickle_the_header(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    handler.trickle(itertools.repeat(b"x"))


def _trickle_a_chunk_header(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    handler.trickle(itertools.repeat(b"0"))


def _trickle_the_body(handler: _Handler) -> None:
    handler.answer(length=len(handler.packed))
    handler.trickle(bytes([byte]) for byte in handler.packed)


def _send_empty_blocks(handler: _Handler) -> None:
    """Send, fast and for ever, packed data that unpack to nothing."""
    handler.answer(handler.packed[:10], length=2**40)
    while not handler.server.closing.is_set():
        handler.wfile.write(10_000 * bytes.fromhex("00 0000 ffff"))


def _send_a_bomb(handler: _Handler) -> None:
    handler.answer(gzip.compress(bytes(2**24)))


def _send_a_page(handler: _Handler) -> None:
    handler.answer(b"<!DOCTYPE html><title>Please log in</title>", Content_Type="text/html")


def _send_half_of_what_was_announced(handler: _Handler) -> None:
    handler.answer(handler.packed[:50], length=len(handler.packed))


def _send_a_file_cut_short(handler: _Handler) -> None:
    handler.answer(handler.packed[:50])


def _send_a_file_without_its_end(handler: _Handler) -> None:
    handler.answer(gzip.compress(handler.content[:-1]))


def _send_nothing(handler: _Handler) -> None:
    handler.answer()


def _send_another_protocol(handler: _Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")


def _reset(handler: _Handler) -> None:
    handler.answer(handler.packed[:50], length=len(handler.packed))
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _flip_a_bit(handler: _Handler) -> None:
    middle = len(handler.content) // 2
    flipped = handler.content[middle] ^ 1
    handler.answer(gzip.compress(handler.content[:middle] + bytes([flipped]) + handler.content[middle + 1 :]))


def _send_another_file(handler: _Handler) -> None:
    handler.answer(next(gzip.compress(other) for other in CONTENTS.values() if other != handler.content))


def _send_control_codes(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 500 \x1b[2JDo run this\r\n\r\n")


def _ask_for_a_password(handler: _Handler) -> None:
    if handler.headers["Authorization"] == f"Basic {base64.b64encode(b'reader:secret').decode()}":
        handler.answer(handler.packed)
    else:
        handler.send_error(401)


def _redirect_with_an_endless_body(handler: _Handler) -> None:
    handler.answer(length=2**40, status=302, Location=handler.path.replace(handler.behaviour, "good"))
    while not handler.server.closing.is_set():
        handler.wfile.write(bytes(2**16))


BEHAVIOURS: dict[str, Callable[[_Handler], None]] = {
    "good": _good,
    "hang": _hang,
    "hang-in-the-body": _hang_in_the_body,
    "trickle-the-header": _trickle_the_header,
    "trickle-a-chunk-header": _trickle_a_chunk_header,
    "trickle-the-body": _trickle_the_body,
    "empty-blocks": _send_empty_blocks,
    "bomb": _send_a_bomb,
    "page": _send_a_page,
    "half": _send_half_of_what_was_announced,
    "cut": _send_a_file_cut_short,
    "without-its-end": _send_a_file_without_its_end,
    "nothing": _send_nothing,
    "another-protocol": _send_another_protocol,
    "reset": _reset,
    "flipped-bit": _flip_a_bit,
    "another-file": _send_another_file,
    "403": lambda handler: handler.send_error(403),
    "404": lambda handler: handler.send_error(404),
    "429": lambda handler: handler.send_error(429),
    "503": lambda handler: handler.send_error(503),
    "control-codes": _send_control_codes,
    "password": _ask_for_a_password,
    "redirect": lambda handler: handler.redirect(handler.path.replace("redirect", "good")),
    "redirect-for-ever": lambda handler: handler.redirect(handler.path),
    "redirect-to-a-file": lambda handler: handler.redirect("file:///etc/hostname"),
    "redirect-to-nonsense": lambda handler: handler.redirect("//[nonsense"),
    "redirect-elsewhere": lambda handler: handler.redirect(f"{handler.server.elsewhere}/{handler.file}.gz"),
    "redirect-with-an-endless-body": _redirect_with_an_endless_body,
}
