"""draw: those whom a draw put in order stand in the line by their ranks, ahead of all who come later."""

import time
from collections.abc import Callable

import pytest

from tests.patience import quickest
from tests.waitingroom.line import SECOND, Line, names
from waitingroom import scripts
from waitingroom.draw.numbers import queue_number
from waitingroom.drawn_line import draw_calls, line_up, read_drawn
from waitingroom.errors import DrawRefused, OutOfMemory, SettingsMissing
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import client, clock_s

Make = Callable[..., Line]


def draw(line: Line, *visitors: str, opened_us: int = 0, size: int = 0, first: int = 1) -> list[str]:
    """One call; everybody was seen this moment."""
    pairs = [part for visitor in visitors for part in (visitor, line.now_us // 1000)]
    opened_us = opened_us or line.now_us
    return read_drawn(line.run(scripts.DRAW, opened_us, size or len(visitors), first, line.now_us, *pairs))


def begin(line: Line) -> None:
    """The clock has ticked for a while: there are tokens."""
    line.tick()
    line.live_s(1)


def conserved(line: Line) -> bool:
    status = line.status()
    return status.joined == status.waiting + status.admitted + status.gone


def test_they_stand_by_their_ranks_with_the_numbers_that_anybody_computes(make_line: Make):
    line = make_line(mode="always")
    opened_us = line.now_us

    assert draw(line, "c", "a", "b") == ["waiting"] * 3

    assert line.where("c", "a", "b") == [1, 2, 3]
    assert line.scores("queue") == {one: queue_number(i, 3, opened_us) for i, one in enumerate("cab", 1)}
    assert line.scores("present") == line.scores("queue")
    assert conserved(line)


def test_whoever_comes_later_stands_behind_also_between_two_batches(make_line: Make):
    line = make_line(mode="always")
    opened_us = line.now_us
    draw(line, *names(3), opened_us=opened_us, size=6)

    early = line.enter("early bird")  # in the very microsecond of the opening
    draw(line, *names(3, start=3), opened_us=opened_us, size=6, first=4)
    line.pass_s(1)
    line.enter("late")

    assert early.queue_number >= opened_us
    assert line.where(*names(6), "early bird", "late") == [1, 2, 3, 4, 5, 6, 7, 8]


def test_whoever_comes_later_stands_behind_though_the_servers_clock_jumps_back(make_line: Make):
    line = make_line(mode="always")
    draw(line, *names(3))
    line.pass_s(-60)

    line.enter("late")

    assert line.where(*names(3), "late") == [1, 2, 3, 4]


def test_calling_again_changes_nothing(make_line: Make):
    line = make_line(mode="always")
    opened_us = line.now_us
    draw(line, *names(5), opened_us=opened_us)
    line.pass_s(1)
    before = line.everything()

    assert draw(line, *names(5), opened_us=opened_us) == ["waiting"] * 5

    assert line.everything() == before


def test_who_left_or_came_in_meanwhile_is_not_put_back(make_line: Make):
    line = make_line(mode="always", threshold=1)
    begin(line)
    opened_us = line.now_us
    draw(line, "a", "b", "c", opened_us=opened_us)
    line.tick()
    line.leave("b")

    assert draw(line, "a", "b", "c", opened_us=opened_us) == ["active", "gone", "waiting"]

    assert line.where("c") == [1]
    assert line.reasons() == {"b": Reason.LEFT}
    assert conserved(line)


def test_who_had_a_place_before_the_gathering_may_be_drawn(make_line: Make):
    line = make_line(mode="always")
    line.enter("a")
    line.leave("a")
    line.pass_s(60)

    assert draw(line, "a") == ["waiting"]

    assert line.where("a") == [1]
    assert conserved(line)


def test_who_joined_at_the_opening_has_the_drawn_number_from_then_on(make_line: Make):
    line = make_line(mode="always")
    opened_us = line.now_us
    line.fill("stranger", "a", "another")

    line.run(scripts.DRAW, opened_us, 2, 1, line.now_us, "z", line.now_us // 1000, "a", 0)  # seen by the line alone

    assert line.where("z", "a", "stranger", "another") == [1, 2, 3, 4]
    assert line.scores("present")["a"] == line.scores("queue")["a"] == queue_number(2, 2, opened_us)
    assert conserved(line)


def test_who_is_not_there_keeps_the_number_for_the_grace_and_holds_nobody_up(make_line: Make):
    line = make_line(mode="always", presence_seconds=30, grace_seconds=60, threshold=1)
    begin(line)
    line.run(scripts.DRAW, line.now_us, 2, 1, line.now_us, "absent", 0, "here", line.now_us // 1000)
    assert list(line.scores("present")) == ["here"]

    assert line.tick() == ["here"]
    line.live_s(20)
    assert line.enter("absent").position == 1
    line.leave("here")
    assert line.live_s(2) == ["absent"]


def test_who_never_comes_leaves_the_line_as_absent(make_line: Make):
    line = make_line(mode="always", presence_seconds=30, grace_seconds=60)
    line.run(scripts.DRAW, line.now_us, 1, 1, line.now_us, "absent", 0)

    line.live_s(59)
    assert list(line.scores("queue")) == ["absent"]
    line.live_s(2)

    assert line.reasons() == {"absent": Reason.ABSENT}
    assert conserved(line)


def test_slips_bring_the_drawn_order_back_after_redis_lost_it(make_line: Make):
    line = make_line(mode="always")
    opened_us = line.now_us
    draw(line, "a", "b", "c", opened_us=opened_us)
    slips = [line.slip(visitor) for visitor in "abc"]
    line.lose()

    line.take_back(*reversed(slips))

    assert line.where("a", "b", "c") == [1, 2, 3]
    assert draw(line, "a", "b", "c", opened_us=opened_us) == ["waiting"] * 3
    assert line.where("a", "b", "c") == [1, 2, 3]


def test_nobody_is_lined_up_before_the_opening(line: Line):
    before = line.everything()

    with pytest.raises(DrawRefused, match="not opened"):
        draw(line, "a", opened_us=line.now_us + 1)

    assert line.everything() == before


def test_a_closed_room_takes_nobody(make_line: Make):
    line = make_line(mode="closed")
    before = line.everything()

    with pytest.raises(DrawRefused, match="closed"):
        draw(line, "a")

    assert line.everything() == before


def test_a_draining_room_takes_those_who_wait_already_and_nobody_new(make_line: Make):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.configure(mode="draining")

    assert draw(line, "c", "b", "a") == ["gone", "waiting", "waiting"]

    assert list(line.scores("queue")) == ["b", "a"]
    assert conserved(line)


def test_without_settings_nothing_is_done(line: Line):
    line.lose(recorded=False)

    with pytest.raises(SettingsMissing):
        draw(line, "a")

    assert client().exists(*line.keys.all()) == 0


def test_they_are_admitted_in_their_order(make_line: Make):
    line = make_line(mode="always", threshold=4)
    begin(line)
    draw(line, *"dbca")

    assert line.tick() == list("dbca")
    assert [line.enter(visitor).phase for visitor in "abcd"] == [Phase.ACTIVE] * 4


def test_ten_thousand_are_in_line_within_three_seconds(make_line: Make):
    """And no call holds Redis for long: visitors are served between two of them."""
    visitors = names(10_000)

    def took_s() -> float:
        line = make_line(mode="always")
        now_us = round(clock_s() * SECOND)
        seen_ms = dict.fromkeys(visitors, now_us // 1000)
        assert len(draw_calls(line.slug, visitors, opened_us=now_us, seen_ms=seen_ms)) == 10
        began = time.perf_counter()

        fates = line_up(line.slug, visitors, opened_us=now_us, seen_ms=seen_ms)

        took = time.perf_counter() - began
        assert set(fates.values()) == {"waiting"}
        assert line.where(visitors[0], visitors[4_321], visitors[-1]) == [1, 4_322, 10_000]
        return took

    assert quickest(took_s, 3) < 3


def test_a_redis_without_memory_changes_nothing(make_line: Make):
    line = make_line(mode="always")
    opened_us, before = line.now_us, line.everything()
    client().config_set("maxmemory", 1)
    try:
        with pytest.raises(OutOfMemory):
            draw(line, "a", "b", opened_us=opened_us)
    finally:
        client().config_set("maxmemory", 0)
    assert line.everything() == before

    assert draw(line, "a", "b", opened_us=opened_us) == ["waiting"] * 2
