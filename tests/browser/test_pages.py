"""What every visitor may expect of every page: readable, reachable, in his language, on his phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import Open
from tests.browser.line import Line
from tests.browser.staged import Stage
from tiketi import crowding

pytestmark = pytest.mark.browser

PHONE = ViewportSize(width=360, height=740)
# axe's rules about colours.
COLOURS = ("color-contrast", "link-in-text-block")
STATIC = Path(__file__).resolve().parents[2] / "static"


def complaints(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds wrong with the page, however little; by all of its rules, or by these."""
    page.clock.resume()  # axe takes turns by timers
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [f"{violation['id']}: {node['html']}" for violation in found for node in violation["nodes"]]


def by_day_and_night(page: Page, between: Callable[[], object] = lambda: None) -> list[str]:
    """The same in both colour schemes, of which the second differs in colours alone; `between` sets the page right."""
    _in(page, "light")
    found = complaints(page)
    between()
    _in(page, "dark")
    return found + complaints(page, COLOURS)


def _in(page: Page, scheme: Literal["light", "dark"]) -> None:
    """The page in its colours, none of which is on its way from one to another."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_site_is_accessible_and_fits_a_phone(line: Line, open_page: Open, locale: str) -> None:
    waiting, inside = open_page(locale=locale), open_page(locale=locale)
    inside.goto(line.url)
    waiting.goto(line.url)
    expect(waiting.locator("#slip")).to_be_visible()
    expect(inside.locator("#slip")).to_have_count(0)
    looking = inside.context.new_page()
    looking.goto(line.site.url)

    for page in (waiting, inside, looking):
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        assert by_day_and_night(page) == []
        page.set_viewport_size(PHONE)
        assert overflow(page) <= 0, page.url


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("template", ["403", "403_csrf", "404", "500", "503", "503 after a form"])
def test_dead_ends_are_accessible_too(open_page: Open, template: str, language: str) -> None:
    page = open_page(viewport=PHONE)
    name, _, form = template.partition(" ")
    # As asked of the database a moment ago, which the browser's loop in this thread forbids.
    asked = patch("events.privacy.consents.in_force", list), patch("events.front.kept.lasts_s", lambda: 30.0)
    with asked[0], asked[1], translation.override(language):
        html = render_to_string(f"{name}.html", {"safe": not form, "seconds": 600})

    def answer(route: Route) -> None:
        path = urlparse(route.request.url).path
        if path.startswith("/static/"):
            route.fulfill(path=STATIC / path.removeprefix("/static/"))
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto("http://tiketi.test/")

    expect(page.get_by_role("main").get_by_role("link").first).to_be_visible()
    assert overflow(page) <= 0
    assert by_day_and_night(page) == []


def test_the_page_of_a_full_process_is_accessible_but_for_coming_back_by_itself(open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    headers, body = crowding.retrying({})
    told = {name.decode(): value.decode() for name, value in headers}
    page.route("**/*", lambda route: route.fulfill(status=503, headers=told, body=body))
    page.goto("http://tiketi.test/")

    expect(page.get_by_role("heading", name="One moment, please")).to_be_visible()
    expect(page.locator("main")).to_have_css("max-width", "432px")  # its policy allows its style
    assert overflow(page) <= 0
    # A script would ask whether the site is back, and then load: twice the requests, where there are too many.
    assert {said.partition(":")[0] for said in by_day_and_night(page)} == {"meta-refresh"}


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
