"""What every visitor may expect of every page: readable, reachable, in his language, on his phone."""

from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import Open
from tests.browser.line import Line
from tests.browser.staged import Stage, update

pytestmark = pytest.mark.browser

PHONE = ViewportSize(width=360, height=740)
STATIC = Path(__file__).resolve().parents[2] / "static"
SERIOUS = ("serious", "critical")


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page, seriously."""
    page.clock.resume()  # axe takes turns by timers
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_site_is_accessible_and_fits_a_phone(line: Line, open_page: Open, locale: str, scheme: str) -> None:
    waiting, inside = open_page(locale=locale, color_scheme=scheme), open_page(locale=locale, color_scheme=scheme)
    inside.goto(line.url)
    waiting.goto(line.url)
    expect(waiting.locator("#slip")).to_be_visible()
    expect(inside.locator("#slip")).to_have_count(0)
    looking = inside.context.new_page()
    looking.goto(line.site.url)

    for page in (waiting, inside, looking):
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        assert complaints(page) == []
        page.set_viewport_size(PHONE)
        assert overflow(page) <= 0, page.url


@pytest.mark.parametrize("template", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_dead_ends_are_accessible_too(open_page: Open, template: str) -> None:
    page = open_page(viewport=PHONE)
    # As asked of the database a moment ago, which the browser's loop in this thread forbids.
    with patch("events.privacy.consents.in_force", list), patch("events.front.kept.lasts_s", lambda: 30.0):
        html = render_to_string(template)

    def answer(route: Route) -> None:
        path = urlparse(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto("http://tiketi.test/")

    expect(page.get_by_role("link", name="전체 공연 보기")).to_be_visible()
    assert complaints(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("template", ["unavailable", "closed"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_bad_moments_are_accessible_too(open_page: Open, template: str, scheme: str) -> None:
    stage = Stage(open_page(color_scheme=scheme, viewport=PHONE), template=template)
    stage.load_status = 503

    assert complaints(stage.page) == []
    assert overflow(stage.page) <= 0


def test_every_state_of_the_waiting_page_is_accessible(open_page: Open) -> None:
    stage = Stage(open_page(viewport=PHONE), language="en")
    stage.socket("open")
    stage.socket("say", update(8245, total=10_000, estimatedWait=5000, mode="paused"))
    stage.socket("say", update(8000, scaling={"inService": 2, "pending": 5, "readyInSeconds": 100}, mode="paused"))
    assert complaints(stage.page) == []
    assert overflow(stage.page) <= 0

    stage.page.get_by_role("button", name="Leave the line").click()
    assert complaints(stage.page) == []
    stage.page.get_by_role("button", name="Stay in line").click()
    stage.socket("say", {"type": "queue-closed"})
    assert complaints(stage.page) == []


def test_the_language_changes_at_the_press_of_a_button(line: Line, open_page: Open) -> None:
    line.join(1)
    page = open_page()
    page.goto(line.url)
    expect(page.get_by_role("heading", name="대기열 입장")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    expect(page).to_have_title("No. 1 in line · TIKETI")

    page.goto(line.site.url)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="한국어").click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")


def test_the_keyboard_reaches_everything_and_never_the_page_behind(open_page: Open) -> None:
    stage = Stage(open_page())
    stage.socket("open")
    expect(stage.page.locator("#slip")).to_be_focused()

    for _ in range(3):  # past the signals and the link to sign in
        stage.page.keyboard.press("Tab")
    expect(stage.page.locator("#leave")).to_be_focused()
    stage.page.keyboard.press("Enter")
    expect(stage.page.get_by_role("button", name="계속 기다리기")).to_be_focused()
    stage.page.keyboard.press("Escape")
    expect(stage.page.locator("#leave")).to_be_focused()


def test_nothing_moves_for_those_who_asked_for_stillness(open_page: Open) -> None:
    moving = "document.getAnimations().length"
    assert Stage(open_page()).page.evaluate(moving) > 0
    assert Stage(open_page(reduced_motion="reduce")).page.evaluate(moving) == 0


def test_waiting_costs_one_request(line: Line, open_page: Open) -> None:
    line.join(1)
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(line.url)
    expect(page.locator("#connection")).to_have_text("연결됨")

    assert [url for url in asked if not url.startswith("data:")] == [line.url]
