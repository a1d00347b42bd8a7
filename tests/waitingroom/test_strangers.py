"""Strangers: whose cookie has not come back yet. They hold nothing for long, and nobody waits for them."""

from collections.abc import Callable

import pytest

from tests.waitingroom.doors import Door
from tests.waitingroom.line import NOON, SECOND, Line
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.place import Phase
from waitingroom.reasons import Reason

MakeLine = Callable[..., Line]


def test_who_goes_straight_in_keeps_the_place_for_the_claim_period_until_the_cookie_is_back(make_line: MakeLine):
    line = make_line(threshold=2, claim_seconds=60, idle_seconds=600)
    stranger, comes_back = line.come("stranger"), line.come("comes back")
    assert stranger.expires_ms == comes_back.expires_ms == line.now_us // 1000 + 60_000
    line.pass_s(1)
    assert line.enter("comes back").expires_ms == line.now_us // 1000 + 600_000

    line.live_s(60)

    assert list(line.scores("active")) == ["comes back"]
    assert line.reasons() == {"stranger": Reason.UNCLAIMED}


def test_a_knock_brings_the_cookie_back_as_well(make_line: MakeLine):
    line = make_line(claim_seconds=60)
    line.come("a")
    line.pass_s(1)

    assert line.knock("a").phase is Phase.ACTIVE
    line.live_s(120)
    assert list(line.scores("active")) == ["a"]


def test_three_hundred_strangers_are_gone_after_the_claim_period(make_line: MakeLine):
    line = make_line(threshold=200, claim_seconds=60)
    for i in range(300):
        line.come(f"stranger-{i}")
    assert (line.status().active, line.status().waiting) == (200, 100)

    line.live_s(60)

    status = line.status()
    assert (status.active, status.waiting, status.gone) == (0, 0, 100)
    assert status.joined == status.waiting + status.admitted + status.gone
    assert line.enter("fan").phase is Phase.ACTIVE


def test_nobody_admits_a_stranger(make_line: MakeLine):
    line = make_line(mode="always")
    line.come("stranger")
    line.enter("fan")

    assert line.live_s(5) == ["fan"]
    line.look("stranger")
    assert line.live_s(2) == ["stranger"]


@pytest.mark.parametrize("sign", ["look", "enter", "knock"])
def test_a_stranger_who_comes_back_has_the_number_drawn_at_first(make_line: MakeLine, sign: str):
    line = make_line(mode="always")
    number = line.come("a").queue_number
    line.fill("b", "c")
    line.pass_s(29)

    getattr(line, sign)("a")

    status = line.status()
    assert (status.strangers, status.present, status.waiting) == (0, 3, 3)
    assert line.enter("a").queue_number == number
    line.live_s(1)
    assert line.live_s(1)[0] == "a"


def test_no_newcomer_passes_whoever_drew_a_number_a_moment_ago(make_line: MakeLine):
    line = make_line(threshold=1)
    line.enter("inside")
    line.come("just came")
    line.leave("inside")

    assert line.enter("newcomer").phase is Phase.WAITING
    line.leave("newcomer")
    line.pass_s(13)
    assert line.enter("another").phase is Phase.ACTIVE  # nobody is there who could take the place


def test_strangers_move_no_estimate(make_line: MakeLine):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    line.fill(*(f"visitor-{i}" for i in range(30)))
    before, estimate = line.status(), line.look().forecast.wait_s(31)
    for i in range(5000):
        line.come(f"stranger-{i}")
    after = line.status()

    assert (after.strangers, after.present) == (5000, before.present)
    assert after.estimated_wait_s == before.estimated_wait_s
    # The next fan stands behind all of them, and hears what is true all the same.
    place = line.enter("fan")
    assert place.position == 5031
    line.look("fan")
    assert line.look().forecast.wait_s(5031) == pytest.approx(estimate, abs=1)


def test_an_estimate_within_the_crowd_counts_those_before_it_who_are_somebody(make_line: MakeLine):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    for i in range(400):
        line.come(f"stranger-{i}")
        line.enter(f"fan-{i // 4}")

    forecast = line.look().forecast
    assert forecast.wait_s(1) == 1
    for i in (25, 50, 99):
        position = line.enter(f"fan-{i}").position
        assert forecast.wait_s(position) == pytest.approx(i + 1, abs=3)


def test_strangers_arrive_when_their_cookie_comes_back(make_line: MakeLine):
    line = make_line(mode="always")
    for i in range(10):
        line.come(f"stranger-{i}")
    line.look("stranger-3")
    line.enter("stranger-4")
    line.look("stranger-3", "stranger-4")

    assert line.status().arrivals == ((NOON // SECOND, 2),)


def test_an_outage_gives_strangers_their_whole_period_again(make_line: MakeLine):
    line = make_line(mode="always", claim_seconds=60)
    line.come("a")
    line.tick()
    line.pass_s(300)
    line.live_s(59)
    assert line.status().waiting == 1

    line.live_s(2)
    assert line.reasons() == {"a": Reason.ABSENT}


def test_who_signs_in_before_the_cookie_came_back_is_no_stranger(make_line: MakeLine):
    line = make_line(mode="always")
    line.come("browser")

    assert line.take_over("browser", "account-1") == "waiting"

    assert (line.status().strangers, line.status().present) == (0, 1)


def test_who_takes_a_place_over_is_no_stranger(make_line: MakeLine):
    line = make_line(mode="always")
    line.enter("browser")
    line.come("other")

    assert line.take_over("browser", "other") == "waiting"

    assert (line.status().strangers, line.status().waiting) == (0, 1)


def test_cookies_off_is_a_new_stranger_each_time_and_one_with_a_cookie_is_one(
    door: Door, make_room: Callable[..., WaitingRoom]
):
    room = make_room(threshold=1)
    address = f"/events/{room.slug}/"
    for _ in range(5):
        last = door.ask(address)
    status = admission.status([room.slug])[0]
    assert (status.straight_in, status.strangers, status.present) == (1, 4, 0)

    mine = last.cookie("visitor")
    door.ask(address, cookie=f"visitor={mine.value}")

    status = admission.status([room.slug])[0]
    assert (status.strangers, status.present, status.joined) == (3, 1, 4)
