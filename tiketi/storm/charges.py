"""What a visitor, or two, can hold against the site: pure, from diaries and what the witness saw."""

import math
from collections import Counter
from collections.abc import Sequence

from tiketi.storm.diary import Diary, Growth, Rise
from tiketi.storm.fairness import Turn
from tiketi.storm.findings import Findings
from tiketi.storm.run import Run, Sales

# So long may a farewell take to reach Redis.
FAREWELL_MS = 1_000


def told(turn: Turn, other: Turn, run: Run) -> dict[str, object]:
    """An inversion, for whoever looks for its cause; seconds of the storm."""

    def second(at: float | None) -> float | None:
        return None if at is None or at == float("inf") else round((at - run.began_ms) / 1000, 3)

    diary = turn.diary
    return {
        "visitor": diary.visitor,
        "joined": second(diary.joined_at),
        "reachable": second(diary.reachable_at),
        "away": [[second(since), second(until)] for since, until in diary.absences],
        "cut_off": [[second(since), second(until)] for since, until in diary.cut_offs],
        "admitted": second(turn.earliest),
        "by": other.diary.visitor,
        "who_joined": second(other.diary.joined_at),
        "and_was_admitted": second(other.latest),
    }


def grown(growth: Growth, run: Run) -> dict[str, object]:
    return {"at": round((growth.at - run.began_ms) / 1000, 3), "from": growth.before, "to": growth.after}


def risen(rise: Rise, run: Run) -> dict[str, object]:
    """A wait that grew and nobody was told why; seconds of the storm."""
    since, at = (round((instant - run.began_ms) / 1000, 3) for instant in (rise.since, rise.at))
    return {"since": since, "at": at, "from_s": rise.before_s, "to_s": rise.after_s}


def is_renumbered(diary: Diary, findings: Findings) -> bool:
    """Whether who still waits at the end does so by another number than the slip's."""
    return diary.number is not None and findings.in_line.get(diary.visitor, diary.number) != diary.number


def is_reordered(growth: Growth, findings: Findings) -> bool:
    """Whether a lost epoch came between the two places: those ahead were still coming back."""
    ahead = findings.clock_ahead_ms
    return findings.was_lost(growth.since + ahead, growth.at + ahead)


def is_thrown_out(diary: Diary, findings: Findings) -> bool:
    """Whether a stay ended that had neither expired nor was being given up."""
    if diary.entered_at is None:
        return False
    ahead, leaving_at = findings.clock_ahead_ms, diary.leaving_at or math.inf
    if diary.shown_out_at is not None:
        return True
    departure = findings.departures.get(diary.visitor)
    if departure is None or departure.by_ms - ahead >= leaving_at:
        return False
    # Where Redis lost everything, who never asked for a page again need not have come back; who did was told.
    return not findings.was_lost(departure.after_ms, departure.by_ms)


def contradictions(diaries: Sequence[Diary], findings: Findings, sales: Sales) -> Counter[str]:
    """What only Redis, the database and the diaries together can show to be wrong."""
    numbers = [diary.number for diary in diaries if diary.number is not None]
    return +Counter(
        {
            "a queue number drawn twice": len(numbers) - len(set(numbers)),
            "paid for, and no paid order": sales.missing,
            "left, and still inside": sum(
                diary.left_at is not None
                and diary.left_at + findings.clock_ahead_ms + FAREWELL_MS < findings.last_at_ms
                and diary.visitor in findings.inside
                for diary in diaries
            ),
        }
    )


def is_lost(diary: Diary, findings: Findings, run: Run) -> bool:
    """Whether a visitor who drew a number, and was there all the time, is nowhere."""
    if diary.number is None or diary.vanished_at is not None or diary.entered_at is not None or diary.turned_away:
        return False
    on_the_way_in = bool(run.cut_short) and diary.visitor in findings.inside
    return diary.visitor not in findings.in_line and not on_the_way_in
