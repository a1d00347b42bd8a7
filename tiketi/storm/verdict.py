"""From what visitors lived through and what the witness saw to the report: pure arithmetic."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tiketi.storm import measures
from tiketi.storm.diary import Diary, Growth
from tiketi.storm.fairness import Turn, inversions
from tiketi.storm.findings import Findings
from tiketi.storm.liveness import Liveness
from tiketi.storm.report import Report, Spread
from tiketi.storm.scene import Tally

# So long may a farewell take to reach Redis.
FAREWELL_MS = 1_000
MAX_TOLD = 5  # inversions and grown places told in full


@dataclass(frozen=True, slots=True)
class Run:
    """How the storm itself went."""

    began_ms: float
    ended_ms: float
    late_ms: Sequence[float]  # how long after its appointed instant each visitor arrived
    cpu_seconds: float
    cut_short: str = ""
    was_patient: bool = True  # the time limit was the storm's own, generous one


@dataclass(frozen=True, slots=True)
class Sales:
    """What the visitors bought, as the database tells it."""

    orders: int = 0  # paid
    oversold: int = 0  # seats sold more than once
    missing: int = 0  # purchases that were confirmed, and are no paid order


NOTHING_SOLD = Sales()


def judge(
    diaries: Sequence[Diary], tally: Tally, findings: Findings, liveness: Liveness, run: Run, sales: Sales
) -> Report:
    """The report of a storm that is over."""
    errors = tally.errors + _contradictions(diaries, findings, sales)
    overtaken = inversions(measures.turns(diaries, findings))
    changed = sum(diary.numbers_changed + _is_renumbered(diary, findings) for diary in diaries)
    grown = [growth for diary in diaries for growth in diary.growths if not _is_reordered(growth, findings)]
    thrown_out = sum(_is_thrown_out(diary, findings) for diary in diaries)
    lost = sum(_is_lost(diary, findings, run) for diary in diaries)
    counted = findings.counted
    seconds = (run.ended_ms - run.began_ms) / 1000
    came = [diary.joined_at for diary in diaries if diary.joined_at is not None]
    arrivals_s = (max(came) - run.began_ms) / 1000 if came else 0.0
    estimate_errors = sorted(error for diary in diaries for error in measures.estimate_errors(diary))
    off_by = sorted(map(abs, estimate_errors))
    settled_at = measures.tenth_departure_ms(diaries)
    settled = sorted(abs(error) for diary in diaries for error in measures.estimate_errors(diary, settled_at))
    broken = {
        "capacity": findings.overfull,
        "fifo": bool(overtaken),
        "one_place": changed,
        "conservation": findings.unbalanced or not findings.counts_all(_drew(diaries)),
        "liveness": liveness.stalls or (run.cut_short == "timeout" and run.was_patient and findings.lets_in),
        "positions": grown,
        "lost": lost,
        "thrown_out": thrown_out,
        "errors": errors.total(),
        "oversold": sales.oversold,
    }
    return Report(
        visitors=len(diaries),
        joined=counted.joined,
        admitted=counted.admitted,
        gone=counted.gone,
        errors=errors.total(),
        peak_active=findings.peak_active,
        threshold=findings.threshold,
        inversions=len(overtaken),
        changed_numbers=changed,
        lost=lost,
        wasted_places=sum(diary.vanished_at is not None and diary.visitor in findings.admissions for diary in diaries),
        join_ms=Spread.of(diary.joined_at - diary.arrived_at for diary in diaries if diary.joined_at is not None),
        enter_ms=Spread.of(measures.delays(diaries, findings)),
        estimate_error_median=round(median(off_by), 3) if off_by else None,
        orders=sales.orders,
        oversold=sales.oversold,
        broken=tuple(name for name, is_broken in broken.items() if is_broken),
        waiting=sum(diary.number is not None and diary.visitor in findings.in_line for diary in diaries),
        straight_in=sum(diary.went_straight_in for diary in diaries),
        entered=sum(diary.entered_at is not None for diary in diaries),
        vanished=sum(diary.vanished_at is not None for diary in diaries),
        turned_away=sum(diary.turned_away for diary in diaries),
        purchases=dict(tally.purchases),
        inside_ms=Spread.of(
            diary.left_at - diary.entered_at
            for diary in diaries
            if diary.left_at is not None and diary.entered_at is not None
        ),
        refilled=sum(diary.number is not None and diary.visitor in findings.admissions for diary in diaries),
        idle_share=round(findings.idle_share, 4),
        seconds=round(seconds, 1),
        arrivals_per_second=round(len(came) / arrivals_s, 1) if arrivals_s else 0.0,
        overtaken=[_told(turn, other, run) for turn, other in overtaken[:MAX_TOLD]],
        cut_short=run.cut_short,
        errors_by_kind=dict(errors.most_common()),
        retries=dict(tally.retries),
        reconnects={str(code): times for code, times in tally.reconnects.items()},
        samples=findings.samples,
        longest_gap_ms=round(findings.longest_gap_ms, 1),
        late_ms=Spread.of(run.late_ms),
        cpu_seconds=round(run.cpu_seconds, 1),
        estimate_error_p90=round(off_by[math.ceil(0.9 * len(off_by)) - 1], 3) if off_by else None,
        estimate_bias=round(median(estimate_errors), 3) if estimate_errors else None,
        estimate_rise_without_cause=round(max((diary.rise_without_cause for diary in diaries), default=0.0), 3),
        settled_error_median=round(median(settled), 3) if settled else None,
        settled_error_p90=round(settled[math.ceil(0.9 * len(settled)) - 1], 3) if settled else None,
        grown_positions=len(grown),
        grown=[_grown(growth, run) for growth in grown[:MAX_TOLD]],
        thrown_out=thrown_out,
        stalls=liveness.stalls,
        longest_stall_ms=round(max(0.0, liveness.longest_ms), 1),
        cut_off=sum(bool(diary.cut_offs) for diary in diaries),
        began_at=round(run.began_ms / 1000, 3),
        wait_ms=Spread.of(measures.waits(diaries)),
    )


def _told(turn: Turn, other: Turn, run: Run) -> dict[str, object]:
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


def _grown(growth: Growth, run: Run) -> dict[str, object]:
    return {"at": round((growth.at - run.began_ms) / 1000, 3), "from": growth.before, "to": growth.after}


def _is_renumbered(diary: Diary, findings: Findings) -> bool:
    """Whether who still waits at the end does so by another number than the slip's."""
    return diary.number is not None and findings.in_line.get(diary.visitor, diary.number) != diary.number


