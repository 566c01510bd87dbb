"""A browser and the built site, each once for all tests; a page of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.server import MissingError, launched, served
from tests.browser.support import Watch, missing, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser with nothing opened."""
    try:
        with launched() as browser:
            yield browser
    except MissingError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the address of the built site."""
    try:
        with served() as address:
            yield address
    except MissingError as error:
        missing(str(error))


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
