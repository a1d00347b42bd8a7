"""expire: places of those who did not come, or were not seen for too long."""

import dataclasses
from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line
from waitingroom import scripts
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.slips import KEPT_SECONDS, WAITING, Slip


def test_an_absent_visitor_leaves_the_line_after_the_grace(make_line: Callable[..., Line]):
    line = make_line(mode="always", presence_seconds=30, grace_seconds=300)
    line.fill("a", "b")
    for _ in range(11):
        line.pass_s(29.9)
        line.look("b")
        assert line.expire() == (0, 0)
    line.pass_s(1.1)

    assert line.expire() == (0, 1)

    assert line.reasons() == {"a": Reason.ABSENT}
    assert line.where("a", "b") == ["absent", 1]
    assert line.status().gone == 1


def test_f20_coming_back_within_the_grace_keeps_the_number(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    number = line.enter("a").queue_number
    line.pass_s(329)
    line.expire()
    line.enter("a")
    line.pass_s(200)
    line.expire()

    assert line.enter("a").queue_number == number


def test_coming_back_after_the_grace_means_the_end_of_the_line(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    number = line.enter("a").queue_number
    line.pass_s(331)
    line.expire()

    assert line.enter("a").queue_number > number


def test_f19_the_admitted_who_never_came_gives_the_place_back(make_line: Callable[..., Line]):
    line = make_line(threshold=1, mode="always", claim_seconds=60)
    line.fill("a", "b")
    line.tick()
    line.pass_s(1)
    assert line.tick() == ["a"]
    line.live_s(59)
    line.look("b")

    assert line.live_s(1) == ["b"]
    assert line.reasons() == {}
    assert list(line.scores("queue")) == ["a"]  # at the head, once: test_claims.py


def test_f19_the_idle_give_their_places_back(make_line: Callable[..., Line]):
    line = make_line(idle_seconds=60)
    line.fill("a", "b")
    line.pass_s(59)
    line.enter("b")
    line.pass_s(1.1)

    assert line.expire() == (1, 0)

    assert line.reasons() == {"a": Reason.IDLE}
    assert list(line.scores("active")) == ["b"]
    assert line.status().departed_last_minute == 1


def test_nobody_loses_a_number_to_a_closing_and_the_grace_starts_anew_with_the_reopening(
    make_line: Callable[..., Line],
):
    line = make_line(mode="always", presence_seconds=30, grace_seconds=60)
    line.enter("a")
    line.configure(mode="closed")
    for _ in range(12):  # an hour, in which the site told everybody to go
        line.pass_s(300)
        line.expire()
    assert line.status().waiting == 1

    line.configure(mode="always")
    line.live_s(89)
    assert line.status().waiting == 1
    line.live_s(2)
    assert line.reasons() == {"a": Reason.ABSENT}


def test_a_room_that_stays_closed_forgets_its_line_when_the_slips_die(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.configure(mode="closed")
    line.pass_s(KEPT_SECONDS - 1)
    line.expire()
    line.look("b")
    line.pass_s(12)
    line.expire()
    line.expire()

    assert line.reasons() == {"a": Reason.CLOSED}


def test_those_inside_a_closed_room_idle_out_as_ever(make_line: Callable[..., Line]):
    line = make_line(idle_seconds=60)
    line.enter("a")
    line.configure(mode="closed")
    for _ in range(61):
        line.pass_s(1)
        line.expire()

    assert line.reasons() == {"a": Reason.IDLE}


def test_after_a_closing_the_old_order_holds_and_no_newcomer_passes(make_line: Callable[..., Line]):
    line = make_line(threshold=1, idle_seconds=3600)
    line.fill("inside", "a", "b", "c")
    line.configure(mode="closed")
    for _ in range(50):
        line.look("a", "b", "c")  # their pages stay open
        assert line.live_s(8) == []
    line.configure(mode="automatic")
    assert line.enter("newcomer").phase is Phase.WAITING

    admitted = []
    for visitor in ("inside", "a", "b", "c"):
        line.leave(visitor)
        admitted += line.live_s(3)
    assert admitted == ["a", "b", "c", "newcomer"]


def test_a_crowd_expires_over_several_ticks_and_none_is_lost(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill(*(f"visitor-{i}" for i in range(25)))
    line.pass_s(400)

    assert [line.expire(most=10) for _ in range(4)] == [(0, 10), (0, 10), (0, 5), (0, 0)]
    status = line.status()
    assert (status.joined, status.waiting, status.gone) == (25, 0, 25)


def test_the_gone_are_remembered_as_long_as_slips_live_and_no_longer(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("a")
    line.leave("a")
    line.pass_s(KEPT_SECONDS - 1)
    line.expire()
    assert line.reasons() == {"a": Reason.LEFT}

    line.pass_s(2)
    line.expire()

    assert line.reasons() == {}


def test_the_books_of_old_arrivals_do_not_grow_for_ever(make_line: Callable[..., Line]):
    line = make_line(mode="always", presence_seconds=10, grace_seconds=0)
    for i in range(400):
        line.enter(f"visitor-{i}")
        line.pass_s(10)
        line.tick()

    arrivals = line.status().arrivals
    assert 60 <= len(arrivals) <= 205
    assert arrivals[-1][0] >= line.now_us // 1_000_000 - 20


def test_a_hub_leaves_expiry_too_to_a_clock_that_ticks(make_line: Callable[..., Line]):
    line = make_line(idle_seconds=10)
    line.enter("a")
    line.pass_s(10)
    line.admit()
    line.pass_s(1)

    assert line.expire(idle_ms=3000) == (0, 0)
    assert line.expire() == (1, 0)


@pytest.mark.parametrize("silence_s", [400, 7200])
def test_a_silence_of_the_whole_site_costs_nobody_the_place_in_line(make_line: Callable[..., Line], silence_s: float):
    line = make_line(mode="paused")
    line.fill("a", "b", "c")
    line.tick()
    line.pass_s(silence_s)  # Redis, or every web process, was away: nobody could show up

    assert line.expire() == (0, 0)

    line.pass_s(10)
    line.tick()
    assert [place.position for place in line.fill("c", "b", "a")] == [3, 2, 1]


def test_a_silence_of_the_whole_site_costs_nobody_the_place_inside(make_line: Callable[..., Line]):
    line = make_line(mode="always", threshold=3, claim_seconds=60)
    line.fill("admitted", "never comes")
    line.live_s(1)
    line.pass_s(0.5)
    line.tick()
    line.pass_s(900)
    line.tick()

    line.live_s(59)
    assert line.enter("admitted").phase is Phase.ACTIVE

    line.live_s(2)
    assert list(line.scores("active")) == ["admitted"]
    assert list(line.scores("queue")) == ["never comes"]


def test_after_a_silence_the_absent_have_their_whole_grace_again(make_line: Callable[..., Line]):
    line = make_line(mode="paused", presence_seconds=30, grace_seconds=300)
    line.enter("a")
    line.tick()
    line.pass_s(3600)
    line.tick()
    line.live_s(329)
    assert line.status().waiting == 1

    line.live_s(1)
    assert line.reasons() == {"a": Reason.ABSENT}


def test_a_clock_that_jumps_ahead_costs_nobody_a_place(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("inside", "a", "b")
    line.tick()
    line.pass_s(3600)
    line.tick()
    line.fill("inside", "a", "b")

    assert line.where("inside", "a", "b") == ["active", 1, 2]


def test_without_settings_nobody_expires(line: Line):
    line.remove()

    assert line.expire() == (0, 0)


def test_an_expired_place_is_free_for_the_next(make_line: Callable[..., Line]):
    line = make_line(threshold=1, idle_seconds=10)
    line.enter("a")
    line.pass_s(10)
    line.expire()

    assert line.enter("b").phase is Phase.ACTIVE


def test_expiry_keeps_up_with_whatever_number_is_due(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    for _ in range(12):
        line.crowd(5_000, f"crowd-{line.now_us}")
        line.pass_s(1)
    line.pass_s(400)

    taken = [line.expire()[1] for _ in range(12)]

    assert taken[0] == 10_000  # the bound of one tick
    assert sum(taken) > 55_000
    assert sorted(taken, reverse=True) == taken


def test_of_many_gone_the_last_are_remembered_and_no_older_slip_proves_anything(
    make_line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
):
    small = dataclasses.replace(
        scripts.EXPIRE, source=scripts.EXPIRE.source.replace("MAX_GONE = 200000", "MAX_GONE = 3")
    )
    monkeypatch.setattr(scripts, "EXPIRE", small)
    line = make_line(mode="always")
    numbers, epoch = {}, line.enter("somebody").epoch
    for name in ("a", "b", "c", "d", "e"):
        numbers[name] = line.enter(name).queue_number
        line.pass_s(1)
        line.leave(name)
        line.pass_s(1)

    line.expire()

    assert list(line.reasons()) == ["c", "d", "e"]
    for name, number in numbers.items():
        slip = Slip(WAITING, name, line.slug, epoch, number, 1, 0)
        back = line.enter(name, slip)
        assert back.queue_number > numbers["e"], name  # the end of the line
