"""Redis loses everything, or its last writes: slips bring the places back."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.line import Line, names
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.slips import ADMITTED, WAITING, Slip

Slips = dict[str, Slip]


def slips_of(line: Line, *visitors: str) -> Slips:
    """Each asks for a page, a microsecond apart; the slips they get."""
    slips = {}
    for visitor in visitors:
        slips[visitor] = line.slip(visitor)
        line.now_us += 1
    return slips


def books_balance(line: Line) -> bool:
    """Conservation."""
    status = line.status()
    return status.joined == status.waiting + status.admitted + status.gone


def fail_over(line: Line, replica: dict[str, bytes | None]) -> None:
    """A second passes, and what was written since the copy is lost."""
    line.pass_s(1)
    line.fail_over(replica)


def test_f03_two_thousand_waiting_and_two_hundred_inside_come_back_to_their_places(line: Line):
    line.configure(threshold=200, presence_seconds=60)
    inside, waiting = names(200), names(2000, start=200)
    slips = slips_of(line, *inside, *waiting)
    before = line.look(*waiting).places
    line.pass_s(5)
    line.lose()

    returning = [*inside, *waiting, *[f"stranger-{i}" for i in range(100)]]
    random.Random(7).shuffle(returning)
    for visitor in returning:
        place = line.enter(visitor, slips.get(visitor))
        line.now_us += 1
        assert place.phase is (Phase.ACTIVE if visitor in inside else Phase.WAITING)
        assert place.recovering_s > 0
        if visitor in waiting:
            assert place.queue_number == slips[visitor].queue_number
    assert line.live_s(3) == []

    assert [place.position for place in line.look(*waiting).places] == [place.position for place in before]
    assert sorted(line.scores("active")) == inside
    assert books_balance(line)
    status = line.status()
    assert (status.active, status.straight_in, status.joined, status.admitted) == (200, 200, 2100, 0)
    for visitor in inside[:50]:
        line.leave(visitor, Reason.PAID)
    line.look(*waiting)
    admitted = []
    for _ in range(60):
        line.look(*waiting)
        for visitor in inside[50:]:
            line.enter(visitor)
        admitted += line.live_s(1)
        assert line.status().active <= 200
    assert admitted == waiting[:50]
    assert books_balance(line)


def test_sockets_bring_a_line_back_in_batches(line: Line):
    line.configure(threshold=50)
    inside, waiting = names(50), names(500, start=50)
    slips = slips_of(line, *inside, *waiting)
    line.lose()
    line.enter("stranger")

    returning = list(slips.values())
    random.Random(7).shuffle(returning)
    assert all(line.take_back(*returning[:300]))
    assert all(line.take_back(*returning[250:]))

    assert line.where(*waiting, "stranger") == list(range(1, 502))
    assert sorted(line.scores("active")) == inside
    assert line.status().present == 501
    assert books_balance(line)


def test_nobody_is_let_in_until_the_recovery_period_ends(make_line: Callable[..., Line]):
    line = make_line(threshold=10, recovery_seconds=20)
    slips = slips_of(line, *names(12))
    line.lose()

    assert line.enter("stranger").phase is Phase.WAITING
    assert line.admit(count=5, ticker="operator") == []
    line.live_s(19)
    for visitor in names(2, start=10):
        line.enter(visitor, slips[visitor])
    assert line.status().admitted == 0
    assert line.look().recovering_s == 1

    admitted = line.live_s(2)

    assert admitted == [*names(2, start=10), "stranger"]
    assert line.look().recovering_s == 0


def test_a_room_switched_off_lets_everybody_in_all_the_same(make_line: Callable[..., Line]):
    line = make_line(mode="off")
    line.enter("a")
    line.lose()

    assert line.enter("stranger").phase is Phase.ACTIVE


def test_a_slip_of_a_lost_epoch_is_good_for_the_recovery_and_the_grace(make_line: Callable[..., Line]):
    line = make_line(mode="always", recovery_seconds=20, grace_seconds=30)
    slips = slips_of(line, "early", "late", "too-late")
    line.lose()
    line.pass_s(19)
    assert line.enter("early", slips["early"]).position == 1
    line.pass_s(30)
    assert line.enter("late", slips["late"]).queue_number == slips["late"].queue_number
    line.pass_s(1)
    assert line.enter("too-late", slips["too-late"]).queue_number > slips["too-late"].queue_number


def test_an_admission_is_good_until_it_expires(make_line: Callable[..., Line]):
    line = make_line(threshold=2, idle_seconds=600, recovery_seconds=20, grace_seconds=30)
    slips = slips_of(line, "a", "b")
    line.lose()
    line.pass_s(500)
    assert line.take_back(slips["a"]) == [True]
    assert line.scores("active")["a"] == 1000 * slips["a"].expires_at
    line.pass_s(101)
    assert line.take_back(slips["b"]) == [False]


def test_who_comes_back_late_to_a_full_room_is_the_next(make_line: Callable[..., Line]):
    line = make_line(threshold=1, recovery_seconds=0)
    slips = slips_of(line, "inside", "waiting")
    line.leave("inside")
    line.lose()
    line.enter("stranger")

    place = line.enter("inside", slips["inside"])
    line.enter("waiting", slips["waiting"])

    assert (place.phase, place.position) == (Phase.WAITING, 1)
    assert line.status().active == 1
    assert books_balance(line)


@pytest.mark.parametrize("change", [{"epoch": "unheard"}, {"epoch": "*"}, {"kind": "x"}, {"epoch": ""}])
def test_f03_a_slip_of_an_epoch_that_never_was_is_refused(make_line: Callable[..., Line], change: dict[str, Any]):
    line = make_line(mode="always")
    slip = line.slip("a")
    line.lose()
    line.enter("first")
    forged = slip._replace(**change)

    assert line.take_back(forged) == [False]
    assert line.enter("a", forged).position == 2
    assert line.take_back(slip) == [True]  # has a place by now


@pytest.mark.parametrize("reason", list(Reason))
def test_b10_a_place_given_up_stays_given_up_whatever_slip_comes(make_line: Callable[..., Line], reason: Reason):
    line = make_line(mode="always")
    slip = line.slip("a")
    line.fill("b")
    line.leave("a", reason)

    assert line.take_back(slip) == [False]
    assert line.knock("a", slip).phase is Phase.NONE
    assert line.enter("a", slip).position == 2


def test_a_place_given_up_stays_given_up_where_the_clock_went_back(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    slip = line.slip("a")
    line.pass_s(-3600)
    line.leave("a")

    assert line.take_back(slip) == [False]
    again = line.slip("a")
    assert again.queue_number > slip.queue_number


def test_who_lined_up_again_gets_the_later_number_back_and_never_the_earlier(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    first = line.slip("a")
    line.fill("b")
    line.leave("a")
    replica = line.copy()
    line.pass_s(1)
    second = line.slip("a")
    fail_over(line, replica)

    assert line.take_back(first) == [False]
    assert line.take_back(second) == [True]
    assert line.scores("queue")["a"] == second.queue_number
    assert books_balance(line)


def test_f03_a_failover_without_the_last_writes_heals_at_once(make_line: Callable[..., Line]):
    line = make_line(threshold=2)
    slips = slips_of(line, "inside", "first")
    replica = line.copy()
    slips |= slips_of(line, "second", "third")
    line.enter("inside")
    fail_over(line, replica)

    places = [line.enter(visitor, slips[visitor]) for visitor in ("third", "second", "first", "inside")]

    assert [place.recovering_s for place in places] == [0] * 4
    assert line.where("inside", "first", "second", "third") == [Phase.ACTIVE, Phase.ACTIVE, 1, 2]
    assert books_balance(line)


def test_an_admission_lost_with_the_last_writes_leaves_the_visitor_at_the_head(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    slips = slips_of(line, "inside", "a", "b")
    line.leave("inside")
    replica = line.copy()
    assert line.live_s(2) == ["a"]
    fail_over(line, replica)

    assert line.enter("a", slips["a"]).position == 1
    assert books_balance(line)


def test_two_losses_in_a_row(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    slips = slips_of(line, "inside", "a", "b", "c")
    line.lose()
    line.pass_s(10)
    slips["b"] = line.due_slip(line.enter("b", slips["b"]), "b", slips["b"]) or slips["b"]
    line.lose()
    line.enter("stranger")

    for visitor in ("c", "b", "a", "inside"):
        line.enter(visitor, slips[visitor])

    assert slips["b"].epoch != slips["a"].epoch
    assert line.where("inside", "a", "b", "c", "stranger") == [Phase.ACTIVE, 1, 2, 3, 4]


def test_an_old_copy_of_redis_in_place_of_a_newer_one_is_a_loss(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    replica = line.copy()
    line.lose()
    slips = slips_of(line, "a", "b")

    fail_over(line, replica)

    assert line.look().recovering_s > 0
    assert line.enter("b", slips["b"]).position == 1
    assert line.enter("a", slips["a"]).position == 1


def test_every_admission_has_a_number_of_its_own(make_line: Callable[..., Line]):
    line = make_line(threshold=3)
    numbers = [place.queue_number for place in line.fill("a", "b", "c", "d")]

    assert numbers == sorted(set(numbers))
    assert all(numbers)


def test_a_slip_says_whether_the_number_was_drawn_in_line(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    straight = line.slip("a")
    waited = line.slip("b")
    line.leave("a")
    line.live_s(2)
    admitted = line.due_slip(line.enter("b"), "b", waited)

    assert (straight.kind, straight.start) == (ADMITTED, 0)
    assert (waited.kind, waited.start) == (WAITING, 1)
    assert admitted is not None
    assert (admitted.kind, admitted.start, admitted.queue_number) == (ADMITTED, 1, waited.queue_number)
    line.lose()
    line.enter("a", straight)
    line.enter("b", admitted)
    status = line.status()
    assert (status.straight_in, status.joined, status.admitted) == (1, 1, 1)


def test_a_clock_that_jumps_does_not_prolong_the_recovery(make_line: Callable[..., Line]):
    line = make_line(recovery_seconds=45)
    line.enter("a")
    line.lose()
    line.pass_s(-3600)

    assert line.look().recovering_s == 0
