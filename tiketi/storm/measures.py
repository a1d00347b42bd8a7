"""What a visitor's diary and the witness's findings measure together."""

import math
from collections.abc import Iterator, Sequence

from tiketi.storm.diary import Diary
from tiketi.storm.fairness import Turn
from tiketi.storm.findings import Findings

# Estimates are whole seconds, told once a second or less: closer to the turn a relative error says nothing.
LEAST_FORETOLD_MS = 5_000
FIRST_DEPARTURES = 10


def turns(diaries: Sequence[Diary], findings: Findings) -> Iterator[Turn]:
    """Everybody's turn, on our clock."""
    ahead = findings.clock_ahead_ms
    for diary in diaries:
        earliest, latest = findings.admissions.get(diary.visitor, (None, None))
        if diary.went_straight_in and diary.entered_at is not None:
            yield Turn(diary, (diary.asked_at + ahead) * 1000, diary.asked_at, diary.entered_at)
        elif diary.number is None:
            continue
        elif earliest is not None and latest is not None:
            yield Turn(diary, diary.number, earliest - ahead, latest - ahead)
        elif diary.entered_at is not None:  # in and out again between two looks
            yield Turn(diary, diary.number, 0.0, diary.entered_at)
        else:
            yield Turn(diary, diary.number, float("inf"), float("inf"))


def delays(diaries: Sequence[Diary], findings: Findings) -> Iterator[float]:
    """From admission to `queue-enter`, of whoever could be told; from the reconnection on where that came later."""
    for diary in diaries:
        admission = findings.admissions.get(diary.visitor)
        if diary.number is None or diary.called_at is None or diary.reachable_at is None or admission is None:
            continue
        yield max(0.0, diary.called_at - max(admission[1] - findings.clock_ahead_ms, diary.reachable_at))


def waits(diaries: Sequence[Diary]) -> Iterator[float]:
    """How long those waited whose turn came."""
    for diary in diaries:
        came = diary.called_at or diary.entered_at
        if diary.number is not None and diary.joined_at is not None and came is not None:
            yield max(0.0, came - diary.joined_at)


def tenth_departure_ms(diaries: Sequence[Diary]) -> float:
    """When the tenth of them had left the inside; from then on the room knows how long people stay."""
    left = sorted(diary.left_at for diary in diaries if diary.left_at is not None)
    return left[FIRST_DEPARTURES - 1] if len(left) >= FIRST_DEPARTURES else math.inf


def estimate_errors(diary: Diary, since: float = 0.0) -> Iterator[float]:
    """Relative errors of what the visitor was told from `since` on: above zero it took less time than was said."""
    came = diary.called_at or diary.entered_at
    if came is None:
        return
    for told_at, seconds in diary.estimates:
        if told_at >= since and came - told_at >= LEAST_FORETOLD_MS:
            true = (came - told_at) / 1000
            yield (seconds - true) / true
