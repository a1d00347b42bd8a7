"""admit: the head of the line moves in."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line, names
from waitingroom.errors import SettingsMissing
from waitingroom.place import Phase


def test_the_head_of_the_line_goes_first(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=90)
    line.fill(*names(10))
    line.tick()
    line.pass_s(1)

    assert line.tick() == names(3)

    assert line.where(*names(5)) == ["active", "active", "active", 1, 2]


def test_no_more_are_admitted_than_the_threshold_leaves_room_for(make_line: Callable[..., Line]):
    line = make_line(threshold=5, users_per_minute_per_instance=6000)
    line.fill(*names(3), *names(10, start=3))
    line.tick()
    line.pass_s(1)
    line.tick()

    assert line.status().active == 5
    line.pass_s(1)
    assert line.tick() == []


def test_f22_lowering_the_threshold_sends_nobody_out_and_lets_nobody_in(make_line: Callable[..., Line]):
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


def test_absent_visitors_are_passed_over_at_once(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=90)
    line.fill(*names(20))
    line.tick()
    line.absent(*names(15), return_ms=0)
    line.pass_s(2)

    assert line.tick() == names(3, start=15)


def test_who_was_passed_over_and_comes_back_is_next(make_line: Callable[..., Line]):
    line = make_line(mode="always", users_per_minute_per_instance=30)
    line.fill(*names(6))
    line.tick()
    line.absent(*names(3), return_ms=0)
    line.pass_s(2)
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
    line.absent("a", return_ms=0)
    line.pass_s(2)
    assert line.tick() == ["b"]
    line.enter("a")
    line.absent("a", return_ms=0)
    line.pass_s(1)

    assert line.tick() == ["c"]

    line.enter("a")
    line.pass_s(1)
    assert line.tick() == ["a"]


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
def test_f24_the_line_stands_and_gathers_nothing(make_line: Callable[..., Line], mode: str):
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
