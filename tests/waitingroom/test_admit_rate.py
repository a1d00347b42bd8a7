"""admit: as fast as the servers in service allow, whoever ticks, however often."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line, names
from waitingroom.fleet_share import FleetShare
from waitingroom.place import Phase


def test_the_rate_carries_its_fractions_over(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=500)
    line.fill(*names(200))
    line.tick()

    admitted = 0
    for _ in range(6):
        line.pass_s(1)
        admitted += len(line.tick())

    assert admitted == 100  # 2 x 500 a minute are 16.67 a second


def test_no_rate_applies_while_nobody_waits(make_line: Callable[..., Line]):
    line = make_line(threshold=1000, users_per_minute_per_instance=1)

    assert {place.phase for place in line.fill(*names(1000))} == {Phase.ACTIVE}


def test_f10_a_long_silence_is_caught_up_to_one_burst(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=600)
    line.fill(*names(500))
    line.tick()
    line.pass_s(20)

    assert len(line.admit()) == 25  # 20 a second, and a quarter more


def test_a_thousand_ticks_in_one_instant_admit_what_one_does(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=600)
    line.fill(*names(100))
    line.tick()
    line.pass_s(1)

    admitted = [visitor for _ in range(1000) for visitor in line.admit()]

    assert admitted == names(20)


@pytest.mark.parametrize("between", [0.001, 0.05, 0.3, 0.7, 1.0, 1.2])
def test_the_rate_is_the_same_however_often_somebody_ticks(make_line: Callable[..., Line], between: float):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=1500)
    line.fill(*names(400))
    line.tick()
    ticks = round(6 / between)

    admitted = 0
    for _ in range(ticks):
        line.pass_s(between)
        admitted += len(line.admit())

    assert admitted == pytest.approx(ticks * between * 50, abs=1)


def test_a_slow_rate_admits_at_last(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=1)
    line.fill("a", "b")
    line.tick()
    admitted = []
    for _ in range(31):
        line.pass_s(1)
        line.look("a", "b")
        admitted += line.tick()

    assert admitted == ["a"]


def test_rate_follows_the_servers_in_service(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=60)
    line.fill(*names(100))
    line.fleet(FleetShare(in_service=7))
    line.tick()
    line.pass_s(1)

    assert len(line.tick()) == 7


def test_half_the_multiplier_admits_half_as_many_and_doubles_the_estimate(make_line: Callable[..., Line]):
    admitted, waits = {}, {}
    for multiplier in (1.0, 0.5):
        line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=600)
        line.fill(*names(400))
        line.fleet(FleetShare(in_service=2, multiplier=multiplier))
        line.tick()
        line.pass_s(1)
        admitted[multiplier] = len(line.tick())
        status, snapshot = line.status(), line.look()
        assert (status.multiplier, status.admission_per_minute) == (multiplier, 1200 * multiplier)
        waits[multiplier] = snapshot.forecast.wait_s(200)
        line.pass_s(61)  # nobody told it for a minute
        assert line.status().multiplier == 1

    assert admitted == {1.0: 20, 0.5: 10}
    assert waits == {1.0: 10, 0.5: 20}


def test_a_fleet_nobody_reported_for_a_minute_is_never_counted_faster(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=60)
    line.fleet(FleetShare(in_service=7))
    line.tick()
    line.pass_s(61)
    line.fill(*names(100))
    line.admit()
    line.pass_s(1)

    assert len(line.admit()) == 2  # the least that is always in service


def test_a_fleet_of_none_admits_nobody(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fleet(FleetShare(in_service=0))
    line.fill("a")
    line.tick()
    line.pass_s(1)

    assert line.tick() == []


@pytest.mark.parametrize("jump_s", [-3600, -1, 3600])
def test_f21_a_server_clock_that_jumps_delays_no_admission(make_line: Callable[..., Line], jump_s: float):
    line = make_line(mode="always", users_per_minute_per_instance=30, grace_seconds=7200)
    line.fill("a", "b", "c")
    line.tick()
    line.pass_s(jump_s)
    line.look("a", "b", "c")
    first = line.tick()
    line.pass_s(1)

    assert (first + line.tick())[0] == "a"


def test_a_hub_leaves_the_tick_to_a_clock_that_ticks(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("a")
    line.admit(ticker="clock@test")
    line.pass_s(2.9)

    assert line.admit(ticker="hub@test", idle_ms=3000) == []
    assert line.status().ticker == "clock@test"
    line.pass_s(0.1)
    assert line.admit(ticker="hub@test", idle_ms=3000) == ["a"]
    assert line.status().ticker == "hub@test"


def test_hubs_alone_keep_the_whole_rate(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=600)
    line.fill(*names(400))
    line.admit(ticker="clock@test")
    line.pass_s(3)
    admitted = len(line.admit(ticker="hub@one", idle_ms=3000))
    for _ in range(10):
        line.pass_s(0.5)
        admitted += len(line.admit(ticker="hub@one", idle_ms=3000))
        line.pass_s(0.5)
        admitted += len(line.admit(ticker="hub@two", idle_ms=3000))

    assert admitted == pytest.approx(25 + 10 * 20, abs=5)


def test_when_the_clock_is_back_hubs_leave_it_the_tick(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.admit(ticker="clock@test")
    line.pass_s(3)
    line.admit(ticker="hub@test", idle_ms=3000)
    line.pass_s(1)
    line.admit(ticker="clock@test")
    line.pass_s(1)

    line.admit(ticker="hub@test", idle_ms=3000)

    assert line.status().ticker == "clock@test"


def test_an_operators_word_is_no_tick(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=60)
    line.fill(*names(10))
    line.admit(ticker="hub@test")
    line.pass_s(1)
    line.admit(count=1, ticker="operator")

    assert line.admit(ticker="hub@test", idle_ms=3000) == names(2, start=1)
