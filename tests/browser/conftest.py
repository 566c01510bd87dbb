"""A browser, and the built site served to it as GitHub Pages serves it: below a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.browser.support import SITE, Watch, missing, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser with nothing opened."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("no Playwright: make test installs it")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing("no browser: apt-get install chromium")
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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the built site."""
    if not (SITE / "index.html").exists():
        missing("no site: make docs builds it, after make repro")
    folder = tmp_path_factory.mktemp("host")
    (folder / "cnn").symlink_to(SITE)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/cnn/"
        server.shutdown()
        thread.join()


@pytest.fixture
def watched(browser: Browser, site: str) -> Iterator[tuple[Page, Watch]]:
    with opened(browser, site) as (page, watch):
        yield page, watch


@pytest.fixture
def page(watched: tuple[Page, Watch]) -> Page:
    """Return a page of its own, as wide as a desk's; nothing moves on it by itself."""
    return watched[0]


@pytest.fixture
def watch(watched: tuple[Page, Watch]) -> Watch:
    """Return what `page` asked for and where it failed; what a test provokes it takes out again."""
    return watched[1]
