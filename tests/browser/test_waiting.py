"""A visitor waits and enters, in a real browser on the real site."""

import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.line import Line

pytestmark = pytest.mark.browser

# What a proxy that knows no WebSockets does to a page: every attempt fails after a moment.
NO_SOCKETS = """
window.WebSocket = class {
  static OPEN = 1;
  readyState = 0;
  constructor() { setTimeout(() => this.onclose({ code: 1006 }), 20); }
  close() {}
};
"""


def expect_waiting(page: Page, position: int, total: int) -> None:
    """The modal shows the place, in the title too."""
    expect(page.get_by_role("dialog", name="대기열 입장")).to_be_visible()
    expect(page.locator("#position")).to_have_text(str(position))
    expect(page.locator("#total")).to_have_text(str(total))
    expect(page).to_have_title(f"{position}번째 · TIKETI")


def expect_inside(page: Page) -> None:
    """The event's own page has come."""
    expect(page.locator("#slip")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("윤서하")


def test_the_place_falls_survives_a_reload_and_ends_inside_without_a_click(line: Line, open_page: Open) -> None:
    line.join(3)
    page = open_page()
    page.goto(line.url)
    expect_waiting(page, 3, 3)
    expect(page.locator("#connection")).to_have_text("연결됨")

    page.reload()
    expect_waiting(page, 3, 3)
    second_tab = page.context.new_page()
    second_tab.goto(line.url)
    expect_waiting(second_tab, 3, 3)

    line.tune("threshold=2")
    expect_waiting(page, 2, 2)
    expect_waiting(second_tab, 2, 2)
    assert float(page.locator("#bar").get_attribute("value") or 0) > 0

    line.tune("threshold=5")
    expect_inside(page)
    expect_inside(second_tab)


def test_the_same_without_javascript(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page(java_script_enabled=False)
    page.goto(line.url)
    expect_waiting(page, 2, 2)
    expect(page.locator("#connection")).to_be_visible()
    assert "5초마다" in page.locator("#connection").inner_text()

    line.tune("threshold=5")
    expect_inside(page)


def test_where_sockets_are_blocked_the_page_polls(line: Line, open_page: Open) -> None:
    line.join(3)
    page = open_page()
    page.add_init_script(NO_SOCKETS)
    page.goto(line.url)
    expect_waiting(page, 3, 3)
    expect(page.locator("#connection")).to_have_text("몇 초마다 순번을 확인하고 있어요")

    line.tune("threshold=2")
    expect_waiting(page, 2, 2)
    line.tune("threshold=5")
    expect_inside(page)


def test_who_leaves_makes_room_and_may_line_up_again(line: Line, open_page: Open) -> None:
    line.join(1)
    page, next_in_line = open_page(), open_page()
    page.goto(line.url)
    expect_waiting(page, 1, 1)
    next_in_line.goto(line.url)
    expect_waiting(next_in_line, 2, 2)

    page.get_by_role("button", name="대기열 나가기").click()
    page.get_by_role("button", name="계속 기다리기").click()
    expect_waiting(page, 1, 2)
    page.get_by_role("button", name="대기열 나가기").click()
    page.get_by_role("button", name="나가기", exact=True).click()

    expect(page.get_by_role("heading", name="대기열에서 나왔어요")).to_be_focused()
    expect_waiting(next_in_line, 1, 1)
    page.get_by_role("button", name="다시 줄 서기").click()
    expect_waiting(page, 2, 2)


def test_a_pause_is_told_and_so_is_its_end(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page()
    page.goto(line.url)
    expect_waiting(page, 2, 2)
    pause = page.locator("#paused")
    expect(pause).to_be_hidden()

    line.tune("mode=paused")
    expect(pause).to_be_visible()
    expect(page.locator("#wait")).to_be_hidden()
    line.tune("mode=automatic")
    expect(pause).to_be_hidden()


def test_staffs_word_reaches_who_waits_and_is_taken_back(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page()
    page.goto(line.url)
    expect_waiting(page, 2, 2)

    line.site.manage("waitingroom", "announce", line.slug, "--ko", "공연 시작이 30분 늦어집니다.")
    word = page.locator("#announcement-text")
    expect(word).to_have_text("공연 시작이 30분 늦어집니다.", timeout=10_000)
    page.reload()
    expect(word).to_be_visible()
    line.site.manage("waitingroom", "announce", line.slug, "--clear")
    expect(word).to_be_hidden(timeout=10_000)


def test_a_network_that_comes_back_and_a_tab_that_is_opened_again_find_the_same_number(
    line: Line, open_page: Open
) -> None:
    line.join(2)
    page = open_page()
    page.goto(line.url)
    expect_waiting(page, 2, 2)
    expect(page.locator("#connection")).to_have_text("연결됨")

    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("기기가 오프라인이에요", timeout=10_000)
    line.join(1)
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_have_text("연결됨")
    expect_waiting(page, 2, 3)

    context = page.context
    page.close()
    page = context.new_page()
    page.goto(line.url)
    expect_waiting(page, 2, 3)


def test_a_closed_line_is_told_to_those_in_it_and_to_newcomers(line: Line, open_page: Open) -> None:
    line.join(2)
    page, newcomer = open_page(), open_page()
    page.goto(line.url)
    expect_waiting(page, 2, 2)

    line.tune("mode=closed", "closed_reason_ko=무대 점검 중입니다.")
    expect(page.get_by_role("heading", name="대기가 마감되었어요")).to_be_visible()
    expect(page.locator("#closed-reason")).to_have_text("무대 점검 중입니다.")
    newcomer.goto(line.url)
    expect(newcomer.get_by_role("heading", name="지금은 줄을 설 수 없습니다")).to_be_visible()
    expect(newcomer.get_by_text("무대 점검 중입니다.")).to_be_visible()
    page.reload()
    expect(page.locator("#shut-text")).to_contain_text("번호표는 그대로 보관됩니다")

    line.tune("mode=automatic")
    expect_waiting(page, 2, 3)
    expect_waiting(newcomer, 3, 3)


def test_a_deleted_event_is_told_to_those_in_its_line(line: Line, open_page: Open) -> None:
    line.join(2)
    connected, polling = open_page(), open_page()
    polling.add_init_script(NO_SOCKETS)
    for position, page in enumerate((connected, polling), 2):
        page.goto(line.url)
        expect_waiting(page, position, position)
    expect(connected.locator("#connection")).to_have_text("연결됨")
    expect(polling.locator("#connection")).to_have_text("몇 초마다 순번을 확인하고 있어요", timeout=15_000)

    line.delete()

    for page in (connected, polling):
        expect(page.get_by_role("heading", name="대기가 마감되었어요")).to_be_visible(timeout=10_000)


def test_b12_who_blocks_cookies_reads_why_it_cannot_work(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page()

    def without_cookies(route):
        with urllib.request.urlopen(line.url) as answer:
            kept = ("content-type", "content-security-policy", "cache-control")
            route.fulfill(body=answer.read(), headers={name: answer.headers[name] for name in kept})

    page.route(re.compile(f"{line.path}$"), without_cookies)
    page.goto(line.url)
    expect(page.get_by_role("heading", name="쿠키가 차단되어 있어요")).to_be_visible(timeout=30_000)


def test_tickets_still_left_are_counted_while_waiting(line: Line, open_page: Open) -> None:
    line.join(2)
    page = open_page()
    page.goto(line.url)
    counts = page.locator("#prices .left")
    expect(counts.first).to_be_hidden()
    page.get_by_text("남은 티켓").click()
    expect(counts.first).to_have_text(re.compile(r"^[\d,]+매 남음$"))
    page.locator("#want-party").select_option("2")
    told = page.locator("#want-told")
    expect(told).to_contain_text("2명씩")
    before = told.inner_text()

    line.withdraw_sections(but=1)

    expect(told).not_to_have_text(before)


def test_signing_up_while_waiting_keeps_the_place(line: Line, open_page: Open) -> None:
    line.join(2)
    page, behind = open_page(), open_page()
    page.goto(line.url)
    expect_waiting(page, 2, 2)
    behind.goto(line.url)
    expect_waiting(behind, 3, 3)

    page.get_by_role("link", name="로그인").click()
    page.get_by_role("main").get_by_role("link", name="회원가입").click()
    page.locator("#id_email").fill(f"{line.slug}@example.com")
    page.locator("#id_password1").fill("winter-song-42")
    page.locator("form.card button").click()

    expect_waiting(page, 2, 3)
    expect(page.get_by_role("link", name="로그인")).to_be_hidden()
