"""A browser, and the built site served to it as GitHub Pages serves it: below a folder."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.browser.support import SITE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the fastest first


class MissingError(Exception):
    """Something that the browser tests need is not here."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Launch a browser with nothing opened.

    Raises:
        MissingError: if there is none.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        raise MissingError("no Playwright: make test installs it") from error
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise MissingError("no browser: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class _Handler(SimpleHTTPRequestHandler):
    """Serves files; those with whole addresses in them as if the site were built for this server."""

    def do_GET(self) -> None:
        if self.path == "/cnn/sitemap.xml":
            self._send(200, "sitemap.xml", self._home(), f"http://{self.headers['Host']}/cnn/")
        elif self.path.startswith("/cnn/") and not Path(self.translate_path(self.path)).exists():
            self._send(404, "404.html", f'"{urlsplit(self._home()).path}', '"/cnn/')
        else:
            super().do_GET()

    def _home(self) -> str:
        """Return the home page's address on the server that the site was built for."""
        [home, *_] = re.findall(r"<loc>(.*?)</loc>", (SITE / "sitemap.xml").read_text(encoding="utf-8"))
        return str(home)

    def _send(self, status: int, name: str, old: str, new: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(name))
        self.end_headers()
        text = (SITE / name).read_text(encoding="utf-8")
        self.wfile.write(text.replace(old, new).encode())

    def log_message(self, *args: object) -> None:
        """Say nothing: a request that fails is told by the page that made it."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the built site; give its address.

    Raises:
        MissingError: if it has not been built.
    """
    if not (SITE / "index.html").exists():
        raise MissingError("no site: make docs builds it, after make repro")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cnn").symlink_to(SITE)
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=folder)) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}/cnn/"
            server.shutdown()
            thread.join()
