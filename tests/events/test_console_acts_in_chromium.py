"""The console's acts in a real browser: sliders foretell, what is saved and announced reaches those who wait."""

import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium as debian
from tests.browser.test_pages import complaints, overflow
from tests.conftest import missing
from tests.patience import until
from tests.site import Site

pytestmark = pytest.mark.browser

SALE = """
from tests.events.copies import copy_of
copy_of("old-drawer", {slug!r}, threshold=1)
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


@pytest.fixture
def sale(site: Site, chromium: Browser) -> str:
    """A sale with one place; its slug."""
    slug = f"acts-{secrets.token_hex(4)}"
    site.manage("shell", "-c", SALE.format(slug=slug))
    stranger = chromium.new_context(base_url=site.url)
    until(lambda: "x-waiting-room" in stranger.request.get(f"/api/events/{slug}/queue/").headers)
    stranger.close()
    return slug


@pytest.fixture
def contexts(chromium: Browser, site: Site) -> Iterator[list[BrowserContext]]:
    """A visitor who is inside, one who waits, and staff at the venue with a telephone."""
    made = [chromium.new_context(base_url=site.url, locale="ko-KR") for _ in range(2)]
    made.append(chromium.new_context(base_url=site.url, locale="ko-KR", viewport={"width": 390, "height": 844}))
    for context in made:
        context.set_default_timeout(20_000)
    yield made
    for context in made:
        context.close()


def sign_in(page: Page, slug: str) -> None:
    page.goto(f"/admin/console/{slug}/acts/")
    page.locator("#id_username").fill("staff@tiketi.example")
    page.locator("#id_password").fill("tiketi-demo")
    page.locator("[type=submit]").click()
    page.wait_for_url(f"**/console/{slug}/acts/")


def test_staff_at_the_venue_tune_and_announce_and_the_line_hears_of_it(contexts: list[BrowserContext], sale: str):
    inside, waiting, staff = (context.new_page() for context in contexts)
    troubles: list[str] = []
    staff.on("pageerror", lambda error: troubles.append(str(error)))
    staff.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
    inside.goto(f"/events/{sale}/")
    waiting.goto(f"/events/{sale}/")
    expect(waiting.locator("#slip")).to_be_visible()
    sign_in(staff, sale)
    assert overflow(staff) == 0
    assert complaints(staff) == []

    staff.get_by_label("대기열 안내 (한국어)").fill("30분 늦게 시작합니다.")
    staff.get_by_role("button", name="알리기").click()
    expect(waiting.get_by_text("30분 늦게 시작합니다.")).to_be_visible()
    expect(staff.locator(".messagelist")).to_be_visible()

    staff.get_by_role("slider", name="임계값").fill("3")
    expect(staff.locator("[data-effect=threshold] td:last-child")).to_have_text("3")
    expect(staff.locator("[data-effect=lastWaitSeconds] td:last-child")).not_to_have_text("—")
    staff.get_by_role("button", name="저장", exact=True).click()

    expect(waiting.locator("#slip")).to_have_count(0)  # let in
    assert troubles == []
