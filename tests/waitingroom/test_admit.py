"""admit: the head of the line moves in."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line
from waitingroom.admission import Fleet
from waitingroom.redis import SettingsMissing
from waitingroom.room import Phase


def names(count: int, start: int = 0) -> list[str]:
    return [f"visitor-{i:04}" for i in range(start, start + count)]


def test_the_head_of_the_line_goes_first(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=90)
    line.fill(*names(10))
    line.tick()
    line.pass_s(1)

    assert line.tick() == names(3)

    assert line.look(*names(5)).places == (0, 0, 0, 1, 2)


def test_no_more_are_admitted_than_the_threshold_leaves_room_for(make_line: Callable[..., Line]):
    line = make_line(threshold=5, users_per_minute_per_instance=6000)
    line.fill(*names(3), *names(10, start=3))
    line.tick()
    line.pass_s(1)
    line.tick()

    assert line.status().active == 5
    line.pass_s(1)
    assert line.tick() == []


def test_lowering_the_threshold_sends_nobody_out_and_lets_nobody_in(make_line: Callable[..., Line]):
    line = make_line(threshold=10)
    line.fill(*names(15))
    line.tick()

    line.configure(threshold=3)
    line.pass_s(1)

    assert line.tick() == []
    assert line.status().active == 10
    for visitor in names(7):
        line.leave(visitor)
    line.pass_s(1)
    assert line.tick() == []
    line.leave(names(8)[-1])
    line.pass_s(1)
    assert line.tick() == names(1, start=10)


def test_a_raised_threshold_counts_from_the_next_tick(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill(*names(5))
    line.tick()
    line.configure(threshold=3)
    line.pass_s(1)

    assert line.tick() == names(2, start=1)


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


def test_a_long_silence_is_caught_up_to_one_burst(make_line: Callable[..., Line]):
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


def test_absent_visitors_are_passed_over_at_once(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=90)
    line.fill(*names(20))
    line.tick()
    line.pass_s(31)
    line.look(*names(5, start=15))

    assert line.tick() == names(3, start=15)


def test_who_was_passed_over_and_comes_back_is_next(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    line.fill(*names(6))
    line.tick()
    line.pass_s(31)
    line.look(*names(3, start=3))
    assert line.tick() == names(1, start=3)

    line.enter("visitor-0002")
    line.look("visitor-0001")

    for expected in ("visitor-0001", "visitor-0002", "visitor-0004"):
        line.pass_s(1)
        assert line.tick() == [expected]


def test_who_comes_back_and_goes_again_is_passed_over_again(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    line.fill("a", "b", "c")
    line.tick()
    line.pass_s(31)
    line.look("b", "c")
    assert line.tick() == ["b"]
    line.enter("a")
    line.absent("a", return_ms=0)
    line.pass_s(1)

    assert line.tick() == ["c"]

    line.enter("a")
    line.pass_s(1)
    assert line.tick() == ["a"]


def test_thousands_absent_at_the_head_cost_the_present_no_more_than_a_few_ticks(make_line: Callable[..., Line]):
    line = make_line(mode="always", grace_seconds=3600)
    line.fill(*names(9000))
    line.tick()
    line.pass_s(31)
    line.enter("present")

    ticks = 1
    while line.admit() != ["present"]:
        ticks += 1
        line.pass_s(1)
        line.look("present")
        assert ticks < 5


def test_nobody_is_admitted_twice(make_line: Callable[..., Line]):
    line = make_line(threshold=3, mode="always", users_per_minute_per_instance=6000)
    line.fill(*names(50))
    admitted: list[str] = []
    for _ in range(40):
        line.pass_s(1)
        line.look(*names(50))
        for visitor in line.tick():
            admitted.append(visitor)
            line.leave(visitor)

    assert admitted == names(50)


@pytest.mark.parametrize("mode", ["paused", "closed"])
def test_the_line_stands_and_gathers_nothing(make_line: Callable[..., Line], mode: str):
    line = make_line(mode="always", users_per_minute_per_instance=600)
    line.fill(*names(100))
    line.tick()
    line.configure(mode=mode)
    for _ in range(20):
        line.pass_s(1)
        line.look(*names(100))
        assert line.tick() == []
        assert line.admit(count=10) == []

    line.configure(mode="always")
    line.look(*names(100))
    line.pass_s(0.1)
    assert len(line.tick()) == 2  # a tenth of a second's worth: no herd thunders in


def test_a_draining_room_still_admits_those_waiting(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.tick()
    line.configure(mode="draining")
    line.pass_s(1)

    assert line.tick() == ["a", "b"]
    assert line.enter("newcomer").phase is Phase.CLOSED


def test_a_room_switched_off_lets_the_whole_line_in(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=10)
    line.fill(*names(500))
    line.configure(mode="off")

    assert line.tick() == names(500)


def test_an_operator_admits_besides_the_rate_but_never_above_the_threshold(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=30, users_per_minute_per_instance=60)
    line.fill(*names(100))
    line.tick()
    line.pass_s(1)

    assert line.admit(count=20) == names(20)
    assert line.tick() == names(2, start=20)
    assert line.admit(count=20) == names(8, start=22)
    assert line.admit(count=20) == []


def test_rate_follows_the_servers_in_service(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=60)
    line.fill(*names(100))
    line.fleet(Fleet(in_service=7))
    line.tick()
    line.pass_s(1)

    assert len(line.tick()) == 7


def test_a_fleet_nobody_reported_for_a_minute_is_never_counted_faster(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=100_000, users_per_minute_per_instance=60)
    line.fleet(Fleet(in_service=7))
    line.tick()
    line.pass_s(61)
    line.fill(*names(100))
    line.admit()
    line.pass_s(1)

    assert len(line.admit()) == 2  # the least that is always in service


def test_a_fleet_of_none_admits_nobody(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fleet(Fleet(in_service=0))
    line.fill("a")
    line.tick()
    line.pass_s(1)

    assert line.tick() == []


@pytest.mark.parametrize("jump_s", [-3600, -1, 3600])
def test_a_server_clock_that_jumps_delays_no_admission(make_line: Callable[..., Line], jump_s: float):
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


def test_admissions_are_counted_once_and_for_all(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=150)
    line.fill(*names(20))
    line.tick()
    for _ in range(4):
        line.pass_s(1)
        line.tick()

    status = line.status()
    assert (status.joined, status.waiting, status.admitted, status.gone) == (20, 0, 20, 0)
    assert status.admitted_last_minute == 20


def test_without_settings_nobody_is_admitted(line: Line):
    line.remove()

    with pytest.raises(SettingsMissing):
        line.admit()
    assert line.everything() == dict.fromkeys(line.keys.all())
