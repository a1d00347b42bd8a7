"""The record of a line: what happened is counted once, outlives Redis, and says what it misses."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from tests.waitingroom.line import NOON, SECOND, Line
from waitingroom import recording, scripts
from waitingroom.errors import LineUnavailable
from waitingroom.line_figures import LineFigures, Order, Recording
from waitingroom.line_records import LineRecord, pack, unpack
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.timing import MAX_RECORDED, RECORD_LIFE_MS

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = NOON // SECOND


@pytest.fixture
def make_recorded(make_line: Callable[..., Line]) -> Callable[..., Line]:
    """Lines whose room is in the database as well."""

    def make(**settings: Any) -> Line:
        line = make_line(**settings)
        line.settings.save(force_insert=True)
        line.configure()
        return line

    return make


def move(line: Line) -> None:
    recording.move([line.settings])


def figures(line: Line) -> LineFigures:
    return LineFigures(recording.read(line.settings))


def balanced(found: LineFigures) -> bool:
    """Who drew a number is let in, gone or waiting; who came in is inside or gone."""
    ended = sum(found.left_inside.values())
    inside = found.straight_in + found.let_in - ended
    return found.unbalanced == 0 and inside == found.recording.inside


def test_a_played_sale_gives_exactly_its_figures(make_recorded):
    """One is inside; a waits 10 s, b 20 s, c 40 s; d gives up; e is never seen again; f still waits."""
    line = make_recorded(mode="automatic", threshold=1, idle_seconds=600)
    line.enter("first")
    line.fill("a", "b", "c", "d", "e", "f")
    started = line.now_us
    for visitor, after_s in (("a", 10), ("b", 20), ("c", 40)):
        while (line.now_us - started) / SECOND < after_s - 0.5:
            line.pass_s(1)
            line.look("a", "b", "c", "f")
            line.tick()
        line.leave("first" if visitor == "a" else chr(ord(visitor) - 1), Reason.PAID)
        if visitor == "b":
            line.leave("d")
        line.now_us = started + after_s * SECOND
        line.look("a", "b", "c", "f")
        assert line.tick() == [visitor]
        line.enter(visitor)

    found = figures(line)

    assert (found.came, found.drew, found.straight_in, found.let_in) == (7, 6, 1, 3)
    assert (found.waits.p50_s, found.waits.p95_s, found.waits.longest_s) == pytest.approx((20, 40, 40), abs=0.001)
    assert (found.order.tau, found.order.inversions, found.order.overtaken) == (1.0, 0, 0)
    assert found.left_line == {Reason.LEFT: 1}
    assert found.left_inside == {Reason.PAID: 3}
    assert (found.bought, found.did_not_buy, found.came_in) == (3, 0, 4)
    assert balanced(found)


def test_moving_it_to_the_database_changes_no_figure(make_recorded):
    line = make_recorded(mode="always", threshold=500, users_per_minute_per_instance=600)
    before: list[int] = []
    for burst in range(4):
        line.crowd(20, f"crowd-{burst}")
        line.live_s(2)
        before.append(figures(line).let_in)
        move(line)
        move(line)
        assert figures(line).let_in == before[-1]
    found = figures(line)

    assert found.drew == 80
    assert found.let_in == line.status().admitted == len(found.turns) == before[-1] > 0
    assert LineRecord.objects.filter(room=line.settings).count() == 4
    assert cast(int, client().xlen(line.keys.record)) == 0


def test_what_two_clocks_move_at_once_is_there_once(make_recorded, monkeypatch):
    line = make_recorded(mode="always")
    line.fill("a", "b")
    line.live_s(2)
    recall = recording.recall

    def overtaken(*asked: Any) -> recording.Recalled:
        found = recall(*asked)
        monkeypatch.undo()
        move(line)  # another clock does all of it meanwhile
        return found

    monkeypatch.setattr(recording, "recall", overtaken)
    move(line)

    assert LineRecord.objects.filter(room=line.settings).count() == 1
    assert figures(line).let_in == 2


def test_what_is_moved_while_somebody_reads_is_neither_missed_nor_doubled(make_recorded, monkeypatch):
    line = make_recorded(mode="always")
    line.fill("a", "b", "c")
    line.live_s(2)
    tail = recording.recall(line.slug)
    move(line)
    monkeypatch.setattr(recording, "recall", lambda *_: tail)

    found = figures(line)

    assert (found.drew, found.let_in, len(found.turns)) == (3, 3, 3)
    assert sum(len(numbers) for _, numbers in found.recording.admissions) == 3


def test_a_redis_that_forgets_leaves_what_was_moved_and_says_where_something_is_missing(make_recorded):
    line = make_recorded(mode="always", threshold=1)
    slips = {visitor: line.slip(visitor) for visitor in ("a", "b", "c")}
    line.tick()
    line.pass_s(5)
    assert line.tick() == ["a"]
    move(line)

    line.lose()
    line.pass_s(1)
    for visitor in ("b", "c"):
        line.enter(visitor, slips[visitor])
    line.pass_s(60)  # the recovery period, and more
    line.look("b", "c")
    for _ in range(4):
        line.pass_s(1)
        line.look("b", "c")
        line.tick()
    found = figures(line)

    assert [loss.by for loss in found.recording.losses] == [None]
    move(line)
    assert found.drew == 3  # those who came back by slips drew no number again
    assert found.let_in == 2  # a, before the loss, and b, by the old number
    assert found.order.tau == 1.0
    longest = found.waits.longest_s
    assert longest is not None
    assert longest > 60  # b's number is of before the loss
    (loss,) = figures(line).recording.losses
    assert loss.by is not None
    assert loss.after <= loss.by
    assert figures(line).let_in == 2


def test_what_redis_lost_before_it_was_moved_is_missing_and_not_invented(make_recorded):
    line = make_recorded(mode="always", threshold=10)
    line.fill("a", "b")
    line.live_s(2)
    move(line)
    line.fill("c", "d", "e")
    line.lose()
    line.pass_s(1)

    found = figures(line)

    assert (found.drew, found.let_in) == (2, 2)
    assert len(found.recording.losses) == 1


def test_while_redis_is_away_it_is_what_was_moved(make_recorded, monkeypatch, settings):
    line = make_recorded(mode="always")
    line.fill("a", "b")
    line.live_s(2)
    move(line)

    def away(*_: Any) -> None:
        raise LineUnavailable

    monkeypatch.setattr(recording, "recall", away)
    found = figures(line)

    assert (found.drew, found.let_in) == (2, 2)
    assert (found.recording.waiting, found.unbalanced) == (None, None)
    with pytest.raises(LineUnavailable):
        move(line)


def test_a_closing_a_reopening_and_a_second_day_are_one_record(make_recorded):
    line = make_recorded(mode="always", threshold=100)
    line.fill("a", "b")
    line.live_s(2)
    line.configure(mode="closed")
    assert line.enter("c").phase == "closed"
    line.live_s(30)
    line.configure(mode="always")
    line.enter("c")
    line.live_s(2)
    move(line)
    line.pass_s(86_400)
    line.tick()
    line.enter("d")
    line.live_s(2)

    found = figures(line)

    assert (found.drew, found.let_in, len(found.turns)) == (4, 4, 4)
    minutes = list(found.recording.minutes)
    assert minutes[-1] - minutes[0] >= 86_400
    assert sum(waits.count for waits in found.waits_by_minute.values()) == 4
    assert balanced(found)


def test_who_was_away_is_told_as_overtaken_and_a_missed_turn_counts_once(make_recorded):
    line = make_recorded(mode="always", threshold=1, claim_seconds=5, idle_seconds=600)
    line.fill("a", "b")
    line.live_s(2)  # it is a's turn; nobody comes
    for _ in range(6):
        line.pass_s(1)
        line.look("b")
        line.tick()
    line.leave("b", Reason.ABANDONED)
    line.look("a")
    line.live_s(2)

    found = figures(line)

    assert (found.turns_missed, found.let_in) == (1, 2)
    assert [turn.number for turn in found.turns] == sorted(turn.number for turn in found.turns)  # the first turn counts
    assert (found.did_not_buy, found.bought) == (1, 0)
    assert balanced(found)


def test_who_comes_back_to_the_line_late_has_been_overtaken(make_recorded):
    line = make_recorded(mode="always", threshold=1, presence_seconds=40)
    line.fill("a", "b", "c")
    line.absent("a", return_ms=1)
    line.tick()
    line.pass_s(1)
    assert line.tick() == ["b"]
    line.enter("b")
    line.look("a", "c")
    line.leave("b", Reason.PAID)
    line.live_s(2)

    order = figures(line).order

    assert (order.count, order.overtaken, order.inversions) == (2, 1, 1)
    assert order.tau == -1.0


def test_numbers_of_strangers_are_told_apart(make_recorded):
    line = make_recorded(mode="always", threshold=1)
    line.come("nobody")
    line.live_s(61)
    found = figures(line)

    assert (found.drew, found.never_seen, found.left_line) == (1, 1, {})
    assert balanced(found)


def test_the_promise_of_the_first_page_is_held_against_the_wait(make_recorded):
    line = make_recorded(mode="always", threshold=10, users_per_minute_per_instance=30)
    places = line.fill("a", "b")
    numbers = [place.queue_number for place in places]
    line.run(scripts.PROMISE, f"{numbers[0]}:20,{numbers[1]}:5")
    line.run(scripts.PROMISE, f"{numbers[0]}:99")  # told again: the first counts
    line.pass_s(9)
    line.tick()
    for visitor in ("a", "b"):
        line.pass_s(1)
        line.look("a", "b")
        assert line.tick() == [visitor]
    move(line)

    error = figures(line).estimate_error

    assert (error.told, error.checked) == (2, 2)
    waited = [10.0, 11.0]
    off = [(20 - waited[0]) / waited[0], (5 - waited[1]) / waited[1]]
    assert error.bias == pytest.approx(sum(off) / 2, abs=1e-3)
    assert error.median == pytest.approx(sum(map(abs, off)) / 2, abs=1e-3)
    assert error.p90 == pytest.approx(max(map(abs, off)), abs=1e-3)


def test_a_room_that_is_no_more_takes_no_promise_and_its_record_goes_with_it(make_recorded):
    line = make_recorded(mode="always")
    line.fill("a")
    line.live_s(2)
    move(line)
    line.fill("b")
    line.settings.delete()

    assert line.run(scripts.PROMISE, "1:1") == 0
    assert not client().exists(line.keys.record, line.keys.minutes)
    assert not LineRecord.objects.filter(room_id=line.settings.pk).exists()
    assert not LineRecord.objects.exists()


def test_nothing_of_it_names_a_visitor(make_recorded):
    line = make_recorded(mode="always")
    line.fill("account-of-minsu", "browser-of-somebody")
    line.live_s(2)
    held = [client().dump(line.keys.record), client().dump(line.keys.minutes)]
    move(line)
    row = LineRecord.objects.get(room=line.settings)
    stored = repr([row.minutes, unpack(bytes(row.packed)), row.until])

    for name in ("account", "minsu", "browser", "somebody"):
        assert all(name.encode() not in cast(bytes, one) for one in held)
        assert name not in stored


def add_entries(line: Line) -> None:
    """As many as no clock moves in half an hour."""
    pipeline = client().pipeline(transaction=False)
    for _ in range(MAX_RECORDED + 1_000):
        pipeline.xadd(line.keys.record, {"told": "1:1"})
    pipeline.execute()


def test_it_is_bounded_and_ends_by_itself(make_recorded):
    line = make_recorded(mode="always")
    line.fill("a")
    line.live_s(2)
    add_entries(line)
    line.run(scripts.PROMISE, "1:1")
    assert cast(int, client().xlen(line.keys.record)) < MAX_RECORDED + 200  # whole nodes go
    add_entries(line)
    for visitor in ("b", "c"):  # ten thousand go at a time
        line.enter(visitor)
        line.live_s(1)
    assert cast(int, client().xlen(line.keys.record)) < MAX_RECORDED + 200
    for key in (line.keys.record, line.keys.minutes):
        assert 0 < cast(int, client().pttl(key)) <= RECORD_LIFE_MS


def test_turns_that_redis_could_not_keep_are_told(make_recorded):
    line = make_recorded(mode="always")
    line.fill("a", "b")
    line.live_s(2)
    client().delete(line.keys.record)  # as the oldest of too many entries go

    assert figures(line).unrecorded_turns == 2


def test_what_is_packed_comes_out_again_and_is_small():
    numbers = [NOON + i * 1_713 for i in range(5_000)]
    admissions = [(NOON // 1000 + 1000 * i, numbers[i : i + 50]) for i in range(0, 5_000, 50)]
    told = {number: 300 + i % 50 for i, number in enumerate(numbers)}

    packed = pack(admissions, told)

    assert unpack(packed) == (admissions, told)
    assert len(packed) / len(numbers) < 14


def test_who_gathered_waits_from_the_opening_on():
    gathered, opens_us, late = NOON - 600 * SECOND, NOON, NOON + 5 * SECOND
    at_ms = NOON // 1000 + 10_000
    found = LineFigures(Recording(admissions=((at_ms, [gathered, late]),)), opens_us=opens_us)

    assert [turn.waited_s for turn in found.turns] == [10.0, 5.0]
    moved = LineFigures(found.recording, opens_us=NOON + 3600 * SECOND)  # put off after they came in
    assert [turn.waited_s for turn in moved.turns] == [610.0, 5.0]


def test_of_a_draw_the_rank_is_held_against_the_turns():
    first, size = NOON - 101, 100
    ranks = list(range(first, first + size))
    late = NOON + SECOND
    found = LineFigures(Recording(admissions=((1, ranks), (2, [late]))), first_drawn=first, drawn=size)

    assert found.drawn_order == Order(100, 1.0, 0, 0)
    assert LineFigures(found.recording).drawn_order is None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_record_adds_up_to_what_the_room_counts(make_recorded, seed):
    chance = random.Random(seed)
    line = make_recorded(
        mode="automatic", threshold=3, claim_seconds=5, idle_seconds=20, grace_seconds=20, longest_stay_seconds=60
    )
    names = [f"v{i}" for i in range(14)]
    for step in range(250):
        visitor = chance.choice(names)
        match chance.randrange(9):
            case 0 | 1:
                line.enter(visitor)
            case 2:
                line.look(*chance.sample(names, 6))
            case 3:
                line.leave(visitor, chance.choice(list(Reason)))
            case 4:
                line.take_over(visitor, chance.choice(names))
            case 5:
                line.come(f"stranger-{step}")
            case 6 if step % 5 == 0:
                line.configure(mode=chance.choice(["automatic", "always", "off", "paused", "closed", "draining"]))
            case 7 if step % 7 == 0:
                move(line)
            case _:
                line.pass_s(chance.uniform(0.1, 6))
                line.tick()
        found = figures(line)
        assert balanced(found), step
    status = line.status()
    assert found.straight_in == status.straight_in
    assert found.counts["m"] == status.admitted
    assert sum(found.left_line.values()) + found.never_seen == status.gone
    assert found.unrecorded_turns == 0
    assert Counter(found.turns).most_common(1)[0][1] == 1
