"""The place inside, counted down in a real browser: what its reader does renews it, and nothing else does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.browser import chromium as debian
from tests.browser.test_pages import by_day_and_night, overflow
from tests.conftest import missing
from tests.events.countdown_stage import PLACE, Stage

pytestmark = pytest.mark.browser
# The bar in a page that looks as the site's do.
LOOKS = """<html lang="{0}"><title>TIKETI</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/static/css/site.css"><link rel="stylesheet" href="/static/css/parts.css">
{1}<main class="container"><h1>TIKETI</h1></main>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


class Inside:
    """A page inside, and the line that it asks: a request renews the place to `idle_s`, but not past `ends_s`."""

    def __init__(
        self, page: Page, *, seconds: int, idle_s: int, ends_s: int = 10**6, html: str = PLACE, **how: Any
    ) -> None:
        self.idle_s, self.ends_s, self.renewed, self.passed_s, self.gone = idle_s, ends_s, 0, 0.0, ""
        self.until_s = float(seconds)  # from now
        self.stage = Stage(page, seconds=seconds, html=html, answer=lambda _: None, **how)
        self.stage.answer = self.tell
        self.page = page

    def tell(self, route: Route) -> None:
        if self.gone:
            return route.fulfill(body=json.dumps({"status": "none", "reason": self.gone}))
        began_s = self.stage.now + 0.5
        if not route.request.url.endswith("/here/"):
            left_ms = round(1000 * (self.until_s - self.passed_s))
            return route.fulfill(body=json.dumps({"status": "active"}), headers={"x-place-left-ms": str(left_ms)})
        self.renewed += 1
        self.until_s = max(self.until_s, min(self.passed_s + self.idle_s, self.ends_s))
        last = self.until_s < self.passed_s + self.idle_s - 3
        ends, now = (datetime.fromtimestamp(began_s + s, tz=UTC).isoformat() for s in (self.until_s, self.passed_s))
        return route.fulfill(body=json.dumps({"status": "active", "expiresAt": ends, "now": now, "last": last}))

    def passes(self, seconds: int) -> None:
        """Time goes by, for the page and for the line."""
        for _ in range(seconds):
            self.passed_s += 1
            self.stage.passes(1)

    @property
    def told_s(self) -> int:
        minutes, _, seconds = self.page.get_by_role("timer").inner_text().partition(":")
        return 60 * int(minutes) + int(seconds)

    def tells_the_truth(self) -> None:
        """What the page says is what the line holds."""
        assert abs(self.told_s - (self.until_s - self.passed_s)) <= 1.5


@pytest.fixture
def come_in(chromium: Browser) -> Iterator[Callable[..., Inside]]:
    """Opens a page of who is inside."""
    contexts = []

    def make(viewport: ViewportSize | None = None, **how: Any) -> Inside:
        contexts.append(chromium.new_context(viewport=viewport))
        return Inside(contexts[-1].new_page(), **how)

    yield make
    for context in contexts:
        context.close()


def test_a_page_that_lies_open_renews_nothing_and_is_warned_a_minute_before(come_in):
    inside = come_in(seconds=100, idle_s=600)
    warning = inside.page.locator("[data-place-warning]")
    inside.passes(35)
    expect(warning).to_be_hidden()
    inside.tells_the_truth()

    inside.passes(6)

    expect(warning).to_be_visible()
    assert inside.page.evaluate("document.querySelector('[data-place-warning]').closest('[role=alert]') !== null")
    expect(inside.page.get_by_role("button", name="아직 여기 있어요")).to_be_visible()
    assert inside.renewed == 0
    inside.tells_the_truth()
    inside.gone = "idle"
    inside.passes(62)
    inside.stage.is_over()
    expect(inside.page.get_by_role("link", name="다시 입장하기")).to_be_visible()
    assert inside.renewed == 0


@pytest.mark.parametrize("act", ["key", "mouse", "wheel", "script"])
def test_what_its_reader_does_renews_it_and_what_a_script_does_not(come_in, act: str):
    inside = come_in(seconds=300, idle_s=600)
    inside.passes(40)
    inside.page.evaluate(
        "kind => addEventListener(kind, () => document.body.dataset.seen = kind, {capture: true})",
        {"mouse": "pointerdown", "wheel": "wheel"}.get(act, "keydown"),
    )
    if act == "key":
        inside.page.keyboard.press("Shift")
    elif act == "mouse":
        inside.page.mouse.down()
    elif act == "wheel":
        inside.page.mouse.wheel(0, 40)
    else:
        inside.page.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))")
    expect(inside.page.locator("body[data-seen]")).to_have_count(1)  # a wheel arrives when the compositor has time
    inside.passes(2)

    assert inside.renewed == (act != "script")
    inside.tells_the_truth()


def test_however_much_one_does_it_asks_twice_a_minute_at_most(come_in):
    inside = come_in(seconds=600, idle_s=600)
    for _ in range(40):
        inside.page.keyboard.press("Shift")
        inside.passes(3)

    assert 3 <= inside.renewed <= 4
    inside.tells_the_truth()


