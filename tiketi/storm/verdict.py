"""From what visitors lived through and what the witness saw to the report: pure arithmetic."""

import math
from collections.abc import Sequence
from statistics import median

from tiketi.storm import charges, measures
from tiketi.storm.diary import Diary
from tiketi.storm.fairness import inversions
from tiketi.storm.findings import Findings
from tiketi.storm.liveness import Liveness
from tiketi.storm.opening import OpeningReport
from tiketi.storm.report import Report, Spread
from tiketi.storm.run import Run, Sales
from tiketi.storm.scene import Tally

MAX_TOLD = 5  # inversions and grown places told in full


def judge(
    diaries: Sequence[Diary],
    tally: Tally,
    findings: Findings,
    liveness: Liveness,
    run: Run,
    sales: Sales,
    opening: OpeningReport | None = None,
) -> Report:
    """The report of a storm that is over."""
    errors = tally.errors + charges.contradictions(diaries, findings, sales)
    overtaken = inversions(measures.turns(diaries, findings))
    changed = sum(diary.numbers_changed + charges.is_renumbered(diary, findings) for diary in diaries)
    grown = [growth for diary in diaries for growth in diary.growths if not charges.is_reordered(growth, findings)]
    thrown_out = sum(charges.is_thrown_out(diary, findings) for diary in diaries)
    lost = sum(charges.is_lost(diary, findings, run) for diary in diaries)
    counted = findings.counted
    seconds = (run.ended_ms - run.began_ms) / 1000
    came = [diary.joined_at for diary in diaries if diary.joined_at is not None]
    arrivals_s = (max(came) - run.began_ms) / 1000 if came else 0.0
    estimate_errors = sorted(error for diary in diaries for error in measures.estimate_errors(diary))
    rises = sorted((diary.rise for diary in diaries if diary.rise), key=lambda rise: -rise.share)
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
        broken=tuple(name for name, is_broken in broken.items() if is_broken) + (opening.broken if opening else ()),
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
        answer_ms=Spread.of(run.answers_ms),
        refilled=sum(diary.number is not None and diary.visitor in findings.admissions for diary in diaries),
        idle_share=round(findings.idle_share, 4),
        seconds=round(seconds, 1),
        arrivals_per_second=round(len(came) / arrivals_s, 1) if arrivals_s else 0.0,
        overtaken=[charges.told(turn, other, run) for turn, other in overtaken[:MAX_TOLD]],
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
        estimate_rise_without_cause=round(rises[0].share, 3) if rises else 0.0,
        rises=[charges.risen(rise, run) for rise in rises[:MAX_TOLD]],
        settled_error_median=round(median(settled), 3) if settled else None,
        settled_error_p90=round(settled[math.ceil(0.9 * len(settled)) - 1], 3) if settled else None,
        grown_positions=len(grown),
        grown=[charges.grown(growth, run) for growth in grown[:MAX_TOLD]],
        thrown_out=thrown_out,
        stalls=liveness.stalls,
        longest_stall_ms=round(max(0.0, liveness.longest_ms), 1),
        cut_off=sum(bool(diary.cut_offs) for diary in diaries),
        began_at=round(run.began_ms / 1000, 3),
        wait_ms=Spread.of(measures.waits(diaries)),
        opening=opening.as_json() if opening else None,
    )


def _drew(diaries: Sequence[Diary]) -> int:
    return sum(diary.number is not None for diary in diaries)
