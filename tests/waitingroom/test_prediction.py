"""prediction: what staff are told before they save is what the engine then does."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.waitingroom.line import Line, names
from waitingroom import scripts
from waitingroom.fleet_share import FleetShare, PendingCapacity
from waitingroom.prediction import Prediction, RoomSeen, Tuning, predict
from waitingroom.rates import BURST_SECONDS, MAX_ADMITTED

thresholds = st.integers(1, 400)
rates = st.integers(1, 4_000)
tunings = st.builds(Tuning, thresholds, st.sampled_from([0, 0, 0, 7, 60]), rates)


@contextmanager
def a_line(**how: object) -> Iterator[Line]:
    line = Line(f"room-{uuid.uuid4().hex[:12]}", **how)
    try:
        yield line
    finally:
        line.remove()


def seen(line: Line) -> RoomSeen:
    return RoomSeen.read(line.slug, line.run(scripts.SURVEY, line.now_us))


def save(line: Line, tuning: Tuning) -> None:
    line.configure(
        threshold=tuning.threshold,
        threshold_per_instance=tuning.threshold_per_instance or None,
        users_per_minute_per_instance=int(tuning.users_per_minute_per_instance),
    )


@settings(deadline=None, max_examples=80)
@given(
    mode=st.sampled_from(["automatic", "automatic", "always", "draining", "paused", "closed", "off"]),
    before=st.tuples(thresholds, rates),
    people=st.integers(0, 300),
    away=st.integers(0, 60),
    leave=st.integers(0, 40),
    servers=st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.7]),
    multiplier=st.sampled_from([1.0, 1.0, 0.4]),
    waited_ms=st.integers(0, 2_500),
    wanted=tunings,
)
def test_the_tick_after_saving_admits_as_many_as_were_foretold(
    mode: str,
    before: tuple[int, int],
    people: int,
    away: int,
    leave: int,
    servers: float,
    multiplier: float,
    waited_ms: int,
    wanted: Tuning,
):
    with a_line(mode="automatic", threshold=before[0], users_per_minute_per_instance=before[1]) as line:
        line.fleet(FleetShare(servers, (PendingCapacity(1.0, line.now_us // 1000 + 90_000),), multiplier=multiplier))
        line.fill(*names(people))
        line.now_us = -(-line.now_us // 1000) * 1000  # Redis tells its instants in whole milliseconds
        line.tick()
        for visitor in names(leave):
            line.leave(visitor)
        line.absent(*names(away, start=before[0]), return_ms=0)
        line.configure(mode=mode)
        line.now_us += waited_ms * 1000
        foretold = predict(seen(line), wanted)

        save(line, wanted)

        status = line.status()
        assert status.threshold == foretold.threshold
        assert foretold.above_threshold == max(0, status.active - status.threshold)
        if status.waiting and status.mode not in ("paused", "closed", "draining") and foretold.newcomer_wait_s:
            assert status.estimated_wait_s == foretold.newcomer_wait_s
        assert len(line.admit()) == foretold.admitted_at_once


@pytest.mark.parametrize("wanted", [Tuning(5_000, 0, 61), Tuning(5_000, 5_000, 1_200)])
def test_a_minute_later_as_many_are_in_as_were_foretold(wanted: Tuning):
    with a_line(mode="always", users_per_minute_per_instance=60, presence_seconds=600) as line:
        line.fleet(FleetShare(2.0))
        line.crowd(3_000)
        line.tick()
        foretold = predict(seen(line), wanted)
        save(line, wanted)

        admitted = 0
        for _ in range(60):
            line.fleet(FleetShare(2.0))  # as every second; else it is believed for a minute
            admitted += len(line.live_s(1))

        burst = 2 * wanted.users_per_minute_per_instance / 60 * BURST_SECONDS + 1
        assert abs(admitted - min(3_000, foretold.admissions_per_minute)) <= burst


@pytest.mark.parametrize("wanted", [Tuning(5_000, 0, 120), Tuning(5_000, 0, 900)])
def test_the_last_in_line_waits_as_long_as_was_foretold(wanted: Tuning):
    with a_line(mode="always", users_per_minute_per_instance=10, presence_seconds=600) as line:
        line.fleet(FleetShare(1.0))
        line.fill(*names(60))
        line.tick()
        foretold = predict(seen(line), wanted).last_wait_s
        assert foretold is not None
        save(line, wanted)

        waited = 0
        while line.status().waiting:
            line.fleet(FleetShare(1.0))
            line.live_s(1)
            waited += 1

        assert abs(waited - foretold) <= 2


def foretell(line: Line, threshold: int = 10, per_minute: int = 600) -> Prediction:
    return predict(seen(line), Tuning(threshold, 0, per_minute))


def test_a_threshold_below_those_inside_is_told_with_who_is_above(make_line):
    line = make_line(threshold=30)
    line.fill(*names(50))
    line.tick()

    foretold = foretell(line, threshold=10)

    assert (foretold.above_threshold, foretold.admitted_at_once) == (20, 0)


def test_who_is_absent_is_not_counted_among_those_let_in(make_line):
    line = make_line(mode="always")
    line.crowd(9)
    line.absent(*(f"crowd-{i}" for i in range(5)), return_ms=0)
    line.tick()
    line.pass_s(1)

    assert foretell(line, threshold=100).admitted_at_once == 4


def test_a_site_that_is_slowed_down_lets_in_a_part(make_line):
    line = make_line(mode="always", users_per_minute_per_instance=600)
    line.fleet(FleetShare(1.0, multiplier=0.4))
    line.crowd(50)
    line.tick()
    line.pass_s(1)

    assert foretell(line, threshold=100, per_minute=600).admitted_at_once == 4
    save(line, Tuning(100, 0, 600))
    assert len(line.admit()) == 4


def test_the_share_of_the_fleet_that_it_would_have_counts(make_line):
    line = make_line(mode="always")
    line.crowd(50)
    line.tick()
    line.pass_s(1)

    alone, doubled = (predict(seen(line), Tuning(1000, 0, 600), FleetShare(n)) for n in (1.0, 2.0))

    assert (alone.admitted_at_once, doubled.admitted_at_once) == (10, 20)
    assert alone.last_wait_s is not None
    assert doubled.last_wait_s is not None
    assert doubled.last_wait_s < alone.last_wait_s


def test_of_a_line_that_stands_no_wait_is_told(make_line):
    line = make_line(mode="paused")
    line.fill(*names(5))

    foretold = foretell(line)

    assert (foretold.last_wait_s, foretold.newcomer_wait_s, foretold.admissions_per_minute) == (None, None, 0)


def test_who_comes_to_an_empty_room_goes_straight_in(make_line):
    line = make_line()

    assert foretell(line).newcomer_wait_s == 0
    line.configure(mode="always")
    assert foretell(line).newcomer_wait_s == 1
    line.configure(mode="draining")
    assert foretell(line).newcomer_wait_s is None


def test_no_tick_lets_in_more_than_the_scripts_do(make_line):
    line = make_line(mode="always", threshold=10_000, users_per_minute_per_instance=1)
    line.crowd(MAX_ADMITTED + 10)
    line.tick()
    line.configure(mode="off")

    assert foretell(line).admitted_at_once == len(line.admit()) == MAX_ADMITTED
