"""What two samples of a room tell of the time between them: rates, promises kept, minutes; pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from waitingroom.samples import Sample

# Rates are of so long: shorter, and a clock's tick a second makes them jump.
RATE_SECONDS = 10.0
# How far a sample may be from the instant that is asked about.
NEAR_SECONDS = 10.0
# Errors are of the last minute's promises.
ERROR_SECONDS = 60.0
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Rates:
    """Visitors a second over the last seconds."""

    arrivals: float
    admissions: float
    refills: float  # of these, out of the line
    departures: float


def rates(curve: Sequence[Sample], now: Sample) -> Rates | None:
    """The rates up to `now`, by the newest sample that is RATE_SECONDS old or older, else the oldest; None of none.

    `curve` is sorted. A count that fell (Redis lost the room) tells nothing.
    """
    earlier = [one for one in curve if now.at_s - one.at_s >= 1]
    if not earlier:
        return None
    old_enough = [one for one in earlier if now.at_s - one.at_s >= RATE_SECONDS]
    before = old_enough[-1] if old_enough else earlier[0]
    elapsed_s = now.at_s - before.at_s
    grown = [getattr(now, name) - getattr(before, name) for name in ("arrived", "admitted", "refilled", "departed")]
    if elapsed_s > NEAR_SECONDS + RATE_SECONDS or min(grown[:3]) < 0:
        return None
    return Rates(*(max(0.0, count / elapsed_s) for count in grown))


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """How long the head of the line has waited, and what it was promised when its number was drawn."""

    waited_s: float
    promised_s: float
    error: float  # median of the last minute's (promised - waited) / waited; below 0: it took longer than promised


def promise_kept(curve: Sequence[Sample]) -> PromiseKept | None:
    """What the line was promised against what it really waited; None where nobody waits, or nobody knows.

    Whoever stands at the head is about to be let in, and their queue number tells when they came: so the promise is
    the estimate of the sample nearest to that instant. While the line stands, the head waits on, and so does the error.
    """
    if not curve:
        return None
    instants = [one.at_s for one in curve]
    recent = [one for one in curve if curve[-1].at_s - one.at_s <= ERROR_SECONDS]
    found = [(one, promised) for one in recent if (promised := _promised(curve, instants, one))]
    if not found or found[-1][0] is not curve[-1]:
        return None
    head, promised_s = found[-1]
    error = median((promised - one.oldest_wait_s) / one.oldest_wait_s for one, promised in found)
    return PromiseKept(head.oldest_wait_s, promised_s, error)


def _promised(curve: Sequence[Sample], instants: Sequence[float], now: Sample) -> float | None:
    """What the head of the line at `now` was promised."""
    if now.present == 0 or now.oldest_wait_s < 1:
        return None
    drawn_at = now.at_s - now.oldest_wait_s
    index = bisect_left(instants, drawn_at)
    around = [one for one in curve[max(0, index - 1) : index + 1] if one.estimated_wait_s]
    nearest = min(around, key=lambda one: abs(one.at_s - drawn_at), default=None)
    if nearest is None or abs(nearest.at_s - drawn_at) > NEAR_SECONDS:
        return None
    return nearest.estimated_wait_s


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute that begins `at`: how it ended, and what happened in it."""

    at: float
    waiting: int
    active: int
    threshold: int
    estimated_wait_s: int
    oldest_wait_s: float
    arrivals: int
    admissions: int
    refills: int
    in_service: float


def minutes(curve: Sequence[Sample]) -> tuple[Minute, ...]:
    """The minutes of a sorted curve, the oldest first; without those of which nothing is known."""
    return tuple(_minutes(curve))


def _minutes(curve: Sequence[Sample]) -> Iterator[Minute]:
    steps = list(pairwise([*curve[:1], *curve]))  # the first stands for itself: nothing is known of before it
    for minute, found in groupby(steps, key=lambda step: int(step[1].at_s // MINUTE)):
        within = list(found)
        last = within[-1][1]
        yield Minute(
            at=minute * MINUTE,
            waiting=last.waiting,
            active=last.active,
            threshold=last.threshold,
            estimated_wait_s=last.estimated_wait_s,
            oldest_wait_s=last.oldest_wait_s,
            arrivals=sum(max(0, one.arrived - before.arrived) for before, one in within),
            admissions=sum(max(0, one.admitted - before.admitted) for before, one in within),
            refills=sum(max(0, one.refilled - before.refilled) for before, one in within),
            in_service=last.in_service,
        )
