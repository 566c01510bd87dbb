"""A web server on the loopback interface that does what `tests.pipeline.faulty_answers` lists."""

import gzip
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

from tests.pipeline.faulty_answers import BEHAVIOURS
from tests.pipeline.tiny_data import CONTENTS


class FaultyServer(ThreadingHTTPServer):
    """Serves `/<behaviour>/<file name>.gz`, under any folder, and notes what is asked for."""

    request_queue_size = 128

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.elsewhere: str = ""
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


class Handler(BaseHTTPRequestHandler):
    """One request; what the answers of `tests.pipeline.faulty_answers` are made with."""

    server: FaultyServer
    behaviour: str
    file: str
    content: bytes
    packed: bytes

    def do_GET(self) -> None:
        self.behaviour, name = PurePosixPath(self.path).parts[-2:]
        self.file = name.removesuffix(".gz")
        self.server.asked.append(self.file)
        self.content = CONTENTS[self.file]
        self.packed = gzip.compress(self.content)
        with suppress(ConnectionError, TimeoutError, ssl.SSLError):
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

    def go_on(self, pieces: Iterable[bytes], pause: float = 0.02) -> None:
        """Send pieces with pauses between them, until they end or the test does."""
        for piece in pieces:
            self.wfile.write(piece)
            if self.server.closing.wait(pause):
                break

    def redirect(self, location: str) -> None:
        self.answer(status=302, Location=location)
