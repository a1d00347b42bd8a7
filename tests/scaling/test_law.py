"""The law asks for what the line needs, once, within the bounds."""

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.law import Bounds, Line, Terms, arrivals_per_minute, fill, law, spare

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


SMALL = Bounds(2, 10)


def decide(*rooms: Line, n: int = 2, boots_in_s: tuple[float, ...] = (), within: Bounds = SMALL) -> Terms:
    return law(
        rooms,
        in_service=n,
        boots_in_s=boots_in_s,
        horizon_s=BOOT_S + DETECTION_S,
        target_wait_s=TARGET_S,
        bounds=within,
    )


def test_nine_thousand_waiting_at_two_instances_ask_for_seven():
    terms = decide(Line(waiting=9000, arrivals_per_minute=0, users_per_minute=500))

    # 9,000 - 1,000 a minute for 190 s leaves 5,833; 500 a minute for the other 110 s take in 917 each.
    assert terms.backlog == pytest.approx(5833.3, abs=0.1)
    assert terms.catch_up == pytest.approx(6.36, abs=0.01)
    assert terms.desired == 7


def test_steady_arrivals_alone_ask_for_arrivals_over_rate():
    assert decide(Line(0, 2_750, 500), n=6).desired == ceil(2_750 / 500)


def test_pending_instances_are_credited():
    room = Line(12_000, 0, 500)
    without = decide(room).desired
    booting = decide(room, boots_in_s=(70.0,) * 5)

    assert booting.desired < without
    assert booting.backlog == pytest.approx(12_000 - 1000 * 190 / 60 - 5 * 500 * 120 / 60)


def test_lines_of_several_rooms_add_up():
    one, other = Line(9_000, 0, 500), Line(6_000, 200, 500)
    wide = Bounds(0, 1000)

    both = decide(one, other, within=wide)

    assert both.desired == ceil(
        sum(t.steady + t.catch_up for t in (decide(one, within=wide), decide(other, within=wide)))
    )


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
    ordered = (BOOT_S,) * max(0, first.desired - n)

    assert decide(*rooms, n=n, within=within) == first
    assert decide(*rooms, n=n, boots_in_s=ordered, within=within).desired <= first.desired


@given(lines, st.integers(0, 100), bounds, st.integers(1, 100_000))
def test_a_longer_line_never_asks_for_fewer(rooms: list[Line], n: int, within: Bounds, more: int):
    longer = [replace(rooms[0], waiting=rooms[0].waiting + more), *rooms[1:]]

    assert decide(*longer, n=n, within=within).desired >= decide(*rooms, n=n, within=within).desired


def test_a_room_fills_instances_by_those_inside_or_by_those_who_keep_coming():
    quick = fill(active=400, rated=500, arrivals_per_minute=2500, users_per_minute=500)
    slow = fill(active=1200, rated=500, arrivals_per_minute=10, users_per_minute=500)

    assert (quick, slow) == (5, 2.4)


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
