"""A hold's clock in a real browser: the server's time counts, whatever the device's clock does."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import engines
from django.utils import translation
from playwright.sync_api import Browser, expect

from tests.browser import chromium as debian
from tests.conftest import missing
from tests.events.countdown_stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if debian.path() is None:
        missing("Debian's package `chromium` is needed")
    with debian.launched() as browser:
        yield browser


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
