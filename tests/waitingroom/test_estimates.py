"""estimates: properties that hold at any pace."""

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.waitingroom.line import Line, names
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.stays import AGES, Stays

MOST = 20_000
stays = st.builds(
    Stays,
    prior_s=st.floats(0, 600),
    leavers=st.lists(st.tuples(st.floats(0.1, 2_000), st.floats(0, 900)), max_size=5).map(
        lambda found: tuple(sorted(found, key=lambda leavers: leavers[1]))
    ),
    weight=st.floats(0, 1),
    inside=st.integers(0, 5_000),
    ages_s=st.lists(st.floats(0, 900), max_size=4).map(sorted),
)
present = st.lists(st.integers(0, MOST // 16), max_size=16).map(lambda parts: tuple(accumulate(parts)))
paces = st.builds(
    Pace,
    users_per_minute_per_instance=st.floats(1, 6_000),
    in_service=st.floats(0, 20),
    boots=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 900)), max_size=3).map(tuple),
    active=st.integers(0, 5_000),
    threshold=st.integers(1, 5_000),
    threshold_per_instance=st.sampled_from([0, 0, 100]),
    stays=st.none() | stays,
    present_before=present,
    total=st.just(MOST),
)
positions = st.integers(1, MOST)
# Servers alone decide.
BY_SERVERS = Pace(500, 2, (), 0, 1_000_000, 0)


def steady(inside: int, stay_s: float) -> Stays:
    """Everybody stays equally long, and as many came in every second."""
    return Stays(190, ((1000.0, stay_s),), 1.0, inside, [stay_s * (i + 0.5) / AGES for i in range(AGES)])


@settings(deadline=None)
@given(paces, positions, positions)
def test_a_later_position_never_waits_less(pace: Pace, one: int, other: int):
    forecast = Forecast(pace, MOST)

    assert 0 < forecast.wait_s(min(one, other)) <= forecast.wait_s(max(one, other))


@settings(deadline=None)
@given(positions, st.floats(0.5, 10), st.floats(0, 600))
def test_servers_on_their_way_never_lengthen_the_wait(position: int, instances: float, ready_s: float):
    booting = replace(BY_SERVERS, boots=((instances, ready_s),))

    assert Forecast(booting, MOST).wait_s(position) <= Forecast(BY_SERVERS, MOST).wait_s(position)


def test_the_references_own_scenario_is_not_twelve_minutes_but_under_six():
    booting = replace(BY_SERVERS, boots=((5, 180.0),))

    assert Forecast(BY_SERVERS, MOST).wait_s(12_500) == 750
    assert abs(Forecast(booting, MOST).wait_s(12_000) - (180 + 9_000 / 3_500 * 60)) <= 2


@settings(deadline=None)
@given(st.integers(1, 3_000), st.integers(100, 2_000), st.integers(10, 120))
def test_when_the_threshold_binds_people_enter_as_fast_as_others_leave(position: int, threshold: int, stay_s: int):
    pace = Pace(60_000, 10, (), threshold, threshold, 0, steady(threshold, stay_s))

    expected = position / threshold * stay_s
    assert abs(Forecast(pace, MOST).wait_s(position) - expected) <= 2 + stay_s / AGES + expected * 0.05


@settings(deadline=None)
@given(positions)
def test_a_threshold_never_shortens_the_wait(position: int):
    bound = replace(BY_SERVERS, active=500, threshold=500, stays=steady(500, 100))

    assert Forecast(bound, MOST).wait_s(position) >= Forecast(BY_SERVERS, MOST).wait_s(position)


def test_late_boots_may_come_any_moment():
    assert boots_in([(5, 1_000), (2, 61_000)], 31_000) == ((5, 0.0), (2, 30.0))


def test_before_anybody_left_people_are_not_told_that_servers_alone_decide():
    nobody_left = Stays(190, inside=1000, ages_s=[5.0] * AGES)
    pace = Pace(500, 2, (), 1000, 1000, 0, nobody_left, total=5000)

    assert Forecast(pace).wait_s(5000) > 2 * Forecast(replace(pace, stays=None)).wait_s(5000)


@pytest.mark.parametrize("stay_s", [5, 60, 240])
def test_a_room_that_fills_with_newcomers_does_not_seem_to_keep_people_longer(stay_s: int):
    """Servers became ready, and departures lag behind."""
    before = steady(1000, stay_s)
    after = replace(before, inside=3000, ages_s=sorted([*before.ages_s, *([1.0] * 2 * AGES)])[1::3])

    assert after.mean_s == pytest.approx(before.mean_s, rel=0.01)


def test_a_lowered_threshold_lets_nobody_in_until_enough_have_left():
    lowered = Pace(500, 2, (), 1000, 500, 0, steady(1000, 60), total=1000)

    assert 28 <= Forecast(lowered).wait_s(1) <= 33


def test_the_absent_ahead_are_passed_over(line: Line):
    line.configure(threshold=1, mode="always")
    line.fill(*names(300))
    line.pass_s(31)
    line.enter("late")
    line.configure(mode="paused")
    line.tick()
    line.configure(mode="always", threshold=50)
    line.look("late")
    pace = line.look().pace

    assert 1 <= pace.ahead(301) < 2  # one present among the last part of the line
    assert Forecast(pace).wait_s(301) <= 2


@settings(deadline=None)
@given(present, positions, positions)
def test_who_is_absent_never_changes_the_order(present_before: tuple[int, ...], one: int, other: int):
    pace = replace(BY_SERVERS, present_before=present_before, total=MOST)

    assert 0 < pace.ahead(min(one, other)) <= pace.ahead(max(one, other)) <= max(one, other)


def test_nobody_is_told_an_estimate_of_a_line_that_stands(line: Line):
    line.configure(mode="always")
    line.fill(*names(3))
    assert line.status().estimated_wait_s > 0

    line.configure(mode="paused")
    assert line.status().estimated_wait_s == 0
