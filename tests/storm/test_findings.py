"""What samples of Redis add up to."""

import dataclasses

from tiketi.storm.findings import Departure, Findings, Loss
from tiketi.storm.sample import Counts, Sample

CLAIM_MS, IDLE_MS = 60_000, 600_000
BALANCED = Counts(joined=5, waiting=2, admitted=2, gone=1)


def sample(at_ms: float, active: dict[str, float] | None = None, **changes: object) -> Sample:
    """The room at an instant."""
    plain = Sample(
        at_ms=at_ms,
        clock_ahead_ms=0,
        took_ms=1,
        threshold=2,
        claim_ms=CLAIM_MS,
        idle_ms=IDLE_MS,
        tick_at_ms=0,
        counts=BALANCED,
        active=active or {},
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # whatever fields a test sets


def findings(*samples: Sample) -> Findings:
    """What these samples show."""
    found = Findings()
    for each in samples:
        found.add(each)
    return found


def inside(*visitors: str) -> dict[str, float]:
    return dict.fromkeys(visitors, 1e15)


def test_the_peak_and_the_longest_gap_are_kept():
    found = findings(sample(0, inside("a")), sample(50, inside("a", "b")), sample(180))

    assert (found.samples, found.peak_active, found.longest_gap_ms) == (3, 2, 130)


def test_more_inside_than_the_threshold_is_overfull():
    assert findings(sample(0, inside("a", "b")), sample(50, inside("a", "b", "c"))).overfull == 1


def test_a_lowered_threshold_sends_nobody_out_but_lets_nobody_in():
    full, lowered = sample(0, inside("a", "b")), sample(50, inside("a", "b"), threshold=1)

    assert findings(full, lowered).overfull == 0
    assert findings(full, lowered, sample(100, inside("a"), threshold=1)).overfull == 0
    assert findings(full, lowered, sample(100, inside("a", "b", "c"), threshold=1)).overfull == 1


def test_the_claim_tells_the_instant_of_admission_to_the_millisecond():
    found = findings(sample(1_000.7), sample(1_050, {"a": 1_020 + CLAIM_MS}))

    assert found.admissions == {"a": (1_020, 1_020)}


def test_whoever_showed_up_at_once_was_admitted_at_the_tick_or_before():
    found = findings(sample(1_000.7), sample(1_050, {"a": 1_040 + IDLE_MS}, tick_at_ms=1_030))

    assert found.admissions == {"a": (1_000, 1_030)}


def test_an_admission_is_noted_once():
    found = findings(
        sample(1_000), sample(1_050, {"a": 1_020 + CLAIM_MS}), sample(1_100), sample(1_150, {"a": 1_120 + IDLE_MS})
    )

    assert found.admissions == {"a": (1_020, 1_020)}


def test_who_was_inside_before_the_storm_is_not_admitted_by_it():
    assert findings(sample(0, inside("a")), sample(50, inside("a"))).admissions == {}


def test_whose_place_was_taken_before_it_expired_has_departed_until_brought_back():
    inside_long = sample(0, {"a": 10_000, "b": 40})
    gone = sample(50)

    assert findings(inside_long, gone).departures == {"a": Departure(0, 50)}
    assert findings(inside_long, gone, sample(100, {"a": 10_000})).departures == {}


def test_an_epoch_that_ends_is_a_loss_until_the_line_is_whole_again():
    found = findings(
        sample(0, epoch="e1"),
        sample(50),
        sample(100, epoch="e2", recovering_ms=100),
        sample(150, epoch="e2", recovering_ms=50),
        sample(250, epoch="e2"),
        sample(300, epoch="e2"),
    )

    assert found.losses == [Loss(0, 150)]
    assert found.was_lost(120)
    assert found.was_lost(-50, 10)
    assert not found.was_lost(260)
    assert findings(sample(0, epoch="e1"), sample(50, epoch="e1")).losses == []


def test_counters_that_do_not_add_up_are_found():
    assert findings(sample(0), sample(50, counts=Counts(joined=6, waiting=2, admitted=2, gone=1))).unbalanced == 1


def test_the_room_must_have_counted_everybody_seen_drawing_a_number():
    found = findings(sample(0), sample(50, counts=Counts(joined=8, waiting=5, admitted=2, gone=1)))

    assert found.counts_all(3)
    assert not found.counts_all(4)


def test_counters_lost_with_redis_prove_nothing():
    assert findings(sample(0), sample(50, counts=Counts(0, 0, 0, 0))).counts_all(3)


def test_the_quickest_answer_tells_the_clocks_difference_best():
    found = findings(sample(0, clock_ahead_ms=9, took_ms=20), sample(50, clock_ahead_ms=2, took_ms=1))

    assert found.clock_ahead_ms == 2
