"""When the turn is near, and when it comes: what the waiting page says, and what it does while nobody looks.

Signals are looked for at the browser's own border: what a page asks of it is recorded, not heard.
"""

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.staged import Stage, update

pytestmark = pytest.mark.browser

# What the page asks of the browser, written down.
SIGNALS = """
window.asked = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { asked.push("permission"); return Notification.permission = "granted"; }
  constructor(text) { asked.push("note " + text); }
};
const lock = { released: false, release() { asked.push("asleep"); } };
const wakeLock = { request: async (what) => { asked.push("awake " + what); return lock; } };
Object.defineProperty(navigator, "wakeLock", { value: wakeLock });
navigator.vibrate = () => { asked.push("vibration"); return true; };
window.AudioContext = class {
  state = "suspended"; currentTime = 0; destination = {};
  resume() { this.state = "running"; }
  createGain() { return { gain: {}, connect: (to) => to }; }
  createOscillator() { return { frequency: {}, connect: (to) => to, start() { asked.push("sound"); }, stop() {} }; }
};
"""
TURN = {"type": "queue-enter", "message": "입장이 허용되었습니다!", "claimEndsInSeconds": 60}


@pytest.fixture
def stage(open_page: Open) -> Stage:
    """A waiting page that is connected, on a browser that writes down what it is asked for."""
    page = open_page()
    page.add_init_script(SIGNALS)
    stage = Stage(page)
    stage.socket("open")
    stage.socket("say", update(30))
    return stage


def asked(stage: Stage) -> list[str]:
    """What the page asked of the browser since it was looked at last."""
    said: list[str] = stage.page.evaluate("asked.splice(0)")
    return said


def goes_on(stage: Stage, told: dict[str, object]) -> None:
    """Let more than the half minute between two positions spoken pass, in which the server says the same again."""
    for _ in range(31):
        stage.page.clock.run_for(1000)
        stage.socket("say", told)


def test_near_and_next_are_spoken_at_once_and_once_each(stage: Stage) -> None:
    spoken = stage.page.locator("#spoken")
    stage.socket("say", update(10))
    expect(spoken).to_have_text("거의 다 왔어요. 앞에 10명도 남지 않았어요.")
    goes_on(stage, update(9))
    expect(spoken).to_contain_text("9번째")
    stage.socket("say", update(1))
    expect(spoken).to_have_text("바로 다음 차례예요.")
    goes_on(stage, update(1))
    expect(spoken).to_contain_text("1번째")


