"""Was the opening one for all? What the visitors of a gathering lived through at its instant: pure arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tiketi.storm.diary import Diary
from tiketi.storm.findings import Findings
from tiketi.storm.gathering import Appointment
from tiketi.storm.lots import Lots
from tiketi.storm.report import Spread
from tiketi.storm.run import Run
from tiketi.storm.site import Requests
from tiketi.storm.tau import limit, tau

# Everybody who gathered is in line or inside so soon after the instant ...
MAX_LINING_UP_MS = 3_000
# ... and all but one in a hundred have been told; a page that has no socket asks every few seconds.
MAX_TOLD_MS = 5_000
MAX_BURST = 2.0  # times the gathering's own rate of requests
BURST_MS = 10_000  # after the instant
MAX_ADDRESSES = 5  # told of the busiest second
# Whoever has shown so long before the end of entries has entered.
SHOWN_MS = 3_000


@dataclass(frozen=True, slots=True)
class OpeningReport:
    """What the opening proved; `broken` names what did not hold."""

    gathered: int  # came before the instant
    early: int  # let in before it
    lined_up_ms: float | None  # from the instant until all stood in line or were inside; None: never seen
    missing: int  # of them, neither in line nor inside then
    told_ms: Spread  # from the instant until the page heard of its place
    gathering_peak: int  # requests in the busiest second before the instant
    opening_peak: int  # and after it
    opening_asked: dict[str, int]  # in that second, by address
    entrants: int | None = None  # of a draw, as all that follows
    unentered: int | None = None  # had shown in time, and have no entry
    wrong_numbers: int | None = None  # stood in line by another number than their rank's
    tau: float | None = None  # of arrival and rank
    tau_limit: float | None = None
    verified: str | None = None  # what verify.py found
    receipts: int | None = None
    passed: tuple[str, ...] | None = None  # tampered files that the verifier did not refuse
    broken: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Without what is of a draw where there was none."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def judge_opening(
    appointed: Appointment,
    diaries: Sequence[Diary],
    findings: Findings,
    run: Run,
    requests: Requests,
    lots: Lots | None,
) -> OpeningReport:
    """What is to be said of the instant; the diaries are settled (`settle`) before."""
    ahead, instant = findings.clock_ahead_ms, appointed.opens_ms - findings.clock_ahead_ms  # by our clock
    gathered = [diary for diary in diaries if diary.joined_at is not None and diary.joined_at < instant]
    early = sum(latest < appointed.opens_ms for _, latest in findings.admissions.values())
    lined_up = findings.opened_at_ms - appointed.opens_ms if findings.opened_at_ms else None
    in_line, admitted = findings.line_at_opening, findings.admissions
    missing = [one for one in gathered if one.visitor not in in_line and one.visitor not in admitted]
    told = Spread.of(one.told_at - instant for one in gathered if one.told_at is not None and not one.was_away(instant))
    before = requests.peak(run.began_ms, instant)
    after = requests.peak(instant, instant + BURST_MS)
    broken = {
        "early": early,
        "opening": lined_up is None
        or lined_up > MAX_LINING_UP_MS
        or any(one.left_at is None and one.entered_at is None for one in missing)
        or (told.p99 or 0) > MAX_TOLD_MS,
        "burst": after.total() > MAX_BURST * before.total(),
    }
    report = OpeningReport(
        gathered=len(gathered),
        early=early,
        lined_up_ms=round(lined_up, 1) if lined_up is not None else None,
        missing=len(missing),
        told_ms=told,
        gathering_peak=before.total(),
        opening_peak=after.total(),
        opening_asked=dict(after.most_common(MAX_ADDRESSES)),
        broken=tuple(name for name, is_broken in broken.items() if is_broken),
    )
    if appointed.entries_end_ms is None:
        return report
    if lots is None:  # it was not done, or is not to be had
        return replace(report, broken=(*report.broken, "draw"))
    return _with_lots(report, lots, gathered, in_line, appointed.entries_end_ms - ahead)


def _with_lots(
    report: OpeningReport, lots: Lots, gathered: Sequence[Diary], in_line: Mapping[str, int], ends: float
) -> OpeningReport:
    entrants = sorted((one for one in gathered if one.visitor in lots.ranks), key=lambda one: one.drew or 0)
    shown = [one for one in gathered if one.noticed_at is not None and one.noticed_at < ends - SHOWN_MS]
    unentered = sum(one.visitor not in lots.ranks for one in shown)
    wrong = sum(in_line.get(visitor, number) != number for visitor, number in lots.numbers.items())
    found, most = tau([lots.ranks[one.visitor] for one in entrants]), limit(len(entrants))
    fair = abs(found) <= most and not unentered and not wrong
    checked = lots.verified in ("holds", "untrusted") and not lots.passed
    return replace(
        report,
        entrants=len(lots.ranks),
        unentered=unentered,
        wrong_numbers=wrong,
        tau=round(found, 4),
        tau_limit=round(most, 4),
        verified=lots.verified,
        receipts=lots.receipts,
        passed=lots.passed,
        broken=report.broken if fair and checked else (*report.broken, "draw"),
    )


def settle(diaries: Sequence[Diary], lots: Lots) -> None:
    """From now on each entrant's number is the drawn one; another change than to it still counts as one."""
    for diary in diaries:
        number = lots.numbers.get(diary.visitor)
        if number is not None and diary.number is not None:
            diary.drew, diary.number = diary.number, number
            diary.numbers_changed = sum(one != number for one in diary.later_numbers)