def _is_reordered(growth: Growth, findings: Findings) -> bool:
    """Whether a lost epoch came between the two places: those ahead were still coming back."""
    ahead = findings.clock_ahead_ms
    return findings.was_lost(growth.since + ahead, growth.at + ahead)


def _is_thrown_out(diary: Diary, findings: Findings) -> bool:
    """Whether a stay ended that had neither expired nor was being given up."""
    if diary.entered_at is None:
        return False
    ahead, leaving_at = findings.clock_ahead_ms, diary.leaving_at or math.inf
    if diary.shown_out_at is not None:
        return True
    departure = findings.departures.get(diary.visitor)
    if departure is None or departure.by_ms - ahead >= leaving_at:
        return False
    # Who leaves while Redis still takes them back need not come back first.
    return not (findings.was_lost(departure.after_ms, departure.by_ms) and findings.was_lost(leaving_at + ahead))


def _drew(diaries: Sequence[Diary]) -> int:
    return sum(diary.number is not None for diary in diaries)


def _contradictions(diaries: Sequence[Diary], findings: Findings, sales: Sales) -> Counter[str]:
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


def _is_lost(diary: Diary, findings: Findings, run: Run) -> bool:
    """Whether a visitor who drew a number, and was there all the time, is nowhere."""
    if diary.number is None or diary.vanished_at is not None or diary.entered_at is not None or diary.turned_away:
        return False
    on_the_way_in = bool(run.cut_short) and diary.visitor in findings.inside
    return diary.visitor not in findings.in_line and not on_the_way_in
