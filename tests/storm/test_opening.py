"""What an opening must have been for all who gathered: each way to spoil it is found out."""

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from tests.waitingroom.draw.evening import Evening
from tiketi.storm.diary import Diary
from tiketi.storm.findings import Findings
from tiketi.storm.gathering import Appointment
from tiketi.storm.lots import TAMPERED, Files, Lots, read_passed
from tiketi.storm.opening import OpeningReport, judge_opening, settle
from tiketi.storm.run import Run
from tiketi.storm.site import Requests
from tiketi.storm.tau import limit, tau

INSTANT = 100_000.0  # Unix ms; the clocks agree
RUN = Run(began_ms=0, ended_ms=200_000, late_ms=[], cpu_seconds=0)
NAMES = [f"visitor-{i}" for i in range(100)]
ORDER = random.Random(7).sample(NAMES, len(NAMES))


def came() -> list[Diary]:
    """A visitor every half a second, each told half a second after the instant."""
    return [
        Diary(arrived_at=500.0 * i, visitor=name, joined_at=500.0 * i, noticed_at=500.0 * i + 50, number=i + 1)
        for i, name in enumerate(NAMES)
    ]


def requests(per_second: int, at_once: int) -> Requests:
    made = Requests()
    for second in range(50):
        made._made[10 * second]["/events/gala/"] = per_second
    made._made[1005]["/events/gala/"], made._made[1005]["/ws/"] = at_once - 1, 1
    return made


def judged(
    *,
    opened_after_ms: float = 300,
    admissions: dict[str, tuple[float, float]] | None = None,
    told_after_ms: float = 500,
    at_once: int = 40,
    line: Sequence[str] = NAMES,
    lots: Lots | None = None,
) -> OpeningReport:
    diaries = came()
    for diary in diaries:
        diary.told_at = INSTANT + told_after_ms
    numbers = {name: i + 1 for i, name in enumerate(line)}
    if lots is not None:
        settle(diaries, lots)
        numbers = {name: lots.numbers.get(name, 0) for name in line}
    found = Findings(
        opened_at_ms=INSTANT + opened_after_ms, line_at_opening=numbers, admissions=admissions or {}, clock_ahead_ms=0.0
    )
    appointed = Appointment(INSTANT, INSTANT - 10_000 if lots else None)
    return judge_opening(appointed, diaries, found, RUN, requests(20, at_once), lots)


def drawn(order: Sequence[str] = ORDER, verified: str = "holds", passed: tuple[str, ...] = ()) -> Lots:
    ranks = {name: rank for rank, name in enumerate(order, 1)}
    return Lots(ranks, {name: 5_000 + rank for name, rank in ranks.items()}, verified, 50, passed)


def test_a_good_opening_breaks_nothing():
    report = judged()

    assert report.broken == ()
    assert (report.gathered, report.early, report.missing, report.lined_up_ms) == (100, 0, 0, 300)
    assert (report.gathering_peak, report.opening_peak) == (20, 40)
    assert report.opening_asked == {"/events/gala/": 39, "/ws/": 1}
    assert "tau" not in report.as_json()
    assert judged(lots=drawn()).broken == ()


@pytest.mark.parametrize(
    ("spoilt", "broken"),
    [
        ({"admissions": {"visitor-0": (INSTANT - 900, INSTANT - 800)}}, "early"),
        ({"opened_after_ms": 3_001}, "opening"),
        ({"line": NAMES[1:]}, "opening"),
        ({"told_after_ms": 5_001}, "opening"),
        ({"at_once": 41}, "burst"),
        ({"lots": drawn(NAMES)}, "draw"),  # the order of arrival
        ({"lots": drawn(NAMES[::-1])}, "draw"),
        ({"lots": drawn(verified="refused")}, "draw"),
        ({"lots": drawn(verified="unreadable")}, "draw"),
        ({"lots": drawn(passed=("another_seed",))}, "draw"),
        ({"lots": drawn(ORDER[1:])}, "draw"),  # somebody had shown in time, and has no entry
    ],
)
def test_what_is_spoilt_is_named(spoilt: dict[str, object], broken: str):
    assert judged(**spoilt).broken == (broken,)  # type: ignore[arg-type]  # one fact of any type


def test_a_number_that_is_not_the_ranks_is_found_out():
    lots = drawn()
    diaries = came()
    settle(diaries, lots)
    numbers = dict(lots.numbers) | {"visitor-3": lots.numbers["visitor-4"]}
    found = Findings(opened_at_ms=INSTANT, line_at_opening=numbers)

    report = judge_opening(Appointment(INSTANT, INSTANT - 9_000), diaries, found, RUN, requests(20, 1), lots)

    assert (report.wrong_numbers, report.broken) == (1, ("draw",))


def test_a_draw_of_which_nothing_is_published_is_broken():
    found = Findings(opened_at_ms=INSTANT, line_at_opening=dict.fromkeys(NAMES, 1))

    report = judge_opening(Appointment(INSTANT, INSTANT - 9_000), came(), found, RUN, requests(20, 1), None)

    assert report.broken == ("draw",)


def test_the_drawn_number_is_no_changed_number_and_any_other_is():
    lots, (first, second, *_) = drawn(), came()
    for diary, number in ((first, lots.numbers[first.visitor]), (second, 99)):
        diary.shown(diary.visitor, number)

    settle([first, second], lots)

    assert (first.drew, first.number, first.numbers_changed) == (1, lots.numbers[first.visitor], 0)
    assert second.numbers_changed == 1


def test_tau_is_kendalls():
    ranks = random.Random(1).sample(range(60), 60)
    agree = sum(1 if a < b else -1 for a, b in combinations(ranks, 2))

    assert tau(ranks) == pytest.approx(agree / (60 * 59 / 2))
    assert (tau(range(50)), tau(range(50, 0, -1)), tau([1]), tau([])) == (1, -1, 0, 0)
    assert limit(5_000) == limit(10_000) == 0.03
    assert 0.1 < limit(500) < 0.2


def test_every_tampered_file_is_refused_and_one_that_is_not_would_be_named(monkeypatch: pytest.MonkeyPatch):
    evening = Evening()
    files = Files.of(evening.bundle, [evening.receipt(0), evening.receipt(1)])
    assert read_passed(files) == ()

    monkeypatch.setitem(TAMPERED, "nothing_at_all", lambda _bundle, _receipts: "seed-wrong")

    assert read_passed(files) == ("nothing_at_all",)


def test_the_report_tells_all_of_a_draw():
    told = set(judged(lots=drawn()).as_json())

    assert {"entrants", "unentered", "wrong_numbers", "tau", "tau_limit", "verified", "receipts", "passed"} <= told
