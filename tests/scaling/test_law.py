"""The law asks for the least that serves the last in line in time, once, within the bounds."""

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.law import Bounds, Line, Supply, Terms, arrivals_per_minute, filled, law, spare
from scaling.room_observation import RoomObservation

BOOT_S, DETECTION_S, TARGET_S = 180.0, 10.0, 300.0
lines = st.lists(
    st.builds(Line, st.integers(0, 1_000_000), st.floats(0, 1e6), st.floats(1, 1e5)), min_size=1, max_size=4
)
bounds = st.builds(
    lambda least, more, scheduled: Bounds(least, least + more, scheduled),
    st.integers(0, 50),
    st.integers(0, 500),
    st.integers(0, 600),
)
pendings = st.lists(st.floats(0, 600), max_size=10).map(tuple)


SMALL = Bounds(2, 10)


def decide(
    *rooms: Line,
    n: int = 2,
    pending: tuple[float, ...] = (),
    within: Bounds = SMALL,
    horizon_s: float = BOOT_S + DETECTION_S,
) -> Terms:
    return law(rooms, in_service=n, pending_in_s=pending, horizon_s=horizon_s, target_wait_s=TARGET_S, bounds=within)


def test_nine_thousand_waiting_at_two_instances_ask_for_seven():
    terms = decide(Line(waiting=9000, arrivals_per_minute=0, users_per_minute=500))

    # Two do 5,000 within the 300 s; 500 a minute for the 110 s after a boot are 917 for each of five more.
    assert terms.work == 18
    assert terms.desired == 7
    assert 280 <= terms.last_wait_s <= 300
    assert terms.reachable


@pytest.mark.parametrize("rooms", [1, 2, 4, 10])
def test_as_many_waiting_ask_for_as_many_however_many_rooms_they_wait_in(rooms: int):
    parts = [Line(12_000 / rooms, 0, 500)] * rooms

    assert decide(*parts).desired == decide(Line(12_000, 0, 500)).desired == 10


def test_lines_of_several_rooms_are_one_pools_work():
    wide = Bounds(0, 1000)
    one, other = Line(9_000, 0, 500), Line(6_000, 200, 250)

    both = decide(one, other, within=wide)

    assert both.work == 9_000 / 500 + 6_000 / 250
    assert both.desired == 2 + ceil((both.work - 2 * 5) / (110 / 60))


def test_steady_arrivals_alone_ask_for_arrivals_over_rate():
    assert decide(Line(0, 2_750, 500), n=6).desired == ceil(2_750 / 500)


def test_pending_instances_are_credited():
    assert decide(Line(9_000, 0, 500), pending=(70.0,) * 4).desired == 5


@settings(deadline=None)
@given(lines, st.integers(0, 100), pendings, bounds, st.floats(0, 3600), st.floats(0, 3600))
def test_slower_boots_never_ask_for_fewer(
    rooms: list[Line], n: int, pending: tuple[float, ...], within: Bounds, horizon_s: float, slower_s: float
):
    quick = decide(*rooms, n=n, pending=pending, within=within, horizon_s=horizon_s)
    slow = decide(*rooms, n=n, pending=pending, within=within, horizon_s=horizon_s + slower_s)

    assert slow.desired >= quick.desired
    assert quick.reachable or not slow.reachable


@settings(deadline=None, max_examples=60)
@given(lines, st.integers(0, 50), pendings, st.floats(0, 240))
def test_the_last_in_line_is_served_in_time_by_the_forecast_that_visitors_are_told(
    rooms: list[Line], n: int, pending: tuple[float, ...], horizon_s: float
):
    wide = Bounds(0, 1000)
    terms = decide(*rooms, n=n, pending=pending, within=wide, horizon_s=horizon_s)
    supply = Supply(n, pending, horizon_s)

    if terms.desired < wide.maximum:
        assert terms.reachable
        # The curve is drawn in whole seconds.
        assert terms.last_wait_s <= TARGET_S + 1
        if terms.desired >= 1 and terms.steady <= terms.desired - 1 and terms.work > 0.1:
            fewer = supply.forecast(terms.desired - 1, terms.work)
            steady_binds = (
                supply.by(terms.desired - 1, horizon_s + TARGET_S) < terms.work + terms.steady * horizon_s / 60
            )
            assert steady_binds or fewer.wait_s(terms.work) >= TARGET_S - 1


