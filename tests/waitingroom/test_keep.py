"""A hold of seats keeps the place: until it ends, and no further than one hold past the longest stay."""

from collections.abc import Callable

from tests.waitingroom.line import Line
from waitingroom.place import Phase
from waitingroom.reasons import Reason

Lines = Callable[..., Line]
MINUTE = 60_000


def test_a_hold_of_half_an_hour_outlasts_an_idle_period_of_a_minute(make_line: Lines):
    line = make_line(threshold=1, idle_seconds=60)
    line.enter("buyer")
    line.enter("next")
    held_until = line.now_us // 1000 + 30 * MINUTE

    assert line.keep("buyer", 30 * MINUTE) == held_until
    line.live_s(70)
    assert line.knock("buyer").expires_ms == held_until
    line.live_s(1728)
    assert line.knock("buyer").phase is Phase.ACTIVE
    line.live_s(70)
    assert line.knock("buyer").phase is Phase.NONE


def test_seats_given_back_leave_the_place_to_idle_as_any_other(make_line: Lines):
    line = make_line(idle_seconds=60)
    line.enter("a")
    line.keep("a", 30 * MINUTE)
    line.live_s(100)
    line.keep("a", 0)
    line.live_s(59)
    assert line.knock("a").phase is Phase.ACTIVE
    line.keep("a", 0)
    line.live_s(60)

    assert line.reasons() == {"a": Reason.IDLE}


def test_a_hold_shorter_than_the_idle_period_shortens_nothing(make_line: Lines):
    line = make_line(idle_seconds=600)
    place = line.enter("a")

    assert line.keep("a", MINUTE) == place.expires_ms


def test_what_was_held_in_time_may_be_paid_for_after_the_longest_stay(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=100)
    line.enter("a")
    line.live_s(50)
    line.enter("a")
    line.keep("a", 2 * MINUTE)
    line.live_s(119)
    assert line.knock("a").phase is Phase.ACTIVE
    line.live_s(1)

    assert line.reasons() == {"a": Reason.STAYED}


def test_holding_again_and_again_ends_with_the_longest_stay(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=600)
    came_us = line.now_us
    line.enter("a")
    while line.knock("a").phase is Phase.ACTIVE:
        line.keep("a", 0)
        line.keep("a", 2 * MINUTE)
        line.live_s(30)
        assert line.now_us - came_us < 3_600_000_000

    assert line.now_us - came_us <= (600 + 30) * 1_000_000
    assert line.reasons() == {"a": Reason.STAYED}


def test_a_hold_adds_nothing_where_the_stay_is_over(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=60)
    line.enter("a")
    line.pass_s(60)  # no tick came by yet

    assert line.keep("a", 2 * MINUTE) <= line.now_us // 1000
    line.tick()
    assert line.reasons() == {"a": Reason.STAYED}


def test_who_is_not_inside_is_not_put_there(make_line: Lines):
    line = make_line(mode="always")
    line.enter("waits")

    assert line.keep("waits", MINUTE) == line.keep("stranger", MINUTE) == 0
    assert line.scores("active") == {}


def test_a_kept_place_comes_back_by_its_slip_after_redis_lost_everything(make_line: Lines):
    line = make_line(idle_seconds=60)
    line.enter("a")
    line.keep("a", 30 * MINUTE)
    slip = line.slip("a")
    line.live_s(70)
    line.lose()
    line.live_s(200)

    back = line.knock("a", slip)

    assert back.phase is Phase.ACTIVE
    assert abs(back.expires_ms - (line.now_us // 1000 + 1530_000)) < 2000
    line.live_s(1000)
    assert line.knock("a").phase is Phase.ACTIVE


def test_a_kept_place_comes_back_by_an_open_socket_as_well(make_line: Lines):
    line = make_line(idle_seconds=60)
    line.enter("a")
    line.keep("a", 30 * MINUTE)
    slip = line.slip("a")
    line.lose()

    assert line.take_back(slip) == [True]
    line.live_s(100)
    assert line.knock("a").phase is Phase.ACTIVE
