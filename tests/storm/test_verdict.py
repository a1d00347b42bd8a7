"""The report, from what visitors lived through and what the witness saw."""

import json
from collections import Counter

import pytest

from tiketi.storm.diary import MOST_ESTIMATES, Diary, Growth
from tiketi.storm.findings import Departure, Findings, Loss
from tiketi.storm.liveness import Liveness
from tiketi.storm.report import Report, Spread
from tiketi.storm.run import Run, Sales
from tiketi.storm.sample import Counts, Sample
from tiketi.storm.scene import Tally
from tiketi.storm.verdict import judge

RUN = Run(began_ms=0, ended_ms=20_000, late_ms=[0.0], cpu_seconds=1.0)
# What tools outside the project rely on, in this order.
CONTRACT = [
    *("visitors", "joined", "admitted", "gone", "errors", "peak_active", "threshold", "inversions", "changed_numbers"),
    *("lost", "wasted_places", "join_ms", "enter_ms", "estimate_error_median", "orders", "oversold", "broken"),
]
UNSOLD = Sales()


def waited(visitor: str = "a", number: int = 1, **changes: object) -> Diary:
    """A visitor who came, drew a number, was called in after ten seconds, and left."""
    story: dict[str, object] = {
        "arrived_at": 0.0,
        "visitor": visitor,
        "number": number,
        "joined_at": 100.0,
        "reachable_at": 200.0,
        "called_at": 10_050.0,
        "entered_at": 10_100.0,
        "left_at": 12_000.0,
    }
    return Diary(**story | changes)  # type: ignore[arg-type]  # whatever fields a test sets


def seen(drew: int = 1, inside: tuple[str, ...] = (), **changes: object) -> Findings:
    """What the witness saw: "a" admitted at second ten, everybody counted."""
    found = Findings(admissions={"a": (10_000, 10_000)})
    for at_ms, joined in ((0.0, 0), (20_000.0, drew)):
        counts = Counts(joined=joined, waiting=0, admitted=joined, gone=0)
        active = dict.fromkeys(inside, 1e15) if at_ms else {}
        found.add(Sample(at_ms, 0, 1, 10, 60_000, 600_000, 0, counts, active))
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def judged(
    *diaries: Diary,
    findings: Findings | None = None,
    liveness: Liveness | None = None,
    run: Run = RUN,
    sales: Sales = UNSOLD,
) -> Report:
    """The report of these stories."""
    return judge(diaries, Tally(), findings or seen(len(diaries)), liveness or Liveness(), run, sales)


def test_a_good_run_breaks_nothing():
    report = judged(waited())

    assert report.broken == ()
    assert (report.visitors, report.joined, report.admitted, report.entered) == (1, 1, 1, 1)
    assert report.join_ms == Spread(100.0, 100.0)
    assert report.enter_ms == Spread(50.0, 50.0)
    assert report.wait_ms == Spread(9_950.0, 9_950.0)


def test_the_json_is_the_contracts_object():
    report = json.loads(json.dumps(judged(waited()).as_json()))

    assert list(report)[: len(CONTRACT)] == CONTRACT
    assert set(report["join_ms"]) == set(report["enter_ms"]) == {"p50", "p99"}
    assert report["broken"] == []


def test_the_call_is_timed_from_the_reconnection_where_that_came_later():
    assert judged(waited(reachable_at=10_040.0)).enter_ms.p99 == 10


def test_the_call_is_timed_on_the_rooms_clock():
    findings = seen(clock_ahead_ms=-20.0)

    assert judged(waited(), findings=findings).enter_ms.p99 == 30


def test_estimates_are_judged_by_what_came_true_but_not_the_last_seconds():
    diary = waited(estimates=[(50.0, 15.0), (5_050.0, 5.0), (9_000.0, 30.0)])

    report = judged(diary)
    assert report.estimate_error_median == 0.25  # 15 s said of 10 s, 5 s said of 5 s
    assert (report.estimate_error_p90, report.estimate_bias) == (0.5, 0.25)