@pytest.mark.parametrize(("horizon_s", "desired", "reachable"), [(190, 7, True), (250, 10, False), (500, 10, False)])
def test_a_target_that_no_order_can_keep_says_so_and_orders_all_the_same(
    horizon_s: float, desired: int, reachable: bool
):
    terms = decide(Line(9_000, 0, 500), horizon_s=horizon_s)

    assert (terms.desired, terms.reachable) == (desired, reachable)


def test_a_burst_is_backlog_and_no_trend():
    assert arrivals_per_minute([0, 0, 9_500, 0, 0, 0]) == 0
    assert arrivals_per_minute([100] * 6) == 600
    assert arrivals_per_minute([9_999, 10, 20, 30, 40, 50, 60]) == 35 * 6
    assert arrivals_per_minute([]) == 0


@given(lines, st.integers(0, 100), bounds)
def test_desired_stays_between_the_minimum_and_the_maximum(rooms: list[Line], n: int, within: Bounds):
    desired = decide(*rooms, n=n, within=within).desired

    assert min(within.minimum, within.maximum) <= desired <= within.maximum
    assert desired >= min(within.scheduled, within.maximum)


@given(lines, st.integers(0, 100), bounds)
def test_asking_again_after_its_own_order_asks_for_no_more(rooms: list[Line], n: int, within: Bounds):
    first = decide(*rooms, n=n, within=within)
    ordered = (BOOT_S + DETECTION_S,) * max(0, first.desired - n)

    assert decide(*rooms, n=n, within=within) == first
    assert decide(*rooms, n=n, pending=ordered, within=within).desired <= first.desired


@given(lines, st.integers(0, 100), bounds, st.integers(1, 100_000))
def test_a_longer_line_never_asks_for_fewer(rooms: list[Line], n: int, within: Bounds, more: int):
    longer = [replace(rooms[0], waiting=rooms[0].waiting + more), *rooms[1:]]

    assert decide(*longer, n=n, within=within).desired >= decide(*rooms, n=n, within=within).desired


def observed(**fields: object) -> RoomObservation:
    return replace(RoomObservation("room", 0, 0, 0, 0.0, 500, threshold=1000), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("room", "instances"),
    [
        (observed(active=400, threshold_per_instance=500, arrivals_per_minute=2500), 5),
        (observed(active=1200, threshold_per_instance=500, arrivals_per_minute=10), 2.4),
        # A fixed threshold says nothing of servers; those who come and go do.
        (observed(active=1000, departures_per_minute=200, mean_stay_s=300), 0.4),
        (observed(active=1000), 2),  # nobody has left yet
    ],
)
def test_a_room_fills_instances_by_those_inside_or_by_those_who_come_and_go(room: RoomObservation, instances: float):
    assert filled(room) == pytest.approx(instances)


def test_an_instance_admits_no_faster_than_its_threshold_turns_over():
    slow = observed(threshold_per_instance=500, mean_stay_s=300)

    assert slow.effective_users_per_minute == 100
    assert replace(slow, mean_stay_s=30).effective_users_per_minute == 500


def test_a_fixed_threshold_holds_its_line_whatever_the_fleet():
    held = observed(present=9000, active=1000, mean_stay_s=300)

    assert held.let_in_within(300) == pytest.approx(1000)
    assert held.held_by_threshold(300)
    assert not replace(held, threshold_per_instance=500).held_by_threshold(300)
    assert not replace(held, present=900).held_by_threshold(300)


@pytest.mark.parametrize(
    ("waiting", "needed", "moving", "scheduled", "expected"),
    [
        (0, 0.0, 0, 0, 5),  # nobody anywhere: down to the minimum of 2
        (1, 0.0, 0, 0, 0),  # somebody waits
        (0, 3.2, 0, 0, 3),  # four are needed
        (0, 0.0, 1, 0, 0),  # one boots
        (0, 0.0, 0, 6, 1),  # prewarmed
        (0, 9.0, 0, 0, 0),  # more are needed than there are
    ],
)
def test_spare_instances_are_those_nobody_misses(
    waiting: int, needed: float, moving: int, scheduled: int, expected: int
):
    found = spare(
        waiting=waiting,
        needed=needed,
        in_service=7,
        moving=moving,
        bounds=Bounds(2, 10, scheduled),
    )

    assert found == expected


def test_an_order_that_comes_too_late_is_for_what_is_missing_and_not_for_everything():
    terms = decide(Line(6_000, 0, 500), horizon_s=500)

    # Two do ten of the twelve instance-minutes; an order counts as if it had a minute.
    assert (terms.desired, terms.reachable) == (4, False)
