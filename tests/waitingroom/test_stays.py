"""stays: how long people stay, learned without being misled by who left first; Redis keeps the same table as Python."""

import random
from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line, names
from waitingroom.redis import client
from waitingroom.stays import AGES, LAST_SALE_LEAVERS, NEXT_SALE_MS, Stays, StayTable, prior_s


def known_after(seconds: float, stays_s: list[float], prior: float = 190.0) -> Stays:
    """What is known so long after everybody came in at once."""
    table = StayTable()
    gone = [stay for stay in stays_s if stay <= seconds]
    table.note(seconds * 1000, [stay * 1000 for stay in gone], inside=len(stays_s) - len(gone))
    inside = len(stays_s) - len(gone)
    return Stays(prior, table.leavers, table.weight, inside, [seconds] * min(AGES, inside))


def test_before_anybody_left_the_prior_stands_and_is_never_nothing():
    assert prior_s(60, 600) == pytest.approx(190, abs=1)
    known = known_after(1, [300.0] * 1000)

    assert known.mean_s == 0  # measured
    assert sum(share * stay_s for share, stay_s in known.lengths) == pytest.approx(190)


@pytest.mark.parametrize("mean_s", [5, 60, 300])
def test_the_first_to_leave_are_not_taken_for_all(mean_s: int):
    chance = random.Random(1)
    stays = [chance.expovariate(1 / mean_s) for _ in range(2000)]
    hundredth = sorted(stays)[100]

    assert hundredth < mean_s / 10
    assert known_after(hundredth, stays).mean_s == pytest.approx(mean_s, rel=0.25)


def test_when_all_stay_equally_long_that_is_known_as_soon_as_they_begin_to_leave():
    known = known_after(301.0, [300.0] * 500 + [301.0] * 450 + [302.0] * 50)

    assert known.mean_s == pytest.approx(300, rel=0.15)
    assert sum(visitors for visitors, _ in known.leaving()) == pytest.approx(known.inside)


def test_in_a_long_sale_newer_stays_outweigh_older_ones():
    table = StayTable()
    for second in range(0, 6000, 2):
        table.note(second * 1000, [60_000] * 20 if second < 3000 else [120_000] * 20, inside=1000)

    known = Stays(190, table.leavers, table.weight, 1000, [60.0] * AGES)
    assert known.mean_s > 105


def test_the_last_sale_counts_like_a_few_leavers_in_the_next():
    table = StayTable()
    table.note(1000, [60_000] * 3000, inside=0)
    table.note(1000 + NEXT_SALE_MS + 1, [120_000], inside=1000)

    assert table.kept == pytest.approx(LAST_SALE_LEAVERS + 1)
    assert table.weight == 1


def test_redis_keeps_the_same_table(line: Line):
    table, chance = StayTable(), random.Random(2)
    visitors = names(60)
    line.fill(*visitors)
    entered = dict.fromkeys(visitors, line.now_us)
    for visitor in visitors:
        entered[visitor] = int(client().zscore(line.keys.entered, visitor))  # type: ignore[arg-type]  # it is there
    for left, visitor in enumerate(visitors[:50], start=1):
        line.pass_s(chance.choice([0.3, 2, 40, 3700 if left == 30 else 1]))
        line.enter(visitor)
        line.leave(visitor)
        now_ms = line.now_us // 1000
        table.note(now_ms, [now_ms - entered[visitor]], inside=len(visitors) - left)

    fields = {k.decode(): v.decode() for k, v in client().hgetall(line.keys.stays).items()}  # type: ignore[union-attr]
    kept = StayTable.read(fields)
    assert kept.counts == pytest.approx(table.counts)
    assert kept.sums_ms == pytest.approx(table.sums_ms, rel=1e-4)
    assert (kept.weight, kept.left_at_ms) == (table.weight, table.left_at_ms)


def test_stays_are_forgotten_by_halves_in_redis_as_in_python(make_line: Callable[..., Line]):
    line, table = make_line(threshold=5000), StayTable()
    line.crowd(4000, "visitor")
    line.pass_s(601)  # beyond the idle period
    for inside in (3000, 2000, 1000, 0):
        line.expire()
        table.note(line.now_us // 1000, [601_000] * 1000, inside=inside)

    fields = {k.decode(): v.decode() for k, v in client().hgetall(line.keys.stays).items()}  # type: ignore[union-attr]
    kept = StayTable.read(fields)
    assert table.weight < 1
    assert (kept.weight, kept.kept) == pytest.approx((table.weight, table.kept))
    assert client().zcard(line.keys.entered) == 0


def test_whoever_takes_a_place_over_has_been_there_as_long(line: Line):
    line.fill("browser")
    line.pass_s(30)
    line.take_over("browser", "account")
    line.pass_s(10)
    line.leave("account")

    stays = line.look().pace.stays
    assert stays is not None
    assert [(count, round(stay_s)) for count, stay_s in stays.leavers] == [(1, 40)]


def test_who_comes_back_inside_stays_on_since_the_admission(line: Line):
    line.fill("a")
    line.pass_s(50)
    line.enter("a")
    line.pass_s(50)

    stays = line.look().pace.stays
    assert stays is not None
    assert [round(age) for age in stays.ages_s] == [100]


def test_who_came_in_from_the_line_stays_since_the_admission(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a")
    line.pass_s(20)
    assert line.live_s(2) == ["a"]
    line.pass_s(30)
    line.enter("a")
    line.leave("a")

    stays = line.look().pace.stays
    assert stays is not None
    assert 30 <= stays.leavers[0][1] <= 31