def test_nothing_signals_that_was_not_asked_for(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", update(10))
    stage.socket("say", update(1))
    stage.socket("say", TURN)

    assert asked(stage) == []


def test_one_button_asks_for_every_signal_says_what_works_and_ends_them(stage: Stage) -> None:
    button = stage.page.get_by_role("button", name="차례가 되면 알림 받기")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(stage.page.locator("#signals")).to_contain_text("소리")
    expect(stage.page.locator("#signals")).to_contain_text("화면 켜짐 유지")
    assert asked(stage) == ["permission", "awake screen", "sound", "sound"]

    stage.socket("say", update(1))
    assert asked(stage) == ["sound", "sound", "vibration"], "no notification over the page itself"
    stage.hide(True)
    stage.socket("say", TURN)
    assert asked(stage) == ["sound", "sound", "vibration", "note 입장할 차례예요!"]

    stage.page.locator("#signal").evaluate("button => button.click()")
    expect(stage.page.locator("#signal")).to_have_attribute("aria-pressed", "false")
    assert asked(stage) == ["asleep"], "and asks for no permission again"


def test_a_browser_that_allows_no_signal_promises_none(open_page: Open) -> None:
    page = open_page()
    page.add_init_script("for (const name of ['AudioContext', 'Notification']) delete window[name];")
    page.add_init_script("Object.defineProperty(navigator, 'wakeLock', { value: undefined });")
    stage = Stage(page)
    stage.page.get_by_role("button", name="차례가 되면 알림 받기").click()

    expect(stage.page.locator("#signals")).to_have_text(
        "이 브라우저에서는 알림을 쓸 수 없어요. 이 화면을 계속 보고 계세요."
    )


def test_a_turn_in_a_hidden_tab_is_kept_with_its_countdown_for_a_click(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_have_text("1분")
    stage.passes(10)
    assert stage.loads == 1, "not used up"
    expect(stage.page).to_have_title("입장할 차례예요! 50초 · TIKETI")
    expect(stage.page.locator("#spoken")).to_have_text("입장할 차례예요!")

    stage.hide(False)
    stage.answers(200, {"status": "active", "claimEndsInSeconds": 50})
    stage.passes(1)
    enter = stage.page.get_by_role("button", name="입장하기")
    expect(enter).to_be_focused()
    assert stage.loads == 1
    with stage.page.expect_event("load"):
        enter.click()
        stage.page.clock.run_for(100)
    assert stage.loads == 2


def test_a_hidden_turn_survives_a_sleep_to_the_second(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_have_text("1분")
    stage.page.clock.set_system_time(60 + 40)  # asleep: time went on, timers did not
    stage.passes(1)

    expect(stage.page.locator("#claim-left")).to_have_text("19초")


def test_a_turn_that_a_frozen_tab_heard_of_late_is_set_right_when_somebody_looks(stage: Stage) -> None:
    stage.answers(200, {"status": "active", "claimEndsInSeconds": 20})
    stage.hide(True)
    stage.socket("say", TURN)  # said forty seconds ago, and heard on waking
    expect(stage.page.locator("#claim-left")).to_have_text("1분")

    stage.hide(False)
    stage.passes(0.1)

    expect(stage.page.locator("#claim-left")).to_have_text("20초")
    expect(stage.page.get_by_role("button", name="입장하기")).to_be_focused()
    assert stage.loads == 1


def test_a_hidden_turn_that_was_missed_waits_at_the_head_and_reads_why(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_have_text("1분")
    stage.passes(61)
    stage.socket("say", update(1, missedTurn=True))

    expect(stage.page.locator("#claim")).to_be_hidden()
    expect(stage.page.locator("#missed")).to_be_visible()
    expect(stage.page).to_have_title("1번째 · TIKETI")
    stage.passes(2)
    expect(stage.page).to_have_title("1번째 · TIKETI")


RELOADED = "sessionStorage.setItem('reloaded', Date.now())"  # a moment ago, by itself


def test_a_click_goes_in_at_once_whatever_was_refused_before(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_be_visible()
    stage.hide(False)
    stage.page.evaluate(RELOADED)
    with stage.page.expect_event("load"):
        stage.page.get_by_role("button", name="입장하기").click()
        stage.page.clock.run_for(100)
    assert stage.loads == 2


def test_a_hidden_turn_that_another_tab_took_up_goes_in(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim")).to_be_visible()
    stage.socket("say", {"type": "queue-enter", "message": "입장이 허용되었습니다!"})
    stage.reloads(within=1.2)


def test_a_visible_turn_goes_in_by_itself(stage: Stage) -> None:
    stage.socket("say", TURN)
    stage.reloads(within=0.6)


def test_the_halves_of_the_way_are_spoken_before_the_half_minute_is_over(stage: Stage) -> None:
    spoken = stage.page.locator("#spoken")
    expect(spoken).to_contain_text("30번째")
    stage.passes(1)
    stage.socket("say", update(14))
    expect(spoken).to_contain_text("30번째")  # not without a breath between
    for _ in range(10):
        stage.page.clock.run_for(1000)
        stage.socket("say", update(13))
    expect(spoken).to_contain_text("13번째")


@pytest.mark.parametrize("what", ["차례가 되면 알림 받기", "대기열 나가기"])
def test_what_is_fetched_by_a_click_and_does_not_come_is_told_and_asked_for_again(stage: Stage, what: str) -> None:
    script, stage.more = stage.more, ""
    stage.page.get_by_role("button", name=what).click()
    expect(stage.page.locator("#news")).to_have_text("서버에 닿지 않아요. 계속 다시 시도하고 있어요.")

    stage.more = script
    stage.page.get_by_role("button", name=what).click()
    expect(stage.page.locator("#signals:visible, #confirm:visible")).to_have_count(1)
    assert stage.fetches == 2


def test_a_hidden_turn_goes_in_where_what_would_keep_it_does_not_come(stage: Stage) -> None:
    stage.more = ""
    stage.hide(True)
    stage.socket("say", TURN)
    stage.until(lambda: stage.page.locator("#connection").inner_text().startswith("입장이 허용"))
    stage.reloads(within=1.2)


def test_the_end_is_told_as_soon_as_its_words_come(stage: Stage) -> None:
    script, stage.more = stage.more, ""
    stage.socket("say", {"type": "queue-left", "reason": "dropped"})
    stage.until(lambda: stage.fetches == 1)
    stage.more = script
    stage.until(lambda: stage.fetches == 2, passing_s=1)
    expect(stage.page.get_by_role("heading", name="대기열에서 나왔어요", level=1)).to_be_focused()
    expect(stage.page.get_by_role("dialog", name="대기열에서 나왔어요")).to_be_visible()


@pytest.mark.parametrize("what", ["차례가 되면 알림 받기", "대기열 나가기"])
def test_a_page_of_an_edition_that_is_no_more_is_loaded_anew_by_what_it_asks_for(stage: Stage, what: str) -> None:
    stage.more = render_to_string("waitingroom/outdated.js")
    with stage.page.expect_event("load"):
        stage.page.get_by_role("button", name=what).click()

    assert (stage.loads, stage.fetches) == (2, 1)


def test_who_has_left_is_not_lined_up_again_by_a_page_of_an_edition_that_is_no_more(stage: Stage) -> None:
    stage.more = render_to_string("waitingroom/outdated.js")
    with stage.page.expect_navigation(url="http://tiketi.test/"):
        stage.socket("say", {"type": "queue-left", "reason": "left"})