def test_the_whole_wait_is_kept_however_long():
    diary = waited(estimates=[])
    for second in range(0, 3600, 1):
        diary.told(second * 1000.0, 3600.0 - second)

    instants = [told_at for told_at, _ in diary.estimates]
    assert len(instants) <= MOST_ESTIMATES
    assert instants[0] == 5_000
    assert instants[-1] > 3_300_000


def test_a_wait_that_grows_without_a_cause_is_reported():
    diary = waited(estimates=[])
    for second, (wait, cause) in enumerate([(100, ""), (150, "stay"), (149, ""), (300, "pause"), (180, "")]):
        diary.told(second * 10_000.0, wait, cause)
    assert judged(diary).estimate_rise_without_cause == 0
    assert (30_000.0, 300) not in diary.estimates  # nobody is shown an estimate of a paused line

    diary.told(100_000.0, 160)
    diary.told(110_000.0, 202)
    assert judged(diary).estimate_rise_without_cause == 0.25
    assert [(rise["from_s"], rise["to_s"]) for rise in judged(diary).rises] == [(160, 202)]


@pytest.mark.parametrize(
    ("findings", "broken"),
    [
        (seen(overfull=1), "capacity"),
        (seen(unbalanced=1), "conservation"),
        (seen(drew=0), "conservation"),
        (seen(inside=("a",)), "errors"),
    ],
)
def test_what_the_witness_saw_names_the_invariant(findings: Findings, broken: str):
    assert judged(waited(), findings=findings).broken == (broken,)


def test_a_changed_number_breaks_one_place():
    diary = waited()
    diary.shown("a", 2)

    assert judged(diary).broken == ("one_place",)
    assert judged(diary).changed_numbers == 1


def test_a_number_drawn_by_two_is_an_error():
    report = judged(waited(), waited("b"))

    assert report.errors_by_kind == {"a queue number drawn twice": 1}


def test_an_error_of_any_visitor_breaks_the_run():
    report = judge([waited()], Tally(errors=Counter({"page: answered 500": 2})), seen(), Liveness(), RUN, Sales())

    assert report.broken == ("errors",)
    assert report.errors == 2


def nowhere(**changes: object) -> Diary:
    return waited("b", 2, called_at=None, entered_at=None, left_at=None, **changes)


def test_who_is_neither_inside_nor_in_line_is_lost():
    assert judged(nowhere()).lost == 1
    assert "lost" in judged(nowhere()).broken


@pytest.mark.parametrize(
    ("diary", "findings", "run"),
    [
        (nowhere(), seen(in_line={"b": 2}), RUN),
        (nowhere(vanished_at=5_000.0), seen(), RUN),
        (nowhere(turned_away=True), seen(), RUN),
        (nowhere(), seen(inside=("b",)), Run(0, 20_000, [], 0, cut_short="interrupt")),
    ],
)
def test_who_waits_vanished_was_turned_away_or_is_just_entering_is_not_lost(diary: Diary, findings: Findings, run: Run):
    assert judged(diary, findings=findings, run=run).lost == 0


def test_a_place_given_to_who_had_vanished_is_wasted():
    assert judged(waited(vanished_at=5_000.0, called_at=None, entered_at=None)).wasted_places == 1


def test_running_out_of_patience_is_the_lines_fault_and_out_of_time_the_operators():
    cut = Run(0, 20_000, [], 0, cut_short="timeout")
    waiting = seen(in_line={"b": 2})

    assert judged(nowhere(), findings=waiting, run=cut).broken == ("liveness",)
    hurried = Run(0, 20_000, [], 0, cut_short="timeout", was_patient=False)
    assert judged(nowhere(), findings=waiting, run=hurried).broken == ()


