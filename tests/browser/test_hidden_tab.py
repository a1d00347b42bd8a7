"""The opening and the turn in a tab that the browser really hides: its timers all but stop, and its page goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium as debian
from tests.browser.line import Line
from tests.browser.test_opening import OPEN_IN
from tests.browser.test_waiting import expect_inside
from tests.patience import until

pytestmark = pytest.mark.browser

# Ten times a second where the browser lets it.
TICKING = "() => { window.ticks = 0; window.ticking = Date.now(); setInterval(() => ticks++, 100); }"
A_SECOND = "() => 1000 * ticks / (Date.now() - ticking)"


@pytest.fixture
def window(chromium: Browser, line: Line, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser of somebody who reads Korean."""
    errors: list[str] = []
    with debian.window_with_tabs(chromium.browser_type, tmp_path) as window:
        window.set_default_timeout(debian.PATIENCE_MS)
        window.on("weberror", lambda error: errors.append(str(error.error)))
        window.add_cookies([{"name": "django_language", "value": "ko", "url": line.site.url}])
        yield window
    assert not errors


def gather_second(line: Line, window: BrowserContext) -> Page:
    """A page that came second to a gathering, and behind another tab."""
    line.site.manage("shell", "-c", OPEN_IN.format(slug=line.slug, seconds=30, minutes=5))
    line.join(1)
    page = window.pages[0]
    page.goto(line.url)
    expect(page.locator("#gathered-position")).to_contain_text("2번째")
    window.new_page().bring_to_front()
    until(lambda: page.evaluate("document.hidden"))
    page.evaluate(TICKING)
    return page


def wait_for_opening(line: Line) -> None:
    """Until who came first is inside."""
    first, api = line.crowd[0].request, f"{line.site.url}/api{line.path}queue/"
    until(lambda: first.get(api).json()["status"] == "active", within=60)


def test_the_pre_room_turns_where_nobody_looks_and_the_turn_waits_there(line: Line, window: BrowserContext) -> None:
    page = gather_second(line, window)

    wait_for_opening(line)
    expect(page.locator("body")).to_have_attribute("data-stage", "open")
    expect(page.locator("#position")).to_have_text("1")

    line.tune("threshold=2")
    expect(page).to_have_title(re.compile("^입장할 차례예요!"))
    assert page.evaluate("document.hidden")
    assert page.evaluate(A_SECOND) < 2, "the browser slows this tab down"
    expect(page.locator("#slip")).to_have_count(1)
    page.bring_to_front()
    until(lambda: page.evaluate("document.activeElement.id") == "enter")
    page.get_by_role("button", name="입장하기").click()
    expect_inside(page)


def test_a_tab_that_the_browser_froze_over_the_opening_is_right_when_it_is_seen_again(
    line: Line, window: BrowserContext
) -> None:
    page = gather_second(line, window)
    devtools = window.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    wait_for_opening(line)

    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    page.bring_to_front()
    expect(page.locator("body")).to_have_attribute("data-stage", "open")
    expect(page.locator("#position")).to_have_text("1")
    line.tune("threshold=2")
    expect_inside(page)
