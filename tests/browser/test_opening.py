"""A sale opens while pages are open: the event's page, the list and the pre-room turn by themselves."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.line import Line
from tests.browser.test_waiting import expect_inside

pytestmark = pytest.mark.browser

OPEN_IN = """
from datetime import timedelta
from django.utils import timezone
from events.models import Event
from events.sale import closing
event = Event.objects.get(room__slug={slug!r})
event.opens_at = (timezone.now() + timedelta(seconds={seconds})).replace(microsecond=0)
event.gathering_minutes = {minutes}
event.save()
closing.follow(event.pk)
"""


def test_the_pre_room_turns_into_the_event_for_one_and_into_the_line_for_the_next(line: Line, open_page: Open) -> None:
    line.site.manage("shell", "-c", OPEN_IN.format(slug=line.slug, seconds=30, minutes=5))
    first, second = open_page(), open_page()
    first.goto(line.url)
    expect(first.locator("#gathering-title")).to_be_visible()
    expect(first.locator("#position")).to_be_hidden()
    second.goto(line.url)
    expect(second.locator("#gathered-position")).to_contain_text("2번째")

    expect(first.locator("#slip")).to_have_count(0, timeout=45_000)
    expect_inside(first)
    expect(second.get_by_role("dialog", name="대기열 입장")).to_be_visible()
    expect(second.locator("#position")).to_have_text("1")


def test_who_reads_the_events_page_is_turned_into_the_pre_room(line: Line, open_page: Open) -> None:
    line.site.manage("shell", "-c", OPEN_IN.format(slug=line.slug, seconds=75, minutes=1))
    page = open_page()
    page.goto(line.url)
    expect(page.locator(".opens-in")).to_be_visible()

    expect(page.locator("#gathering-title")).to_be_visible(timeout=30_000)
