"""A new event from nothing to "on sale" in a real browser, on four screens; on a telephone and without scripts, too."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium as debian
from tests.browser.test_pages import complaints, overflow
from tests.conftest import missing
from tests.site import Site

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
MAX_SCREENS = 4
# A person reads and types more slowly than a program: what it asks for is little, all the same.
MAX_MINUTES = 5


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


@pytest.fixture
def errors() -> list[str]:
    """What pages did wrong: errors of scripts, and what the policy blocked."""
    return []


@pytest.fixture
def open_page(chromium: Browser, site: Site, errors: list[str]) -> Iterator[Open]:
    """Opens pages of staff; an error in one fails the test."""
    contexts: list[BrowserContext] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(**{"locale": "ko-KR", "base_url": site.url, **options})
        context.set_default_timeout(debian.PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto("/admin/events/event/new/")
        page.locator("[name=username], [name=login]").fill("staff")
        page.locator("[name=password]").fill("tiketi-demo")
        page.locator("[name=password]").press("Enter")
        expect(page.locator("#id_title_ko")).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def in_days(days: int) -> str:
    return f"{timezone.localtime() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def step_of(page: Page) -> str:
    return urlsplit(page.url).path.rsplit("/", 2)[-2]


def clean(page: Page, errors: list[str]) -> None:
    """Nothing blocked, nothing that axe finds wrong, and no wider than the screen."""
    page.wait_for_load_state("load")
    assert errors == [], page.url
    assert complaints(page) == [], page.url
    errors.clear()  # axe styles what it looks at, and the policy blocks that
    assert overflow(page) <= 0, page.url


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": PHONE, "java_script_enabled": False, "locale": "en-US"},
    ],
    ids=["desktop, Korean", "telephone without scripts, English"],
)
def test_from_nothing_to_on_sale_on_four_screens(open_page: Open, errors: list[str], options: dict[str, Any]) -> None:
    page, name = open_page(**options), secrets.token_hex(4)
    scripts = options.get("java_script_enabled", True)
    begun, screens = time.monotonic(), [step_of(page)]

    def on(step: str) -> None:
        page.wait_for_url(f"**/new/{step}/")
        if step not in screens:
            screens.append(step)
        if scripts:
            clean(page, errors)

    if scripts:
        clean(page, errors)
    page.fill("#id_title_ko", f"겨울 노래 {name}")
    page.fill("#id_title_en", f"Winter Songs {name}")
    page.fill("#id_starts_at", in_days(40))
    page.locator("summary", has_text=re.compile("새 공연장|A new venue")).click()
    page.fill("#id_hall-name_ko", f"눈꽃홀 {name}")
    page.locator("button.default").click()

    on("hall")
    page.fill("#id_lines-0-sections", "F1-F2")
    page.fill("#id_lines-0-level", "0")
    page.fill("#id_lines-0-rows", "0")
    page.fill("#id_lines-0-seats", "300")
    page.fill("#id_lines-1-sections", "101-108")
    generate = page.locator("form", has=page.locator("#id_lines-0-sections"))
    generate.locator("[name=check]").click()
    expect(page.locator("#dry-run")).to_contain_text("3,800")
    if scripts:
        clean(page, errors)
    page.locator("form", has=page.locator("#id_lines-0-sections")).locator("[name=build]").click()

    on("prices")
    page.fill("#id_price-0", "132,000")
    page.fill("#id_price-1", "99000")
    page.locator("[name=sum]").click()
    expect(page.locator(".stake")).to_contain_text("396,000,000")
    page.locator("button.default").click()

    on("sale")
    page.fill("#id_opens_at", in_days(-1))
    page.locator("[name=save]").click()
    expect(page.frame_locator("iframe.preview").locator("h1")).to_contain_text(name)
    on("sale")
    page.locator("[name=publish]").click()
    page.wait_for_url("**/change/")

    minutes = (time.monotonic() - begun) / 60
    slug = f"winter-songs-{name}"
    page.goto(f"/events/{slug}/")
    expect(page.locator(".badge-open")).to_be_visible()
    assert len(screens) <= MAX_SCREENS, screens
    assert minutes < MAX_MINUTES


def test_a_telephone_shows_every_step_without_scrolling_sideways_and_the_keyboard_is_enough(
    open_page: Open, errors: list[str]
) -> None:
    page, name = open_page(viewport=PHONE), secrets.token_hex(4)
    clean(page, errors)

    def type_into(field: str, text: str) -> None:
        page.locator(field).focus()
        page.keyboard.type(text)

    type_into("#id_title_ko", f"건반만으로 {name}")
    page.locator("#id_venue").focus()
    page.keyboard.press("ArrowDown")
    page.fill("#id_starts_at", in_days(40))
    page.locator("button.default").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/new/hall/")
    clean(page, errors)
    page.locator("[name=choose-plan]").first.focus()
    page.keyboard.press("Space")
    page.locator("form", has=page.locator("[name=choose-plan]")).locator("button").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/new/prices/")
    clean(page, errors)
    type_into("[name^=price-] >> nth=0", "50000")
    page.keyboard.press("Enter")  # the first button: the sum
    expect(page.locator(".stake")).not_to_contain_text(re.compile(r"^0$"))
    page.locator("button.default").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/new/sale/")
    clean(page, errors)
    page.locator("[name=save]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=publish]")).to_be_visible()
    clean(page, errors)
