"""Was the line fair? Whoever came earlier, and was there, must not have been let in later."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tiketi.storm.diary import Diary

# After coming back, a visitor may be overlooked until the line has noticed; so may who was given a number and has not
# shown yet that its cookie comes back. Milliseconds.
NOTICED_MS = 2_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One visitor's turn in the line; instants are Unix milliseconds."""

    diary: Diary
    number: float  # the queue number, microseconds; of who went straight in, the earliest he can have come
    earliest: float  # the first instant at which he can have been admitted; infinite if he never was
    latest: float  # the last


def inversions(turns: Iterable[Turn]) -> list[tuple[Turn, Turn]]:
    """Everybody who saw a later number let in strictly before them, while they were there, each with one such other."""
    by_number = sorted(turns, key=lambda turn: turn.number, reverse=True)
    found = []
    soonest = float("inf")  # the earliest admission, surely over by then, among all later numbers
    for index, turn in enumerate(by_number):
        if soonest < turn.earliest and turn.diary.number is not None:
            passed_by = next(_overtakers(turn, islice(by_number, index)), None)
            found += [(turn, passed_by)] if passed_by else []
        soonest = min(soonest, turn.latest)
    return found


def _overtakers(turn: Turn, later: Iterable[Turn]) -> Iterator[Turn]:
    return (other for other in later if other.latest < turn.earliest and not _excused(turn.diary, other))


def _excused(diary: Diary, other: Turn) -> bool:
    """Whether the other may be let in first; nobody goes straight in past a number, whosever it is."""
    return _away(diary, other.latest) or (other.diary.number is not None and _is_stranger(diary, other.latest))


def _is_stranger(diary: Diary, at: float) -> bool:
    """Whether the line may not know yet that somebody has the number."""
    if diary.joined_at is None:
        return False
    return at <= min(diary.noticed_at or math.inf, diary.joined_at + NOTICED_MS)


def _away(diary: Diary, at: float) -> bool:
    """Whether the visitor had chosen to be away; who was cut off by the site was there."""
    if diary.vanished_at is not None and at >= diary.vanished_at:
        return True
    return any(since <= at <= until + NOTICED_MS for since, until in diary.absences)
