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
    """Serves files; the sitemap, which has whole addresses, as if the site were built for this server."""

    def do_GET(self) -> None:
        if self.path == "/cnn/sitemap.xml":
            self.wfile.write(self._sitemap().encode())
        else:
            super().do_GET()

    def _sitemap(self) -> str:
        text = (SITE / "sitemap.xml").read_text(encoding="utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        [home, *_] = re.findall(r"<loc>(.*?)</loc>", text)
        return text.replace(home, f"http://{self.headers['Host']}/cnn/")

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
