"""A room that asks for a proof of work: the page computes, hands it in, and goes on, in a real browser."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.line import Line
from tests.browser.test_pages import PHONE, complaints, overflow

pytestmark = pytest.mark.browser


def expect_waiting(page: Page, position: int) -> None:
    expect(page.locator("#position")).to_have_text(str(position))


def test_the_page_computes_and_lines_up_without_a_click(line: Line, open_page: Open) -> None:
    line.join(2)
    line.ask_for_work(2000)
    page = open_page()
    outside: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith(line.site.url) else outside.append(asked.url))
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    handed_in: list[Route] = []
    page.route(f"**/api{line.path}", lambda route: handed_in.append(route))
    with page.expect_request(f"**/api{line.path}"):
        page.goto(line.url)
    expect(page.get_by_role("status")).to_contain_text("브라우저가 몇 초 동안 계산합니다")
    handed_in[0].continue_()

    expect_waiting(page, 2)
    page.reload()  # the place is this browser's now
    expect_waiting(page, 2)
    assert [*refused, *outside] == []


def test_where_there_is_a_vacancy_it_goes_straight_in(line: Line, open_page: Open) -> None:
    line.ask_for_work(200)
    page = open_page(locale="en-US")
    page.goto(line.url)

    expect(page).to_have_url(line.url)
    expect(page.locator("#slip")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Seoha")


def test_what_is_late_or_refused_begins_anew_by_itself(line: Line, open_page: Open) -> None:
    line.join(2)
    line.ask_for_work(200)
    page = open_page()
    answers = ["busy", "late"]

    def answer(route: Route) -> None:
        if not answers:
            route.continue_()
        elif answers.pop(0) == "busy":
            route.fulfill(status=503, body="")
        else:
            asked = page.request.get(f"{line.site.url}/api{line.path}", headers={"Accept": "application/json"})
            assert asked.status == 428
            route.fulfill(status=428, body=json.dumps(asked.json()))

    page.route(f"**/api{line.path}", answer)
    page.clock.install()
    page.goto(line.url)
    for _ in range(40):
        page.clock.fast_forward(35_000)  # the pauses before it asks again
        if not answers:
            break
        page.wait_for_timeout(300)

    expect_waiting(page, 2)
    assert answers == []


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_without_javascript_it_says_so_and_offers_to_sign_in(line: Line, open_page: Open, locale: str) -> None:
    line.ask_for_work(200)
    page = open_page(java_script_enabled=False, locale=locale)
    page.goto(line.url)

    expect(page.get_by_text("JavaScript" if locale == "en-US" else "자바스크립트")).to_be_visible()
    way = page.get_by_role("link", name="Sign in" if locale == "en-US" else "로그인")
    expect(way).to_have_attribute("href", f"/accounts/login/?next={line.path}")


def test_a_browser_that_cannot_compute_says_so_aloud(line: Line, open_page: Open) -> None:
    line.ask_for_work(200)
    page = open_page()
    page.add_init_script("delete window.Worker")
    page.goto(line.url)

    expect(page.get_by_role("alert")).to_contain_text("이 브라우저는 이 줄에 필요한 계산을 할 수 없거나")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_fits_a_phone_and_is_reached_by_keyboard(line: Line, open_page: Open, scheme: str) -> None:
    line.ask_for_work(200000)
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    page.goto(line.url)
    expect(page.get_by_role("status")).to_be_visible()

    assert complaints(page) == []
    expect(page.locator("progress")).to_be_hidden()
    page.set_viewport_size(PHONE)
    assert overflow(page) <= 0
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="로그인")).to_be_focused()
