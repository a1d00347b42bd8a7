"""What visitors see, drawn from the running site.

10,000 wait as in the reference, two servers serve, and the alarm has just ordered five more.
"""

import secrets
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.site import ROOT, Site

IMAGES = ROOT / "docs" / "images"
DESKTOP, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
CROWDED, CALM = "cherrynote-fan-concert", "seoha-encore"  # the event everybody wants, and one with no line
# Three come in between; the first ones are let in while they watch, until 10,000 are left.
BEFORE, BEHIND, LET_IN = 11_743, 1_754, 3_500

# One is inside and stays, so that the line stands still while it is drawn.
ARRIVE = """
import asyncio
from waitingroom.room import Room
async def arrive(first, people):
    for start in range(first, first + people, 500):
        names = [f"crowd-{{i}}" for i in range(start, min(start + 500, first + people))]
        await asyncio.gather(*(Room({slug!r}).enter(name) for name in names))
asyncio.run(arrive({first}, {people}))
"""


def arrive(site: Site, first: int, people: int) -> None:
    """So many more visitors come to the full event."""
    site.manage("shell", "-c", ARRIVE.format(slug=CROWDED, first=first, people=people))


def page_of(browser: Browser, site: Site, viewport: ViewportSize, **options: Any) -> Page:
    """A page of a visitor of its own."""
    context = browser.new_context(base_url=site.url, viewport=viewport, **{"locale": "ko-KR", **options})
    return context.new_page()


def draw(page: Page, name: str) -> None:
    """Keep what the page shows now."""
    page.evaluate("document.fonts.ready")
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def sign_up(page: Page) -> None:
    """A new account, and on to the seats."""
    page.get_by_role("main").get_by_role("link", name="회원가입").click()
    page.locator("#id_email").fill(f"{secrets.token_hex(4)}@example.com")
    page.locator("#id_password1").fill("winter-song-42")
    page.locator("form.card button").click()
    page.wait_for_url("**/seats/")
    page.reload()  # without the greeting


def draw_waiting(browser: Browser, site: Site) -> None:
    """The waiting page in the middle of the rush, to three visitors."""
    site.manage(
        "waitingroom",
        "set",
        CROWDED,
        "threshold=1",
        "presence_seconds=600",
        "claim_seconds=3600",
        "idle_seconds=3600",
        "longest_stay_seconds=0",
    )
    arrive(site, 0, BEFORE + 1)
    desktop = page_of(browser, site, DESKTOP)
    phone = page_of(browser, site, PHONE)
    english = page_of(browser, site, DESKTOP, locale="en-US", color_scheme="dark")
    pages = {"waiting-phone": phone, "waiting-ko": desktop, "waiting-en": english}
    for page in pages.values():
        page.goto(f"/events/{CROWDED}/")
    arrive(site, BEFORE + 1, BEHIND)
    site.manage("waitingroom", "set", CROWDED, f"threshold={1 + LET_IN}")
    site.manage("waitingroom", "admit", CROWDED, str(LET_IN))
    for name, page in pages.items():
        expect(page.locator("#total")).to_have_text("10,000")
        # The alarm looks at whole minutes.
        expect(page.locator(".servers")).to_be_visible(timeout=300_000)
        draw(page, name)


def draw_shop(browser: Browser, site: Site) -> None:
    """The list, an event, and its seats."""
    page = page_of(browser, site, DESKTOP)
    page.goto("/")
    draw(page, "list")
    page.goto(f"/events/{CALM}/")
    draw(page, "event")
    page.goto(f"/events/{CALM}/seats/")
    sign_up(page)
    draw(page, "seats")
