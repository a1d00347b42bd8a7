"""What two samples of a room tell of the time between them, and that they are kept."""

from dataclasses import replace

import pytest

from scaling import sharing, store
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from tests.waitingroom.line import join_call
from tiketi.console.curve import PromiseKept, Rates, minutes, promise_kept, rates
from tiketi.console.points import columns
from waitingroom import admission, configure
from waitingroom.redis import client, run_now
from waitingroom.room_registry import room_registry
from waitingroom.samples import Sample, sample_of

NONE = Sample(0, 0, 0, 0, 0, 1000, 0, 0, 0, 0.0, 0, 2.0, 0.0)


def at(at_s: float, **counted: float) -> Sample:
    return replace(NONE, at_s=at_s, **counted)  # type: ignore[arg-type]  # fields by name


def test_rates_are_of_the_last_ten_seconds_and_a_little_more():
    curve = [at(0), at(5, arrived=100), at(10, arrived=200, admitted=50, refilled=20)]
    now = at(16, arrived=500, admitted=160, refilled=120, active=50)

    assert rates([*curve, now], now) == Rates(
        arrivals=400 / 11, admissions=160 / 11, refills=120 / 11, departures=110 / 11
    )


def test_young_curves_have_rates_after_a_second_and_none_before():
    assert rates([at(9.5)], at(10)) is None
    assert rates([at(8)], at(10, arrived=10)) == Rates(5, 0, 0, 0)


def test_nothing_is_said_of_a_room_that_redis_lost_nor_of_long_ago():
    assert rates([at(0, arrived=900)], at(12, arrived=3)) is None
    assert rates([at(0)], at(600, arrived=3)) is None


def test_a_promise_is_held_against_what_the_head_of_the_line_has_waited():
    curve = [at(t, estimated_wait_s=60, present=10, waiting=10, oldest_wait_s=0) for t in range(0, 65, 5)]
    curve += [at(80, present=10, waiting=10, oldest_wait_s=80, estimated_wait_s=90)]

    kept = promise_kept(curve)

    assert kept == PromiseKept(waited_s=80, promised_s=60, error=-0.25)


def test_nobody_at_the_head_and_a_promise_nobody_made_are_no_error():
    assert promise_kept([]) is None
    assert promise_kept([at(0, estimated_wait_s=60), at(60)]) is None
    assert promise_kept([at(0), at(60, present=1, oldest_wait_s=60)]) is None


def test_minutes_add_up_what_happened_in_them_and_end_as_they_ended():
    curve = [at(60, arrived=5), at(90, arrived=30, waiting=7), at(119, arrived=40, waiting=3), at(121, arrived=41)]

    first, second = minutes(curve)

    assert (first.at, first.arrivals, first.waiting) == (60, 35, 3)
    assert (second.at, second.arrivals, second.waiting) == (120, 1, 0)


def test_charts_have_a_gap_where_nothing_was_counted():
    found = columns([at(0, waiting=5), at(100, waiting=7)])

    assert found["at"] == [0, 1, 100]
    assert found["waiting"] == [5, None, 7]


@pytest.mark.django_db
def test_who_shares_the_fleet_out_samples_the_rooms_with_somebody_in_them(make_event):
    busy, empty = make_event(), make_event()
    configure.put_in_force([busy.room, empty.room])
    run_now([join_call(busy.slug, "a")])
    client().delete(f"{store.TURN}:sample")
    room_registry.forget()
    room_registry.refresh()
    view = FleetSnapshot(store.now(), 2, 2, 10, (Instance("i", Lifecycle.IN_SERVICE, 0),))

    for _ in range(3):  # of one second
        sharing.share(view, store.now())

    (sample,) = admission.samples(busy.slug)
    (status,) = admission.status([busy.slug])
    assert sample.active == status.active == 1
    assert replace(sample, in_service=status.in_service) == sample_of(status, sample.at_s, 0)  # it was told since
    assert admission.samples(empty.slug) == []
