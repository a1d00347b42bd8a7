"""Who is present: seen of late, whatever the site itself did meanwhile."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line, names
from waitingroom.place import Phase

Lines = Callable[..., Line]


@pytest.mark.parametrize("absent", [3, 100_000])
def test_however_many_are_absent_before_the_first_present_visitor_is_admitted_by_the_next_tick(
    make_line: Lines, absent: int
):
    line = make_line(mode="paused", grace_seconds=3600)
    line.crowd(absent)
    line.live_s(31)
    line.fill("present", "next")
    line.configure(mode="always")
    line.pass_s(1)

    assert line.tick() == ["present", "next"]


def test_when_half_a_long_line_goes_the_others_are_admitted_by_the_next_tick(make_line: Lines):
    line = make_line(mode="paused", grace_seconds=3600)
    line.crowd(3000, "goes")
    line.crowd(3000, "stays")
    line.live_s(20)
    for first in range(0, 3000, 1000):
        line.look(*(f"stays-{i}" for i in range(first, first + 1000)))
    line.live_s(11)
    line.configure(mode="always", users_per_minute_per_instance=90)
    line.pass_s(1)

    assert line.tick() == ["stays-0", "stays-1", "stays-2"]
    assert line.status().present == 2997


def test_some_who_go_absent_every_second_are_passed_over_every_second(make_line: Lines):
    line = make_line(mode="always", users_per_minute_per_instance=30, grace_seconds=3600)
    line.fill(*names(40))
    line.tick()
    for i in range(0, 30, 3):
        line.absent(*names(2, start=i), return_ms=0)
        line.pass_s(1)
        assert line.tick() == names(1, start=i + 2)


@pytest.mark.parametrize("outage_s", [40, 3600])
def test_after_an_outage_nobody_new_passes_those_who_wait(make_line: Lines, outage_s: float):
    line = make_line(threshold=3)
    line.fill(*names(13))
    for visitor in names(3):
        line.leave(visitor)
    line.tick()
    line.pass_s(outage_s)  # three vacancies, and nobody could show a sign of life

    assert line.enter("newcomer").phase is Phase.WAITING  # before the first tick after it ...
    assert line.tick() == names(3, start=3)
    line.leave("visitor-0003")
    assert line.enter("another").phase is Phase.WAITING  # ... and after it
    line.pass_s(1)
    assert line.tick() == names(1, start=6)


def test_after_an_outage_the_rate_holds(make_line: Lines):
    line = make_line(mode="always", threshold=1000, users_per_minute_per_instance=60)
    line.fill(*names(50))
    line.tick()
    line.pass_s(40)

    assert len(line.tick()) <= 2
    assert line.live_s(10) == names(20, start=2)


def test_who_does_not_come_back_from_an_outage_is_absent_after_a_presences_time(make_line: Lines):
    line = make_line(mode="paused", presence_seconds=30)
    line.fill("back", "gone")
    line.tick()
    line.pass_s(100)
    line.live_s(29)
    assert line.status().present == 2
    line.look("back")
    line.live_s(2)

    assert line.status().present == 1
    line.configure(mode="always")
    line.pass_s(1)
    assert line.tick() == ["back"]


def test_two_outages_soon_after_each_other_make_nobody_absent(make_line: Lines):
    line = make_line(mode="paused")
    line.fill("a", "b")
    line.tick()
    line.pass_s(60)
    line.live_s(5)
    line.look("a", "b")
    line.pass_s(60)

    assert line.status().present == 2
    line.configure(mode="always")
    assert line.tick() == ["a", "b"]


def test_a_longer_presence_counts_those_present_again_who_were_passed_over(make_line: Lines):
    line = make_line(mode="paused", presence_seconds=30, grace_seconds=3600)
    line.fill("a", "b")
    line.live_s(40)
    line.look("b")
    line.live_s(1)
    assert line.status().present == 1

    line.configure(mode="always", presence_seconds=60)
    line.pass_s(1)

    assert line.tick() == ["a", "b"]


def test_a_clock_that_jumps_back_leaves_nobody_out(make_line: Lines):
    line = make_line(mode="paused", grace_seconds=7200)
    line.fill("a", "b", "c")
    line.live_s(40)
    line.look("c")
    line.live_s(1)
    line.pass_s(-3600)
    line.look("b")
    line.live_s(2)
    line.configure(mode="always")
    line.live_s(2)

    assert {"b", "c"} <= line.scores("active").keys()
