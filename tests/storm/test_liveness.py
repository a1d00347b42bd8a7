"""A present visitor at the head, a vacancy and a token: two seconds, and not more."""

import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from tiketi.storm.liveness import Liveness
from tiketi.storm.sample import Counts, Sample

EVERY_MS = 50.0


def look(at_ms: float, admitted: int = 0, **changes: object) -> Sample:
    """A room of ten with one inside, nine vacancies and ten waiting; a token every 100 ms."""
    plain = Sample(
        at_ms=at_ms,
        clock_ahead_ms=0,
        took_ms=1,
        threshold=10,
        claim_ms=60_000,
        idle_ms=600_000,
        tick_at_ms=0,
        counts=Counts(joined=10 + admitted, waiting=10, admitted=admitted, gone=0),
        active={"a": 1e15},
        epoch="e1",
        per_second=10,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # whatever fields a test sets


def add(liveness: Liveness, looks: Sequence[Sample], waits: Callable[[], float | None] = lambda: 0.0) -> Liveness:
    """Show it these looks, one after the other."""
    for before, sample in pairwise(looks):
        liveness.add(before, sample, EVERY_MS, waits)
    return liveness


def looks(since_ms: float, until_ms: float, **changes: object) -> list[Sample]:
    return [look(since_ms + i * EVERY_MS, **changes) for i in range(int((until_ms - since_ms) / EVERY_MS) + 1)]  # type: ignore[arg-type]


def test_who_is_let_in_within_two_seconds_was_not_stalled():
    liveness = add(Liveness(), [*looks(0, 2_000), look(2_050, admitted=1)])

    assert liveness.stalls == 0
    assert 1_500 < liveness.longest_ms <= 2_000


def test_who_is_let_in_later_was_stalled_once():
    liveness = add(Liveness(), [*looks(0, 2_600), *looks(2_650, 3_000, admitted=1)])

    assert liveness.stalls == 1
    assert liveness.longest_ms > 2_000


def test_each_admission_begins_the_two_seconds_anew():
    steady = [look(i * EVERY_MS, admitted=int(i * EVERY_MS / 1_500)) for i in range(200)]

    assert add(Liveness(), steady).stalls == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 1},  # full
        {"mode": "paused"},
        {"mode": "closed"},
        {"recovering_ms": 100.0},
        {"per_second": 0.0},  # nobody serves
        {"counts": Counts(joined=0, waiting=0, admitted=0, gone=0)},
    ],
)
def test_where_nobody_could_be_let_in_nothing_stalls(changes: dict[str, object]):
    assert add(Liveness(), looks(0, 10_000, **changes)).stalls == 0


def test_a_slow_room_has_the_time_that_its_token_takes():
    assert add(Liveness(), looks(0, 5_900, per_second=0.25)).stalls == 0
    assert add(Liveness(), looks(0, 6_600, per_second=0.25)).stalls == 1


def test_a_line_of_the_absent_stalls_nobody():
    assert add(Liveness(), looks(0, 10_000), lambda: None).stalls == 0


def test_the_two_seconds_begin_when_somebody_is_present():
    assert add(Liveness(), looks(0, 4_000), lambda: 2_500.0).stalls == 0
    assert add(Liveness(), looks(0, 5_000), lambda: 2_500.0).stalls == 1


def test_what_the_machine_itself_was_late_is_not_counted():
    busy = [look(0), look(50), look(100), look(2_300), look(2_400)]

    assert add(Liveness(), busy).stalls == 0
    assert add(Liveness(), [*busy, *looks(2_450, 5_500)]).stalls == 1


def test_an_outage_of_redis_stalls_nobody_and_the_time_after_it_counts():
    liveness = add(Liveness(), looks(0, 1_500))
    liveness.interrupt()

    assert add(liveness, looks(9_000, 10_500)).stalls == 0
    assert add(liveness, looks(10_500, 12_000)).stalls == 1