def test_patience_with_a_line_that_staff_stopped_is_not_the_lines_fault():
    cut = Run(0, 20_000, [], 0, cut_short="timeout")
    waiting = seen(in_line={"b": 2})
    counts = Counts(joined=1, waiting=0, admitted=1, gone=0)
    waiting.add(Sample(20_050.0, 0, 1, 10, 60_000, 600_000, 0, counts, {}, mode="closed"))

    assert judged(nowhere(), findings=waiting, run=cut).broken == ()


def test_a_stall_breaks_liveness():
    liveness = Liveness()
    liveness.stalls, liveness.longest_ms = 1, 2_345.6

    report = judged(waited(), liveness=liveness)
    assert report.broken == ("liveness",)
    assert (report.stalls, report.longest_stall_ms) == (1, 2_345.6)


def test_a_place_further_back_breaks_positions_but_not_where_redis_lost_the_line_between():
    diary = waited(growths=[Growth(5_000, 6_000, 7, 9)])
    report = judged(diary)

    assert report.broken == ("positions",)
    assert report.grown == [{"at": 6.0, "from": 7, "to": 9}]
    assert judged(diary, findings=seen(losses=[Loss(5_500, 5_900)])).broken == ()
    assert judged(diary, findings=seen(losses=[Loss(6_500, 7_900)])).broken == ("positions",)


def departed(by_ms: float, **changes: object) -> Findings:
    return seen(departures={"a": Departure(by_ms - 50, by_ms)}, **changes)  # type: ignore[arg-type]  # whatever a test sets


def test_who_left_by_their_own_wish_was_not_thrown_out_and_who_did_not_was():
    assert judged(waited(leaving_at=11_900.0), findings=departed(11_950)).broken == ()
    assert judged(waited(leaving_at=11_900.0), findings=departed(11_000)).broken == ("thrown_out",)
    assert judged(waited(left_at=None), findings=departed(11_000)).thrown_out == 1
    assert judged(waited(shown_out_at=11_000.0)).broken == ("thrown_out",)


def test_who_asked_for_nothing_since_redis_lost_the_place_need_not_have_come_back_and_who_did_was_told():
    lost = departed(11_000, losses=[Loss(10_950, 11_500)])

    assert judged(waited(leaving_at=11_900.0), findings=lost).broken == ()
    assert judged(waited(leaving_at=11_900.0, shown_out_at=11_600.0), findings=lost).broken == ("thrown_out",)
    before = departed(11_000, losses=[Loss(11_450, 11_500)])
    assert judged(waited(leaving_at=11_900.0), findings=before).broken == ("thrown_out",)


def test_who_waits_at_the_end_by_another_number_than_the_slips_breaks_one_place():
    assert judged(nowhere(), findings=seen(in_line={"b": 2})).broken == ()
    assert judged(nowhere(), findings=seen(in_line={"b": 3})).broken == ("one_place",)


def test_estimates_are_judged_apart_from_the_tenth_departure_on():
    early = [waited(f"v{i}", i + 2, left_at=6_000.0 + i) for i in range(10)]
    said = [(2_000.0, 16.0), (5_000.0, 10.0)]
    diary = waited(estimates=said, called_at=14_000.0, entered_at=14_100.0, left_at=15_000.0)

    assert judged(diary).settled_error_median is None
    report = judged(diary, *early, findings=seen(11))
    assert report.estimate_error_p90 == round(4 / 12, 3)
    assert report.settled_error_median is None  # all was said before
    diary.estimates.append((7_000.0, 14.0))
    assert judged(diary, *early, findings=seen(11)).settled_error_median == 1.0


def test_a_seat_sold_twice_is_named():
    assert judged(waited(), sales=Sales(orders=5, oversold=1)).broken == ("oversold",)


def test_percentiles_go_by_nearest_rank():
    assert Spread.of(range(1, 101)) == Spread(50, 99)
    assert Spread.of([7.0]) == Spread(7.0, 7.0)
    assert Spread.of([]) == Spread(None, None)
