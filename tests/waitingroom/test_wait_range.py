"""wait_range: properties that hold at any pace, and what visitors are told of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.waitingroom.doors import Door
from tests.waitingroom.line import Line, names
from tests.waitingroom.pages import Page, with_hub
from tests.waitingroom.test_estimates import BY_SERVERS, MOST, paces, positions, steady
from waitingroom.estimates import Forecast, Pace
from waitingroom.hub import Hub
from waitingroom.page_cache import range_text
from waitingroom.stays import Stays
from waitingroom.wait_range import Servers, WaitRanges

BOUND = Pace(60_000, 10, (), 200, 200, 0, steady(200, 60), total=MOST)


@settings(deadline=None)
@given(paces, positions, st.integers(0, 5_000))
def test_the_estimate_lies_in_its_range(pace: Pace, position: int, gave_up: int):
    forecast = Forecast(replace(pace, gave_up=gave_up), MOST)

    least_s, most_s = WaitRanges(forecast).of(position)

    assert 0 <= least_s <= forecast.wait_s(position) <= most_s


@settings(deadline=None)
@given(paces, positions, st.integers(0, 5_000))
def test_neighbours_are_told_alike_no_more_than_one_of_them_would_be(pace: Pace, position: int, gave_up: int):
    forecast = Forecast(replace(pace, gave_up=gave_up), MOST)
    ranges = WaitRanges(forecast)

    told, exactly = ranges.of(position), ranges.exactly(position)

    assert told == exactly or position > 127
    span = position // 64
    neighbours = [ranges.exactly(position - span + 2 * span * i / 40) for i in range(41)]
    assert told.least_s >= 0.98 * min(other.least_s for other in neighbours) - 3
    assert told.most_s <= 1.02 * max(other.most_s for other in neighbours) + 3


@settings(deadline=None)
@given(st.integers(1, 3_000), st.integers(1, 3_000))
def test_a_later_position_is_told_no_earlier_end(one: int, other: int):
    ranges = WaitRanges(Forecast(BOUND, MOST))

    assert ranges.of(min(one, other)).most_s <= ranges.of(max(one, other)).most_s + 1


def test_nobody_is_told_more_exactly_than_the_leavers_allow():
    def width(leavers: float) -> float:
        stays = replace(steady(200, 60), leavers=((leavers / 2, 20.0), (leavers / 2, 100.0)))
        least_s, most_s = WaitRanges(Forecast(replace(BOUND, stays=stays), MOST)).of(1000)
        return most_s / least_s

    assert width(4) > 1.5 * width(400) > 1.5


def test_who_gives_up_ahead_moves_the_near_end_alone():
    patient, others = (WaitRanges(Forecast(replace(BOUND, gave_up=gave_up), MOST)).of(3000) for gave_up in (0, 2000))

    assert others.least_s < 0.9 * patient.least_s
    assert others.most_s == patient.most_s


def test_late_boots_move_the_far_end():
    booting = replace(BY_SERVERS, boots=((5, 180.0),))

    least_s, most_s = WaitRanges(Forecast(booting, MOST)).of(6_000)

    assert most_s - Forecast(booting, MOST).wait_s(6_000) > 50
    assert Forecast(booting, MOST).wait_s(6_000) - least_s > 40


@pytest.mark.parametrize(("visitors", "seconds"), [(0, 0), (100, 6), (1000, 60), (1010, 60.4), (4000, 180)])
def test_servers_alone_serve_as_many_as_they_may(visitors: int, seconds: float):
    pace = replace(BY_SERVERS, boots=((1, 60.0),))

    assert Servers(pace).served_s(visitors) == pytest.approx(seconds, abs=0.01)


def test_without_servers_nobody_is_told_that_it_never_ends():
    least_s, most_s = WaitRanges(Forecast(replace(BY_SERVERS, in_service=0), MOST)).of(5)

    assert least_s < most_s < 100 * 3600


def test_of_somebody_inside_who_may_idle_no_five_seconds_are_promised():
    """One place, somebody in it who came a moment ago, and nobody ever left: anything from now to many minutes."""
    one_place = Pace(500, 2, (), 1, 1, 0, Stays(190, inside=1, ages_s=[2.0]), total=1)

    least_s, most_s = WaitRanges(Forecast(one_place)).of(1)

    assert least_s < 90
    assert most_s > 300


@pytest.mark.parametrize(
    ("least", "most", "korean", "english"),
    [
        (0, 3, "10초 이내", "up to 10 s"),
        (12, 47, "10~50초", "10–50 s"),
        (0, 59, "60초 이내", "up to 60 s"),
        (47, 61, "2분 이내", "up to 2 min"),
        (130, 290, "2~5분", "2–5 min"),
        (130, 601, "15분 이내", "up to 15 min"),
        (660, 1500, "10~25분", "10–25 min"),
        (4000, 7000, "65~120분", "65–120 min"),
        (8000, 12_000, "2~4시간", "2–4 h"),
        (300, 300, "약 5분", "about 5 min"),
    ],
)
def test_a_range_is_rounded_outwards_and_said_in_both_languages(least: int, most: int, korean: str, english: str):
    assert (range_text(least, most, "ko"), range_text(least, most, "en")) == (korean, english)


def test_pollers_sockets_and_pages_are_told_the_same_range(make_room: Any, door: Door):
    room = make_room(mode="always", users_per_minute_per_instance=60)
    for visitor in names(30):
        door.ask(f"/events/{room.slug}/", visitor=visitor)
    visitor = names(30)[-1]

    told = door.ask(f"/api/events/{room.slug}/queue/", visitor=visitor).json()
    page = door.ask(f"/events/{room.slug}/", visitor=visitor).body.decode()

    least, most = told["estimatedWaitRange"]
    assert least <= told["estimatedWait"] <= most
    assert f'id="wait">{range_text(least, most, "ko")}<' in page
    assert f' {most}"' in page[page.index("data-shown=") :].partition(" data-")[0]


def test_the_socket_has_the_range_beside_the_estimate(make_line: Any):
    line: Line = make_line(mode="always", users_per_minute_per_instance=1)
    line.now_us = 0
    line.fill(*names(3))

    async def play(hub: Hub) -> None:
        page = Page(hub, line.slug, names(3)[2])
        await page.hears("queue-position-update")
        least, most = page.frames[0]["estimatedWaitRange"]
        assert least <= page.frames[0]["estimatedWait"] <= most

    with_hub(play)


def test_who_gave_up_is_counted_for_a_minute_and_who_was_let_in_is_not(line: Line):
    line.configure(mode="paused")
    line.fill(*names(6))
    line.tick()
    assert line.look().pace.gave_up == 0

    line.leave(names(6)[0])
    line.absent(names(6)[1])
    line.pass_s(6)  # longer than anybody takes to load a page anew
    line.tick()
    assert line.look().pace.gave_up == 2
    line.configure(mode="always")
    line.pass_s(2)
    assert line.tick()
    assert line.look().pace.gave_up == 2
    line.look(*names(6))
    line.pass_s(70)
    assert line.look().pace.gave_up == 0
