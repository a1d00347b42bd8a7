"""Redis stops answering: the page says so, waits, and goes on with the same number."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.line import Line

pytestmark = pytest.mark.browser


@contextmanager
def frozen_redis(line: Line) -> Iterator[None]:
    """The site's Redis hangs."""
    names = {pid: Path(f"/proc/{pid}/comm").read_text() for pid in line.site.family()}
    servers = [pid for pid, name in names.items() if name.startswith(("valkey", "redis"))]
    assert servers
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)


def test_an_outage_is_told_and_ends_by_itself_with_the_same_number(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page()
    page.goto(line.url)
    expect(page.locator("#position")).to_have_text("2")

    with frozen_redis(line):
        page.reload()
        expect(page.get_by_role("heading", name="잠시만 기다려 주세요")).to_be_visible()

    expect(page.locator("#position")).to_have_text("2")
    expect(page.locator("#connection")).to_have_text("연결됨")
