"""estimates: properties that hold at any pace."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from waitingroom.estimates import Forecast, Pace, boots_in

MOST = 20_000
paces = st.builds(
    Pace,
    users_per_minute_per_instance=st.floats(1, 6_000),
    in_service=st.floats(0, 20),
    boots=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 900)), max_size=3).map(tuple),
    active=st.integers(0, 5_000),
    threshold=st.integers(1, 5_000),
    threshold_per_instance=st.sampled_from([0, 0, 100]),
    departed=st.integers(0, 2_000),
    over_s=st.floats(1, 60),
)
positions = st.integers(1, MOST)
# Servers alone decide: nobody has left yet, so nothing is known of how long people stay.
BY_SERVERS = Pace(500, 2, (), 0, 1_000_000, 0, 0, 0.0)


@given(paces, positions, positions)
def test_a_later_position_never_waits_less(pace: Pace, one: int, other: int):
    forecast = Forecast(pace, MOST)

    assert 0 < forecast.wait_s(min(one, other)) <= forecast.wait_s(max(one, other))


@given(positions, st.floats(0.5, 10), st.floats(0, 600))
def test_servers_on_their_way_never_lengthen_the_wait(position: int, instances: float, ready_s: float):
    booting = replace(BY_SERVERS, boots=((instances, ready_s),))

    assert Forecast(booting, MOST).wait_s(position) <= Forecast(BY_SERVERS, MOST).wait_s(position)


def test_the_references_own_scenario_is_not_twelve_minutes_but_under_six():
    booting = replace(BY_SERVERS, boots=((5, 180.0),))

    assert Forecast(BY_SERVERS, MOST).wait_s(12_500) == 750
    assert abs(Forecast(booting, MOST).wait_s(12_000) - (180 + 9_000 / 3_500 * 60)) <= 2


@given(st.integers(1, 3_000), st.integers(100, 2_000), st.integers(10, 120))
def test_when_the_threshold_binds_people_enter_as_fast_as_others_leave(position: int, threshold: int, stay_s: int):
    departed = round(threshold * 60 / stay_s)
    assume(departed >= 10)
    pace = Pace(60_000, 10, (), threshold, threshold, 0, departed, 60.0)

    expected = position / (departed / 60)
    assert abs(Forecast(pace, MOST).wait_s(position) - expected) <= 2 + expected * 0.05


@given(positions)
def test_a_threshold_never_shortens_the_wait(position: int):
    bound = replace(BY_SERVERS, active=500, threshold=500, departed=300, over_s=60.0)

    assert Forecast(bound, MOST).wait_s(position) >= Forecast(BY_SERVERS, MOST).wait_s(position)


def test_late_boots_may_come_any_moment():
    assert boots_in([(5, 1_000), (2, 61_000)], 31_000) == ((5, 0.0), (2, 30.0))