def test_a_short_place_is_renewed_in_time(come_in):
    inside = come_in(seconds=20, idle_s=20)
    for _ in range(30):
        inside.page.keyboard.press("Shift")
        inside.passes(2)

    inside.stage.is_live()
    inside.tells_the_truth()


def test_i_am_still_here_renews_it_and_says_so_where_the_reader_is(come_in):
    inside = come_in(seconds=50, idle_s=600)
    inside.passes(1)

    inside.page.evaluate("document.querySelector('[data-place-still]').click()")  # as assistive technology presses it

    expect(inside.page.get_by_text("시간을 다시 채웠어요.")).to_be_focused()
    expect(inside.page.locator("[data-place-warning]")).to_be_hidden()
    assert inside.renewed == 1
    inside.passes(1)
    inside.tells_the_truth()


def test_where_the_longest_stay_ends_it_no_button_pretends_to_help(come_in):
    inside = come_in(seconds=300, idle_s=600, ends_s=120)
    inside.until_s = 120
    inside.page.keyboard.press("Shift")
    inside.passes(32)
    expect(inside.page.get_by_text("이 예매에서는 더 오래 머무를 수 없어요.")).to_be_visible()

    inside.passes(30)

    inside.tells_the_truth()
    expect(inside.page.locator("[data-place-last]")).to_be_visible()
    expect(inside.page.get_by_role("button", name="아직 여기 있어요")).to_be_hidden()
    inside.gone = "stayed"
    inside.passes(62)
    inside.stage.is_over()
    expect(inside.page.locator("[data-if=stayed]")).to_be_visible()


@pytest.mark.parametrize("word", ["queued", "silence"])
def test_the_end_of_the_stay_is_called_so_where_the_line_does_not_say_why(come_in, word: str):
    inside = come_in(seconds=300, idle_s=600, ends_s=60)
    inside.until_s = 60
    inside.page.keyboard.press("Shift")
    inside.passes(32)
    expect(inside.page.get_by_text("이 예매에서는 더 오래 머무를 수 없어요.")).to_be_visible()
    # Another tab lines up anew; or nothing is heard any more.
    queued = json.dumps({"status": "queued", "position": 9})
    inside.stage.answer = lambda route: route.fulfill(body=queued) if word == "queued" else route.abort()

    inside.passes(62)

    inside.stage.is_over()
    expect(inside.page.locator("[data-if=stayed]")).to_be_visible()
    expect(inside.page.locator("[data-unless=stayed]")).to_be_hidden()


def test_a_page_made_when_the_stay_was_all_but_over_says_so_from_the_beginning(come_in):
    inside = come_in(seconds=50, idle_s=600, last=True)
    inside.passes(1)

    expect(inside.page.locator("[data-place-last]")).to_be_visible()
    expect(inside.page.locator("[data-place-warning]")).to_be_hidden()


def test_another_tab_that_renews_it_is_heard_within_half_a_minute(come_in):
    inside = come_in(seconds=100, idle_s=600)
    inside.until_s = 640
    inside.passes(31)

    inside.tells_the_truth()
    assert inside.renewed == 0


def test_an_hour_asleep_is_gone_for_the_place_as_well(come_in):
    inside = come_in(seconds=400, idle_s=600)
    inside.gone = "idle"
    inside.page.clock.set_system_time(inside.stage.now + 3600)  # the steady clock stood still, as it does asleep
    inside.stage.comes_back()
    inside.passes(1)

    inside.stage.is_over()


def test_the_first_page_asks_at_once_to_keep_the_place(come_in):
    inside = come_in(seconds=60, idle_s=600, unclaimed=True)
    inside.passes(6)  # what it asked at once had no answer: what is done next asks again
    inside.page.keyboard.press("Shift")
    inside.passes(2)

    assert inside.renewed >= 1
    assert inside.told_s > 500


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_state_of_the_bar_is_accessible_and_fits_the_narrowest_screen(come_in, language: str):
    looks = LOOKS.format(language, PLACE.replace("<button>Pay</button>", ""))
    inside = come_in(seconds=100, idle_s=600, html=looks, language=language, viewport={"width": 320, "height": 640})

    def rests() -> None:
        inside.page.clock.pause_at(inside.page.evaluate("Date.now()") / 1000 + 1)

    def is_fine(shows: str) -> None:
        expect(inside.page.locator(shows)).to_be_visible()
        assert overflow(inside.page) <= 0, shows
        assert by_day_and_night(inside.page, rests) == [], shows
        rests()

    is_fine(".place-renews")
    inside.passes(41)
    is_fine("[data-place-warning]")
    inside.page.evaluate("document.querySelector('[data-place]').toggleAttribute('data-last')")
    inside.passes(1)
    is_fine("[data-place-last]")
    inside.gone = "stayed"
    inside.passes(62)
    is_fine("[data-place-over]")
