"""A hold's clock in a real browser: the server's time counts, whatever the device's clock does."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import chromium as debian
from tests.conftest import missing

pytestmark = pytest.mark.browser

ADDRESS = "http://tiketi.test/page/"
SCRIPT = settings.BASE_DIR / "events/static/events/countdown.js"
HOLD = """<form class="pay" data-hold-live><button>Pay</button></form>
{% include "events/hold_clock.html" %}{% include "events/hold_over.html" %}"""
PLACE = """<p data-hold-live><button>Pay</button></p>
{% include "events/place_clock.html" %}{% include "events/hold_over.html" %}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


class Stage:
    """A hold of so many seconds, a device whose clock is wrong by so much, a site that answers as told."""

    def __init__(
        self,
        page: Page,
        *,
        seconds: float,
        wrong_by: float = 0,
        check: str = "/check/",
        html: str = HOLD,
        answer: Callable[[Route], None] | None = None,
    ):
        self.page = page
        self.loads = self.checks = 0
        self.now = time.time()
        self.ends = datetime.fromtimestamp(self.now + seconds, tz=UTC)
        hold = SimpleNamespace(expires_at=self.ends, expires_ms=int(self.ends.timestamp() * 1000))
        context = {"hold": hold, "place": hold, "check": check, "event": SimpleNamespace(slug="show"), "slug": "show"}
        with translation.override("ko"):
            body = engines["django"].from_string(html).render(context)
        # The page is made now: the server's clock in it is this one.
        style = "<style>[hidden] { display: none !important }</style>"
        self.html = f"<!doctype html>{style}{body}<script>{SCRIPT.read_text()}</script>"
        self.answer: Callable[[Route], None] = answer or (lambda route: route.abort())
        page.route("**/*", self._route)
        # The clock runs until it is paused, and is not to have run past that by then.
        page.clock.install(time=self.now + wrong_by - 60)
        page.clock.pause_at(self.now + wrong_by + 0.5)
        page.goto(ADDRESS)

    def _route(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            self.loads += 1
            route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
        else:
            self.checks += 1
            self.answer(route)

    def answers(self, status: int, content: dict[str, Any]) -> None:
        self.answer = lambda route: route.fulfill(status=status, body=json.dumps(content))

    def still_held(self, passed: float) -> None:
        """The site says: held as before, and so many seconds have passed."""
        now = datetime.fromtimestamp(self.now + passed, tz=UTC)
        self.answers(200, {"status": "held", "expiresAt": self.ends.isoformat(), "now": now.isoformat()})

    def passes(self, seconds: float) -> None:
        self.page.clock.run_for(round(seconds * 1000))

    def comes_back(self) -> None:
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def is_live(self) -> None:
        expect(self.page.get_by_role("button", name="Pay")).to_be_visible()
        expect(self.page.locator("[data-hold-over]")).to_be_hidden()

    def is_over(self) -> None:
        expect(self.page.locator("[data-hold-over]")).to_be_visible()
        expect(self.page.get_by_role("button", name="Pay")).to_be_hidden()
        assert self.loads == 1, "no reload"


@pytest.fixture
def stage(chromium: Browser) -> Iterator[Callable[..., Stage]]:
    contexts = []

    def make(**how: Any) -> Stage:
        context = chromium.new_context()
        contexts.append(context)
        return Stage(context.new_page(), **how)

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("wrong_by", [0, 3600, -3600], ids=["right", "an hour fast", "an hour slow"])
@pytest.mark.parametrize("check", ["/check/", ""], ids=["asks", "cannot ask"])
def test_the_end_comes_when_the_servers_clock_says_so(stage, wrong_by: float, check: str):
    page = stage(seconds=70, wrong_by=wrong_by, check=check)
    page.passes(9)
    expect(page.page.get_by_role("timer")).to_have_text("1:01")
    page.passes(59)
    page.is_live()
    page.passes(3)
    page.is_over()


def test_a_page_that_loads_with_nothing_left_says_so_at_once(stage):
    stage(seconds=-1).is_over()


def test_a_device_that_slept_finds_the_hold_over_on_waking(stage):
    page = stage(seconds=400)
    page.answers(410, {"status": "hold-expired"})
    page.page.clock.set_system_time(page.now + 1000)  # the steady clock stood still, as it does asleep
    page.comes_back()
    page.is_over()


def test_a_device_that_slept_without_a_network_goes_by_its_clock(stage):
    page = stage(seconds=400)
    page.page.clock.set_system_time(page.now + 1000)
    page.comes_back()
    page.passes(1)
    page.is_over()


def test_a_short_sleep_leaves_what_is_left(stage):
    page = stage(seconds=400)
    page.still_held(300)
    page.page.clock.set_system_time(page.now + 300)
    page.comes_back()
    expect(page.page.get_by_role("timer")).to_have_text("1:40")
    page.is_live()


@pytest.mark.parametrize("by", [86_400, -86_400], ids=["forward", "back"])
def test_a_clock_set_by_hand_changes_nothing(stage, by: float):
    page = stage(seconds=400)
    page.still_held(10)
    page.page.clock.set_system_time(page.now + by)
    page.passes(1)
    expect(page.page.get_by_role("timer")).to_have_text("6:30")
    page.is_live()


def test_seats_given_back_in_another_tab_are_gone_from_this_one(stage):
    page = stage(seconds=400)
    page.answers(410, {"status": "hold-expired"})
    page.comes_back()
    page.is_over()


def test_without_a_word_from_another_tab_it_is_noticed_within_twenty_seconds(stage):
    page = stage(seconds=400)
    page.answers(410, {"status": "hold-expired"})
    page.passes(21)
    page.is_over()


def test_an_order_paid_in_another_tab_loads_anew(stage):
    page = stage(seconds=400)
    page.answers(200, {"status": "paid", "order": "ABC"})
    with page.page.expect_event("load"):
        page.comes_back()


@pytest.mark.parametrize("answer", [(503, {"status": "unavailable"}), (202, {"status": "queued"}), (500, {})], ids=str)
def test_a_site_in_trouble_ends_nothing(stage, answer):
    page = stage(seconds=400)
    page.answers(*answer)
    page.comes_back()
    page.passes(1)
    page.is_live()


def test_the_last_two_minutes_and_half_a_minute_are_spoken(stage):
    page = stage(seconds=125, check="")
    spoken = page.page.locator("[data-hold-spoken]")
    page.passes(5)
    expect(spoken).to_have_text("2분 남았습니다.")
    page.passes(90)
    expect(spoken).to_have_text("30초 남았습니다.")


def test_a_place_inside_is_asked_after_before_it_is_called_lapsed(stage):
    page = stage(seconds=20, html=PLACE)
    page.answers(200, {"status": "active"})
    page.passes(21)
    page.is_live()  # another tab renewed it
    page.answers(200, {"status": "none", "reason": "idle"})
    for _ in range(3):
        page.passes(3)
        page.page.wait_for_timeout(100)
    page.is_over()


def test_the_first_page_asks_at_once_to_keep_the_place_and_counts_on(stage):
    told = []

    def answer(route: Route) -> None:
        told.append(route.request.url)
        ends = datetime.now(tz=UTC) + timedelta(seconds=600)
        route.fulfill(
            body=json.dumps(
                {"status": "active", "expiresAt": ends.isoformat(), "now": datetime.now(tz=UTC).isoformat()}
            )
        )

    page = stage(
        seconds=60,
        html=PLACE.replace("{% include", "{% with unclaimed=True %}{% include", 1).replace(
            '%}{% include "events/hold_over', '%}{% endwith %}{% include "events/hold_over'
        ),
        answer=answer,
    )
    page.passes(1)

    expect(page.page.get_by_role("timer")).to_have_text(re.compile("^(10:00|9:5[0-9])$"))
    assert [url.split("/", 3)[3] for url in told] == ["events/show/here/"]


def test_the_deadline_stands_there_for_who_runs_no_scripts(chromium: Browser):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    ends = datetime.now(tz=UTC) + timedelta(minutes=5)
    hold = SimpleNamespace(expires_at=ends, expires_ms=int(ends.timestamp() * 1000))
    with translation.override("ko"):
        html = engines["django"].from_string('{% include "events/hold_clock.html" %}').render({"hold": hold})
    page.set_content(html)
    assert f"{ends:%M:%S} KST까지" in page.get_by_role("timer").inner_text()
    context.close()


MORE = """<form class="pay" data-hold-live><button>Pay</button></form>
<form action="/extend/" method="post" data-extend data-hold-live><button>More</button></form>
{% include "events/hold_clock.html" %}{% include "events/hold_over.html" %}"""


def test_more_time_is_given_in_place_and_said_where_the_reader_is(stage):
    page = stage(seconds=100, html=MORE)
    longer = (page.ends + timedelta(minutes=5)).isoformat()
    now = datetime.fromtimestamp(page.now + 1, tz=UTC).isoformat()
    page.answers(200, {"status": "held", "expiresAt": longer, "now": now, "message": "시간을 더 드렸어요."})

    page.page.get_by_role("button", name="More").click()

    expect(page.page.get_by_text("시간을 더 드렸어요.")).to_be_focused()
    expect(page.page.get_by_role("timer")).to_have_text(re.compile(r"^6:3\d$"))
    assert page.loads == 1, "no reload"
    page.passes(120)
    page.is_live()


def test_a_refusal_of_more_time_is_said_and_the_clock_goes_on(stage):
    page = stage(seconds=100, html=MORE)
    page.answers(409, {"status": "no-more-time", "message": "화면에 보이는 시간까지만"})

    page.page.get_by_role("button", name="More").click()

    expect(page.page.get_by_text("화면에 보이는 시간까지만")).to_be_focused()
    page.passes(101)
    page.is_over()
