"""The waiting page's script: when it connects, asks, speaks, reloads, and when it lets be."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open
from tests.browser.staged import Stage, update
from waitingroom.page_cache import range_text, wait_text
from waitingroom.timing import LONGEST_PAUSE_MS

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(open_page: Open) -> Stage:
    """A waiting page whose first socket is about to open."""
    return Stage(open_page())


def lose_sockets_twice(stage: Stage) -> None:
    """Two refusals in a row: from then on the page polls."""
    stage.socket("end", 1006)
    stage.passes(10)
    stage.socket("end", 1006)


def waits(seconds: int) -> dict[str, object]:
    """A wait as a server tells it."""
    return {"estimatedWait": seconds, "estimatedWaitRange": [seconds * 4 // 5, seconds * 6 // 5]}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_says_a_range_as_the_server_does(open_page: Open, language: str) -> None:
    stage = Stage(open_page(), language=language)
    edges = [0, 1, 9, 10, 11, 59, 60, 61, 300, 599, 600, 601, 3600, 7199, 7200, 7201, 40_000]
    ranges = [(low, high) for low in edges for high in edges if low <= high]

    said = stage.page.evaluate("ranges => ranges.map((range) => line.rangeText(...range))", ranges)

    assert said == [range_text(low, high, language) for low, high in ranges]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_says_a_wait_as_the_server_does(open_page: Open, language: str) -> None:
    stage = Stage(open_page(), language=language)
    waits = [*range(700), *range(700, 9000, 37), 36_000]

    said = stage.page.evaluate("waits => waits.map(line.waitText)", waits)

    assert said == [wait_text(wait, language) for wait in waits]


def test_the_bar_fills_by_the_share_of_the_way(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("say", update(25, total=1234, estimatedWait=90, estimatedWaitRange=[70, 110]))

    expect(stage.page.locator("#bar")).to_have_js_property("value", 75)
    expect(stage.page.locator("#total")).to_have_text("1,234")
    expect(stage.page.locator("#wait")).to_have_text("1~2분")
    expect(stage.page).to_have_title("25번째 · TIKETI")


def test_while_the_line_comes_back_in_order_no_position_is_told(stage: Stage) -> None:
    coming_back = stage.page.locator("#recovering", has_text="순서를 되찾는 중입니다")
    stage.socket("open")
    stage.socket("say", update(25))
    expect(coming_back).to_be_hidden()

    stage.socket("say", {"type": "queue-recovering", "endsInSeconds": 40})

    expect(coming_back).to_be_visible()
    expect(stage.page.locator("#recovery")).to_have_text("40초")
    expect(stage.page.locator("#position")).to_be_hidden()
    expect(stage.page.locator("#wait")).to_be_hidden()
    expect(stage.page).to_have_title("순서를 되찾는 중입니다 · TIKETI")
    stage.socket("say", update(24))
    expect(coming_back).to_be_hidden()
    expect(stage.page.locator("#position")).to_have_text("24")


def test_the_recovery_is_counted_to_the_second_between_two_words_of_the_server(stage: Stage) -> None:
    bar, left = stage.page.locator("#recovery-bar"), stage.page.locator("#recovery")
    stage.socket("open")
    stage.socket("say", {"type": "queue-recovering", "endsInSeconds": 40})
    expect(bar).to_have_js_property("value", 5)  # of 45
    stage.passes(3)
    expect(left).to_have_text("37초")
    expect(bar).to_have_js_property("value", 8)

    stage.socket("say", {"type": "queue-recovering", "endsInSeconds": 2})
    expect(bar).to_have_js_property("value", 43)
    stage.passes(3)
    expect(bar).to_have_js_property("value", 45)
    expect(left).to_have_text("곧 입장")


def test_a_period_longer_than_the_page_knew_of_makes_the_bar_longer(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("say", {"type": "queue-recovering", "endsInSeconds": 90})

    expect(stage.page.locator("#recovery-bar")).to_have_js_property("value", 0)
    expect(stage.page.locator("#recovery")).to_have_text("1분 30초")


def test_a_poll_tells_of_the_recovery_as_the_socket_does(stage: Stage) -> None:
    stage.answers(202, {"status": "queued", **update(3), "recovering": 20})
    lose_sockets_twice(stage)
    stage.until(lambda: stage.polls == 1, passing_s=0.25)

    expect(stage.page.locator("#recovery")).to_have_text("20초")
    expect(stage.page.locator("#position")).to_be_hidden()


def test_servers_on_their_way_are_told_and_so_is_their_coming(stage: Stage) -> None:
    hint = stage.page.get_by_text("서버가 추가되고 있어요!")
    stage.socket("open")
    stage.socket("say", update(90))
    expect(hint).to_be_hidden()

    stage.socket("say", update(80, scaling={"inService": 2, "pending": 5, "readyInSeconds": 150}))
    expect(hint).to_be_visible()
    expect(stage.page.locator("#fleet")).to_have_text("지금 2대 → 약 2분 30초 뒤 7대")

    stage.socket("say", update(70, scaling={"inService": 7, "pending": 0, "readyInSeconds": 0}))
    expect(hint).to_be_hidden()
    expect(stage.page.get_by_text("서버 추가 완료! 이제 7대로").first).to_be_visible()


@pytest.mark.parametrize(("chance", "seconds"), [(0, 0), (0.5, 5), (0.99, 9.9)])
def test_f12_visitors_of_a_dead_server_come_back_spread_over_ten_seconds(
    stage: Stage, chance: float, seconds: float
) -> None:
    stage.socket("open")
    stage.socket("say", update(90))
    stage.chance(chance)
    stage.socket("end", 1006)

    stage.passes(max(0, seconds - 0.1))
    assert stage.sockets == (2 if seconds == 0 else 1)
    stage.passes(0.2)
    assert stage.sockets == 2


@pytest.mark.parametrize(("chance", "seconds"), [(0, 1), (0.99, 9.91)])
def test_a_server_that_says_good_bye_is_given_a_second_and_up_to_ten(
    stage: Stage, chance: float, seconds: float
) -> None:
    stage.socket("open")
    stage.chance(chance)
    stage.socket("end", 1012)

    stage.passes(seconds - 0.1)
    assert stage.sockets == 1
    stage.passes(0.2)
    assert stage.sockets == 2


def test_after_two_refusals_it_polls_at_the_pace_the_server_asks(stage: Stage) -> None:
    stage.answers(202, {"status": "queued", **update(40)}, retry_after="4")
    lose_sockets_twice(stage)
    stage.passes(1.5)
    expect(stage.page.locator("#position")).to_have_text("40")
    expect(stage.page.locator("#connection")).to_have_text("몇 초마다 순번을 확인하고 있어요")
    assert stage.polls == 1

    stage.passes(3.9)
    assert stage.polls == 1
    stage.passes(0.2)
    assert stage.polls == 2


def test_a_socket_that_never_answers_is_given_up(stage: Stage) -> None:
    stage.passes(6)
    stage.passes(5)
    assert stage.sockets == 2


def test_while_the_site_is_away_the_page_says_so_and_goes_on_when_it_is_back(stage: Stage) -> None:
    stage.answers(503, {"status": "unavailable"}, retry_after="5")
    lose_sockets_twice(stage)
    stage.passes(1.5)
    expect(stage.page.locator("#connection")).to_contain_text("순번은 안전하니")
    expect(stage.page.locator("#position")).to_have_text("100")

    stage.passes(4.9)
    assert stage.polls == 1, "Retry-After is the least"
    stage.answers(202, {"status": "queued", **update(40)})
    stage.until(lambda: stage.sockets == 3, passing_s=1)
    expect(stage.page.locator("#position")).to_have_text("40")
    stage.socket("open")
    expect(stage.page.locator("#connection")).to_have_text("연결됨")


def test_the_turn_reloads_the_page_once(stage: Stage) -> None:
    stage.answers(200, {"status": "active"})
    stage.socket("open")
    stage.page.evaluate("""() => {
        const socket = sockets.at(-1);
        const turn = { data: JSON.stringify({ type: "queue-enter", message: "입장이 허용되었습니다!" }) };
        socket.onmessage(turn);
        socket.onmessage(turn);
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    expect(stage.page.locator("#connection")).to_contain_text("입장이 허용되었습니다!")

    stage.reloads(within=0.6)
    stage.passes(5)
    assert stage.loads == 2


def test_a_turn_refused_by_the_gate_is_not_asked_for_again_at_once(stage: Stage) -> None:
    turn = {"type": "queue-enter", "message": "입장이 허용되었습니다!"}
    stage.socket("open")
    stage.socket("say", turn)
    stage.reloads(within=0.6)

    stage.socket("open")
    stage.socket("say", turn)
    stage.passes(2.9)
    assert stage.loads == 2
    stage.reloads(within=5)


@pytest.mark.parametrize(
    ("message", "heading"),
    [
        ({"type": "queue-left", "reason": "left"}, "대기열에서 나왔어요"),
        ({"type": "queue-left", "reason": "dropped"}, "대기열에서 나왔어요"),
    ],
)
def test_the_end_is_told_and_nothing_is_asked_after_it(stage: Stage, message: dict[str, str], heading: str) -> None:
    stage.socket("open")
    stage.socket("say", message)
    stage.socket("end", 4410)

    expect(stage.page.get_by_role("heading", name=heading)).to_be_focused()
    stage.passes(600)
    assert (stage.sockets, stage.polls, stage.loads) == (1, 0, 1)


CLOSED = {"type": "queue-closed", "message": "대기열이 마감되었습니다"}


@pytest.mark.parametrize(("language", "reason"), [("ko", "무대 점검 중"), ("en", "Stage check")])
def test_closed_is_a_state_with_staffs_reason_that_the_reopening_ends(
    open_page: Open, language: str, reason: str
) -> None:
    stage = Stage(open_page(), language=language)
    stage.socket("open")
    stage.socket("say", update(80))
    stage.socket("say", CLOSED | {"closedReason": {"ko": "무대 점검 중", "en": "Stage check"}})

    expect(stage.page.locator("#shut-title")).to_be_visible()
    expect(stage.page.locator("#closed-reason")).to_have_text(reason)
    expect(stage.page.locator("#position")).to_be_hidden()
    expect(stage.page.locator("#connection")).to_be_visible()
    for _ in range(75):  # ten minutes, as the hub tells it
        stage.passes(8)
        stage.socket("say", CLOSED)
    assert (stage.sockets, stage.polls) == (1, 0)

    stage.socket("say", update(80))
    expect(stage.page.locator("#shut-title")).to_be_hidden()
    expect(stage.page.locator("#position")).to_have_text("80")
    assert stage.page.title().startswith(("80번째", "No. 80"))


def test_who_has_no_number_in_a_closed_line_asks_on_and_lines_up_when_it_opens(stage: Stage) -> None:
    stage.answers(200, {"status": "closed", "message": "대기열이 마감되었습니다"}, retry_after="8")
    stage.socket("open")
    stage.socket("say", CLOSED)
    stage.socket("end", 4410)
    stage.until(lambda: stage.polls == 1, passing_s=0.25)
    began_ms = stage.page.evaluate("Date.now()")
    stage.until(lambda: stage.polls == 6, passing_s=0.25)
    assert 40_000 <= stage.page.evaluate("Date.now()") - began_ms + 250 <= 41_750, "every eight seconds"
    expect(stage.page.locator("#shut-title")).to_be_visible()

    stage.answers(200, {"status": "none"})
    stage.passes(15)
    stage.until(lambda: stage.loads >= 2)


def test_the_page_of_a_closed_line_asks_on_and_lines_up_when_it_opens(open_page: Open) -> None:
    stage = Stage(open_page(), template="closed")
    stage.answers(200, {"status": "closed"})
    for _ in range(4):
        stage.passes(8)
    stage.answers(503, {"status": "unavailable"})
    stage.passes(8)
    assert (stage.loads, stage.polls) == (1, 5)

    stage.answers(200, {"status": "none"})
    stage.page.clock.run_for(11_000)
    stage.until(lambda: stage.loads == 2)


def test_a_closed_page_never_claims_that_all_is_sold_or_over(open_page: Open) -> None:
    for template, place in (("waiting", {"mode": "closed"}), ("closed", {})):
        for language, claims in (("ko", ("팔렸", "매진", "끝났", "종료")), ("en", ("sold", "Sold", "ended", "over"))):
            page = Stage(open_page(), template=template, language=language, **place).page
            said = page.locator("main").inner_text()
            assert [claim for claim in claims if claim in said] == []


def test_a_device_that_is_offline_reads_so_at_once_and_never_green(stage: Stage) -> None:
    stage.answers(202, {"status": "queued", **update(12)})
    stage.socket("open")
    stage.socket("say", update(90))
    stage.page.context.set_offline(True)
    expect(stage.page.locator("#connection")).to_contain_text("오프라인", timeout=10_000)
    stage.socket("say", update(89))  # what was under way
    expect(stage.page.locator("body")).to_have_attribute("data-line", "offline")

    stage.page.context.set_offline(False)
    stage.until(lambda: stage.sockets == 2)
    stage.socket("open")
    stage.socket("say", update(12))
    expect(stage.page.locator("#connection")).to_have_text("연결됨")


def test_a_first_estimate_blames_nobody_and_no_pause_keeps_the_blame(stage: Stage) -> None:
    news = stage.page.locator("#news")
    stage.socket("open")
    stage.socket("say", update(90, estimatedWait=4000, cause="stay"))  # the page itself said two minutes
    expect(news).to_be_hidden()
    stage.passes(21)
    stage.socket("say", update(90, estimatedWait=8000, cause="stay"))
    expect(news).to_be_visible()
    stage.socket("say", update(90, estimatedWait=8000, mode="paused"))
    expect(news).to_be_hidden()


def test_a_grown_wait_is_told_with_its_cause_only_and_not_of_a_paused_line(stage: Stage) -> None:
    news = stage.page.locator("#news")
    stage.socket("open")
    stage.socket("say", update(90, **waits(20)))
    stage.socket("say", update(90, **waits(200), cause="stay"))
    expect(news).to_be_hidden()  # who has just joined has seen nothing change
    stage.passes(21)
    stage.socket("say", update(90, **waits(200)))
    stage.socket("say", update(90, **waits(215), cause="stay"))
    stage.socket("say", update(90, **waits(800), cause="something newer"))
    expect(news).to_be_hidden()  # no cause, within what was told, no cause that this page knows

    stage.socket("say", update(90, **waits(1600), mode="paused", cause="pause"))
    expect(news).to_be_hidden()  # its own hint says so

    for wait, cause, words in (
        (3200, "stay", "예상 대기 시간이 늘었어요. 먼저 입장한 분들이 예상보다 오래 머물고 있어요."),
        (4800, "fleet", "예상 대기 시간이 늘었어요. 준비된 서버가 예상보다 적어요."),
        (7200, "threshold", "예상 대기 시간이 늘었어요. 지금은 한 번에 더 적은 인원만 입장하고 있어요."),
        (9600, "line", "예상 대기 시간이 늘었어요. 자리를 비웠던 앞 순서 분들이 돌아왔어요."),
    ):
        stage.socket("say", update(90, **waits(wait), cause=cause))
        expect(news).to_have_text(words)


def test_a_shrunk_wait_is_told_with_its_reason_once(stage: Stage) -> None:
    news = stage.page.locator("#news")
    stage.socket("open")
    stage.socket("say", update(90, **waits(900)))
    stage.passes(21)
    stage.socket("say", update(89, **waits(880), relief="stay"))
    stage.socket("say", update(89, **waits(400), relief="fleet"))
    expect(news).to_be_hidden()  # as was foretold; of servers there is a hint of its own

    stage.socket("say", update(88, **waits(200), relief="threshold"))
    expect(news).to_have_text("빨라지고 있어요. 한 번에 입장하는 인원이 늘었습니다.")
    stage.passes(31)
    stage.socket("say", update(88, **waits(170), relief="threshold"))
    expect(news).to_be_hidden()


def test_the_end_of_the_range_moves_away_only_where_the_wait_itself_outgrows_it(stage: Stage) -> None:
    wait = stage.page.locator("#wait")
    stage.socket("open")
    stage.socket("say", update(90, estimatedWait=200, estimatedWaitRange=[130, 290]))
    expect(wait).to_have_text("2~5분")
    stage.passes(21)
    stage.socket("say", update(90, estimatedWait=200, estimatedWaitRange=[130, 290]))
    stage.socket("say", update(90, estimatedWait=220, estimatedWaitRange=[100, 420]))
    expect(wait).to_have_text("1~5분")

    stage.socket("say", update(90, estimatedWait=310, estimatedWaitRange=[200, 420]))
    expect(wait).to_have_text("3~7분")


def test_a_lost_number_is_laid_to_the_visitor_only_where_it_is_so(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("say", update(30))
    stage.answers(200, {"status": "none"})
    stage.socket("end", 4401)
    stage.passes(3)
    stage.reloads(within=5)

    expect(stage.page.locator("#news")).to_have_text("이전 번호표가 더는 유효하지 않아 새 번호표를 받았어요.")


@pytest.mark.parametrize(("held", "shown"), [("yes", True), ("no", False)])
def test_only_who_holds_a_slip_reads_of_a_kept_number(open_page: Open, held: str, shown: bool) -> None:
    stage = Stage(open_page(), template="unavailable", held=held)

    expect(stage.page.locator(".held")).to_be_visible(visible=shown)
    assert ("번호표" in stage.page.locator("main").inner_text()) is shown


def test_an_event_that_is_no_more_ends_the_wait(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("end", 4404)

    expect(stage.page.get_by_role("heading", name="대기가 마감되었어요")).to_be_focused()
    stage.passes(600)
    assert (stage.sockets, stage.polls, stage.loads) == (1, 0, 1)


def test_an_event_that_is_no_more_ends_the_wait_of_who_polls(stage: Stage) -> None:
    stage.answer = lambda route: route.fulfill(status=404, body="<h1>Not Found</h1>")
    lose_sockets_twice(stage)
    stage.passes(1.5)

    expect(stage.page.get_by_role("heading", name="대기가 마감되었어요")).to_be_focused()
    stage.passes(600)
    assert (stage.sockets, stage.polls, stage.loads) == (2, 1, 1)


def test_the_socket_may_say_so_to_who_polls(stage: Stage) -> None:
    stage.answers(503, {"status": "unavailable"})
    lose_sockets_twice(stage)
    stage.passes(1.5)
    stage.answers(202, {"status": "queued", **update(40)})
    stage.until(lambda: stage.sockets == 3, passing_s=1)
    stage.socket("end", 4404)

    expect(stage.page.get_by_role("heading", name="대기가 마감되었어요")).to_be_focused()


def test_where_an_account_has_become_necessary_the_gate_is_asked(stage: Stage) -> None:
    stage.answers(401, {"status": "sign-in", "message": "로그인이 필요합니다"})
    lose_sockets_twice(stage)
    stage.passes(1.5)
    stage.reloads(within=2.6)


def test_who_was_away_too_long_lines_up_again_by_himself_and_reads_why(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("say", update(30))
    stage.socket("say", {"type": "queue-left", "reason": "absent"})
    stage.reloads(within=5)

    expect(stage.page.locator("#news")).to_have_text("오래 자리를 비워 새 번호표를 받았어요.")


def test_a_browser_nobody_knows_tries_once_more_and_then_reads_about_cookies(stage: Stage) -> None:
    stage.answers(200, {"status": "none"})
    stage.socket("open")
    stage.socket("end", 4401)
    stage.passes(1.5)
    stage.reloads(within=5)

    stage.socket("open")
    stage.socket("end", 4401)
    stage.passes(1.5)
    expect(stage.page.get_by_role("heading", name="쿠키가 차단되어 있어요")).to_be_visible()
    stage.passes(600)
    assert stage.loads == 2


def test_f20_a_tab_that_comes_back_from_sleep_asks_at_once(stage: Stage) -> None:
    stage.answers(202, {"status": "queued", **update(12)})
    stage.socket("open")
    stage.socket("say", update(90))
    stage.page.clock.set_system_time(180)  # asleep: time went on, timers did not
    stage.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    stage.passes(0)

    expect(stage.page.locator("#position")).to_have_text("12")
    assert stage.sockets == 2


def test_a_socket_fallen_silent_is_asked_after(stage: Stage) -> None:
    stage.answers(503, {"status": "unavailable"}, retry_after="5")
    stage.socket("open")
    stage.socket("say", update(90))
    expect(stage.page.locator("#connection")).to_have_text("연결됨")
    stage.passes(2.4)
    expect(stage.page.locator("#connection")).to_have_text("연결됨")
    stage.passes(0.4)
    expect(stage.page.locator("#connection")).to_have_text("서버에 닿지 않아요. 계속 다시 시도하고 있어요.")
    assert stage.polls == 0, "not everybody in the same moment"
    stage.passes(1)
    expect(stage.page.locator("#connection")).to_contain_text("순번은 안전하니")
    assert stage.polls == 1
    for _ in range(9):
        stage.passes(1)
    assert stage.polls == 1, "no sooner than the site allows, and by chance up to ten seconds later"

    stage.socket("say", update(80))
    expect(stage.page.locator("#connection")).to_have_text("연결됨")
    assert stage.sockets == 1


@pytest.mark.parametrize("place", [{"position": 5000}, {"position": 90, "mode": "closed"}])
def test_who_is_told_seldom_is_never_called_connected_and_soon_reads_of_silence(
    stage: Stage, place: dict[str, Any]
) -> None:
    connection = stage.page.locator("#connection")
    stage.answers(202, {"status": "queued", **update(4000)}, retry_after="8")
    stage.socket("open")
    stage.socket("say", CLOSED if place.get("mode") else update(5000))
    expect(connection).to_have_text("몇 초마다 순번을 확인하고 있어요")
    stage.passes(9)
    expect(connection).to_have_text("몇 초마다 순번을 확인하고 있어요")
    assert stage.polls == 0
    stage.passes(0.7)
    expect(connection).to_have_text("서버에 닿지 않아요. 계속 다시 시도하고 있어요.")
    stage.passes(1)
    expect(stage.page.locator("#position")).to_have_text("4,000")
    assert (stage.polls, stage.sockets) == (1, 1)


def test_a_server_that_is_slow_is_asked_at_the_pace_it_allows_and_its_sockets_are_kept(stage: Stage) -> None:
    stage.answers(202, {"status": "queued", **update(80)}, retry_after="4")
    stage.socket("open")
    stage.socket("say", update(90))
    stage.passes(3.6)
    assert stage.polls == 1
    expect(stage.page.locator("#connection")).to_have_text("몇 초마다 순번을 확인하고 있어요")
    for _ in range(20):
        stage.passes(1)
    assert stage.sockets == 1
    assert 4 <= stage.polls <= 6
    for _ in range(38):
        stage.passes(1)
    assert stage.sockets == 2, "a minute of silence: it died without a word"


def test_an_old_answer_never_overrules_what_the_socket_said_since(stage: Stage) -> None:
    asked: list[Route] = []
    stage.answer = asked.append
    stage.socket("open")
    stage.socket("say", update(90))
    stage.passes(4)
    stage.until(lambda: len(asked) == 1)
    stage.socket("say", update(50))
    asked[0].fulfill(status=202, json={"status": "queued", **update(90)})
    stage.passes(0)

    expect(stage.page.locator("#position")).to_have_text("50")


def test_leaving_reaches_the_line_even_if_the_socket_just_dropped(stage: Stage) -> None:
    stage.socket("open")
    stage.socket("say", update(90))
    stage.page.get_by_role("button", name="대기열 나가기").click()
    stage.socket("end", 1006)
    stage.page.get_by_role("button", name="나가기", exact=True).click()
    stage.passes(5)
    stage.socket("open")

    assert stage.page.evaluate("sockets.at(-1).sent") == ['{"type":"leave"}']


def test_screen_readers_hear_the_place_at_most_twice_a_minute(stage: Stage) -> None:
    stage.page.evaluate("""() => {
        window.said = [];
        new MutationObserver(() => said.push(document.getElementById("spoken").textContent))
            .observe(document.getElementById("spoken"), { childList: true });
    }""")
    stage.socket("open")
    for second in range(60):
        stage.socket("say", update(90 - second // 2))
        stage.page.clock.run_for(1000)

    heard = stage.page.evaluate("said")
    assert len(heard) == 2
    assert heard[0] == "전체 200명 중 90번째입니다. 예상 대기 시간은 약 1분입니다."


def test_the_page_of_an_absent_site_returns_by_itself_and_only_once(open_page: Open) -> None:
    stage = Stage(open_page(), template="unavailable")
    stage.load_status = 503
    stage.passes(30)
    tries = stage.loads
    assert 2 <= tries <= 8
    stage.load_status = 200
    stage.page.clock.run_for(30_000)
    # The question that was answered, and the page itself.
    stage.until(lambda: stage.loads == tries + 2)


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
def test_those_whose_turn_came_in_one_second_do_not_all_ask_in_its_first_moment(stage: Stage, chance: float) -> None:
    spread_s = LONGEST_PAUSE_MS / 10_000
    stage.socket("open")
    stage.chance(chance)
    stage.socket("say", {"type": "queue-enter"})
    if chance:
        stage.passes(chance * spread_s - 0.05)
        assert stage.loads == 1

    stage.reloads(within=0.1)


@pytest.mark.parametrize("chance", [0.0, 0.99])
def test_those_who_find_the_site_away_ask_again_spread_by_the_servers_constant(open_page: Open, chance: float) -> None:
    stage = Stage(open_page(), "unavailable")
    stage.chance(chance)  # of the next try: the first was drawn as the page loaded, by half
    pause_s = LONGEST_PAUSE_MS / 1000
    stage.load_status = 503
    stage.passes(pause_s * (0.2 + 0.25) + 0.1)
    asked = stage.loads
    least = pause_s * (0.2 + chance)
    stage.passes(least - 0.3)
    assert stage.loads == asked == 2
    stage.passes(0.6)
    assert stage.loads == 3


def test_a_word_of_staffs_appears_stays_and_is_spoken_once(stage: Stage) -> None:
    word, spoken = stage.page.locator(".announcement"), stage.page.locator("#spoken")
    expect(word).to_be_hidden()
    stage.socket("open")
    stage.socket("say", update(90))
    said = {"type": "queue-announcement", "text": "<b>늦음</b>", "texts": {"ko": "<b>늦음</b>"}, "mark": "a1"}

    stage.socket("say", said)

    expect(word).to_be_visible()
    expect(stage.page.locator("#announcement-text")).to_have_text("<b>늦음</b>")
    expect(spoken).to_have_text("주최 측 안내: <b>늦음</b>")
    stage.page.evaluate("() => { document.getElementById('spoken').textContent = ''; }")
    stage.socket("say", said)
    expect(spoken).to_have_text("")
    stage.socket("say", {"type": "queue-closed"})
    expect(word).to_be_visible()
    stage.socket("say", {"type": "queue-announcement", "text": "", "texts": {}, "mark": ""})
    expect(word).to_be_hidden()


def test_a_page_names_what_it_was_told_when_it_connects_anew_and_a_poll_takes_it_back(open_page: Open) -> None:
    stage = Stage(open_page(), announcement="늦습니다", announced="a1")
    expect(stage.page.locator(".announcement")).to_have_text("주최 측 안내 늦습니다")
    assert stage.page.evaluate("sockets.at(-1).url").endswith("/queue/?announced=a1")

    stage.answers(202, {"status": "queued", **update(40)})
    lose_sockets_twice(stage)
    stage.passes(1.5)

    expect(stage.page.locator(".announcement")).to_be_hidden()
