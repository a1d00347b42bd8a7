"""A Chromium for each module, a fresh line for each test, and pages of the language and size asked for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import chromium as debian
from tests.browser.clone import Clone
from tests.browser.line import Line
from tests.conftest import missing
from tests.site import Site

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: while it runs, Playwright's event loop stands in the way of asynchronous tests."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The project, just cloned."""
    return Clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def line(site: Site, chromium: Browser) -> Iterator[Line]:
    """A fresh event whose room holds one visitor."""
    line = Line(site, chromium)
    yield line
    line.go()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens pages, each of a visitor of its own: `open_page(locale="en-US")`; an error in one fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(**{"locale": "ko-KR", **options})
        context.set_default_timeout(debian.PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
