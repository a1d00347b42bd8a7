"""How long the place inside lasts: every page inside says it, and what it says is what Redis holds."""

import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from events.room import inside
from tests.events.conftest import hold, seats_of
from tests.patience import BUSY_S
from tiketi.ranks import PATIENCE_SECONDS
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.redis import client as redis
from waitingroom.redis import clock_s
from waitingroom.slips import read_visitor

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}
# What Python's floats and Redis's scores may differ by.
MS = 1.5


def held_ms(event, browser: Client) -> float:
    """Until when Redis keeps the browser's place."""
    until: Any = redis().zscore(keys_of(event.slug).active, visitor_of(browser))
    return float(until)


def visitor_of(browser: Client) -> str:
    return read_visitor(browser.cookies["visitor"].value) or ""


def told_ms(page: str) -> list[int]:
    return [int(ends) for ends in re.findall(r'data-clock="place" data-ends="(\d+)"', page)]


def pages_inside(event) -> list[str]:
    section = event.plan.sections.get(code="A").pk
    names = [("event", []), ("seats", []), ("section", [section]), ("best-seats", []), ("checkout", [])]
    return [reverse(f"events:{name}", args=[event.slug, *more]) for name, more in [*names, ("ask-to-leave", [])]]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_inside_says_until_when_and_redis_holds_just_that(browser, event, buyer, language):
    browser.get(event.get_absolute_url())
    hold(event, buyer, seats_of(event)[0])
    for address in pages_inside(event):
        answer = browser.get(address, headers={"accept-language": language})

        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert told_ms(page) == [pytest.approx(held_ms(event, browser), abs=MS)], address
        (now,) = re.findall(r'data-clock="place" data-ends="\d+" data-now="(\d+)"', page)
        assert abs(int(now) / 1000 - clock_s()) < 5
        assert re.search(r"\d\d:\d\d:\d\d KST", page), "until when, where no scripts run"


@pytest.mark.parametrize("way", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_on_the_way_to_sign_in_the_place_is_told_and_not_renewed_by_being_told(event, way):
    browser = Client()
    for _ in range(2):
        browser.get(event.get_absolute_url())
    before = held_ms(event, browser)
    wanted = quote(reverse("events:seats", args=[event.slug]))
    for answer in (browser.get(f"{way}?next={wanted}"), browser.post(way, {"next": f"/events/{event.slug}/"})):
        page = answer.content.decode()

        assert told_ms(page) == [pytest.approx(before, abs=MS)]
        assert held_ms(event, browser) == before
        assert f'data-here="/events/{event.slug}/here/"' in page


@pytest.mark.parametrize(
    "wanted", ["", "/", "/events/nowhere/", "https://evil.example/events/{slug}/", "//evil/events/{slug}/", "/orders/"]
)
def test_who_goes_elsewhere_is_told_of_no_place(event, wanted):
    browser = Client()
    browser.get(event.get_absolute_url())

    page = browser.get("/accounts/login/", {"next": wanted.format(slug=event.slug)}).content.decode()

    assert told_ms(page) == []


def test_who_has_no_place_is_told_of_none(event):
    event.room.threshold = 1
    event.room.save()
    Client().get(event.get_absolute_url())
    waits = Client()
    waits.get(event.get_absolute_url())
    for browser in (Client(), waits):
        page = browser.get("/accounts/login/", {"next": event.get_absolute_url()}).content.decode()
        assert told_ms(page) == []


def test_signing_in_works_where_nobody_can_say_how_long_the_place_lasts(event, monkeypatch):
    from waitingroom.errors import LineUnavailable

    browser = Client()
    browser.get(event.get_absolute_url())

    def away(*_: object) -> None:
        raise LineUnavailable

    monkeypatch.setattr(admission, "standing", away)
    answer = browser.get("/accounts/login/", {"next": event.get_absolute_url()})

    assert (answer.status_code, told_ms(answer.content.decode())) == (200, [])


def test_the_poll_tells_what_redis_holds_and_renews_nothing(event):
    browser = Client()
    for _ in range(2):
        browser.get(event.get_absolute_url())
    before = held_ms(event, browser)

    told = browser.get(f"/api/events/{event.slug}/queue/", headers=JSON)

    assert (told.status_code, told.json()["status"]) == (200, "active")
    assert int(told.headers["x-place-left-ms"]) == pytest.approx(before - 1000 * clock_s(), abs=2000 + 1000 * BUSY_S)
    assert held_ms(event, browser) == before


def test_where_the_longest_stay_ends_it_pages_say_so_and_no_request_changes_it(event):
    event.room.idle_seconds, event.room.longest_stay_seconds = 600, 600
    event.room.save()
    browser = Client()
    for _ in range(2):
        browser.get(event.get_absolute_url())
    early = (clock_s() - 300) * 1000
    redis().zadd(
        keys_of(event.slug).entered, {visitor_of(browser): early}
    )  # came in five minutes ago, which no test waits for
    redis().zadd(keys_of(event.slug).active, {visitor_of(browser): early + 600_000})

    page = browser.get(event.get_absolute_url()).content.decode()
    told = browser.get(f"/events/{event.slug}/here/", headers=JSON).json()

    assert told_ms(page) == [pytest.approx(early + 600_000, abs=MS)]
    assert re.search(r"<aside[^>]* data-last", page)
    assert told["last"] is True


def test_a_place_that_a_request_renews_is_not_called_the_last(event):
    browser = Client()
    for _ in range(2):
        page = browser.get(event.get_absolute_url()).content.decode()
        assert not re.search(r"<aside[^>]* data-last", page)
    assert browser.get(f"/events/{event.slug}/here/", headers=JSON).json()["last"] is False


@pytest.mark.parametrize(("language", "words"), [("ko", "차례가 되었어요"), ("en", "It is your turn")])
def test_the_first_page_after_the_line_says_that_it_is_ones_turn_and_the_next_does_not(event, language, words):
    event.room.threshold = 1
    event.room.save()
    headers = {"accept-language": language}
    first, second = Client(), Client()
    first.get(event.get_absolute_url(), headers=headers)
    second.get(event.get_absolute_url(), headers=headers)
    first.post(f"/events/{event.slug}/leave/")
    deadline = time.monotonic() + 10
    while second.get(f"/api/events/{event.slug}/queue/", headers=JSON).json()["status"] != "active":
        assert time.monotonic() < deadline
        admission.admit(event.slug, 1)

    called, again = (second.get(event.get_absolute_url(), headers=headers).content.decode() for _ in range(2))

    assert f"<title>{words} · " in called
    assert re.search(rf'<h2 id="inside" tabindex="-1" autofocus>.*{words}</h2>', called)
    assert words not in again


def test_who_came_straight_in_was_not_called(event):
    page = Client().get(event.get_absolute_url(), headers={"accept-language": "en"}).content.decode()

    assert "It is your turn" not in page
    assert "You are in" in page


def test_no_wait_for_a_thread_is_taken_for_the_end_of_a_stay():
    assert 1000 * max(PATIENCE_SECONDS.values()) < inside.SHORT_MS
