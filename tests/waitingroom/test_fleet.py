"""fleet: the servers that admission may count on."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line
from waitingroom import admission
from waitingroom.estimates import Forecast
from waitingroom.fleet_share import FleetShare, PendingCapacity


def test_in_service_and_boots_are_told_to_the_room(line: Line):
    ready = line.now_us // 1000 + 10_000
    line.fleet(FleetShare(in_service=3.5, pending=(PendingCapacity(2, ready), PendingCapacity(1, ready + 5_000))))

    assert line.status().in_service == 3.5
    assert line.look().scaling == {"inService": 3, "pending": 3, "readyInSeconds": 15}


def test_without_word_from_a_fleet_the_least_is_counted(line: Line):
    assert line.status().in_service == 2
    assert line.look().pace.in_service == 2


@pytest.mark.parametrize("told", [7, 2, 1, 0.25, 0])
def test_a_fleet_not_heard_of_for_a_minute_counts_as_the_minimum(line: Line, told: float):
    line.fleet(FleetShare(in_service=told))
    line.pass_s(60)
    assert line.status().in_service == told
    line.pass_s(0.001)

    assert line.status().in_service == 2
    assert line.look().pace.in_service == 2


def test_a_bad_reading_told_once_stops_nobody_for_ever(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("visitor")
    line.fleet(FleetShare(in_service=0))
    line.admit()
    line.pass_s(50)
    line.look("visitor")
    assert line.admit() == []

    line.pass_s(11)
    line.look("visitor")

    assert line.admit() == ["visitor"]


def test_boots_long_due_may_come_any_moment(line: Line):
    line.fleet(FleetShare(in_service=2, pending=(PendingCapacity(5, line.now_us // 1000 - 60_000),)))

    assert line.look().scaling == {"inService": 2, "pending": 5, "readyInSeconds": 0}


def test_what_other_rooms_release_shortens_the_wait_and_is_no_server_that_boots(line: Line):
    line.fleet(FleetShare(in_service=2))
    before = line.look()
    line.fleet(FleetShare(in_service=2, released=(PendingCapacity(5, line.now_us // 1000 + 1_000),)))

    after = line.look()

    assert Forecast(after.pace, 500).wait_s(500) < Forecast(before.pace, 500).wait_s(500) / 2
    assert after.scaling == before.scaling


def test_one_call_tells_every_room(make_line: Callable[..., Line]):
    lines = [make_line(), make_line()]

    admission.tell_shares({line.slug: FleetShare(in_service=2.5) for line in lines})

    assert [status.in_service for status in admission.status([line.slug for line in lines])] == [2.5, 2.5]


def test_the_threshold_in_force_follows_the_fleet(make_line: Callable[..., Line]):
    line = make_line(threshold=10, threshold_per_instance=500)
    line.fleet(FleetShare(in_service=2.5))

    assert line.status().threshold == 1250
    assert line.look().pace.threshold == 1250
